package recorded

// What was traced of softirqs while frames came: with ksoftirqd's wake-ups, and
// where interrupts had threads, with theirs.
const (
	softirqEvents = "irq:*,sched:sched_wakeup,sched:sched_switch"
	threadEvents  = softirqEvents + ",sched:sched_waking"
)

func softirqRuns() []Run {
	const card = "boot -cpus 2 -device virtio-net,bdf=00:02.0"
	const six = card + " -device virtio-net,bdf=00:03.0 -device virtio-net,bdf=00:04.0 -device virtio-net,bdf=00:05.0" +
		" -device virtio-net,bdf=00:06.0 -device virtio-net,bdf=00:07.0"
	return []Run{
		run("softirq/weight8", card, softirqs, "FILES", "budget1.flows budget300.flows budget8.flows defaults.flows defaults-again1.flows defaults-again2.flows"+
			" defaults-again3.flows defaults-again4.flows defaults-again5.flows"),
		run("softirq/weight64", card, softirqs, "FILES", "budget300.flows budget64.flows usecs8000.flows usecs12000.flows defaults-again1.flows"+
			" defaults-again2.flows defaults-again3.flows"),
		run("softirq/six-nics", six, softirqs, "FILES", "multi-budget300.flows multi-budget64.flows defaults.flows defaults-again1.flows"+
			" defaults-again2.flows defaults-again3.flows"),
	}
}

// softirqs is what was done on two processors: frames came in several ways, all
// their interrupts on one processor, and two keys were pressed.
const softirqs = `
	compare 00-before
	ksoftirqd ksoftirqd.stat
	keys tasklet-keyboard.works
	flows ` + softirqEvents + ` FILES
	flows irq:* tasklet-keyboard.flows
	flows ` + softirqEvents + ` hog.flows
`
