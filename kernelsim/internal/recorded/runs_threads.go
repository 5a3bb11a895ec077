package recorded

// threads is what was done to a card whose interrupts have threads: one frame,
// five, then its interrupt N was moved while frames came on all queues. The flows
// come last: they need the softirqs for themselves.
const threads = `
	threads irq-threads.stat
	compare 00-before
	compare 00-hw
	signal 00:02.0 K
	signal 00:02.0 K
	threadtrace 01-one.trace 00:02.0 K N
	threadtrace 02-five.trace 00:02.0 K N
	threadaffinity 06-thread-affinity MOVED 00:02.0 ALL
	compare 99-after
	flows ` + threadEvents + ` 01-one.flows 02-five.flows 03-burst100.flows
	masks 05-function.masks N
`

func threadRuns() []Run {
	return []Run{
		run("threadirqs/msix-virtio", "boot -cpus 4 -device virtio-net,vectors=10,bdf=00:02.0 -append threadirqs",
			threads, " K", " 3", " N", " 27", "MOVED", "25", "ALL", "1 3 5 7"),
		run("threadirqs/intx-e1000e", "boot -cpus 4 -device e1000e,bdf=00:02.0 -append 'threadirqs pci=nomsi'",
			threads, " K", " 0", " N", " 10", "MOVED", "10", "ALL", "0"),
	}
}
