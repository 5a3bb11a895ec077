package machine

import (
	"slices"
	"testing"
)

func TestParseCmdline(t *testing.T) {
	defaults := cmdline{preempt: "voluntary", watchdogThresh: 10}
	with := func(change func(*cmdline)) cmdline {
		k := defaults
		change(&k)
		return k
	}
	for text, want := range map[string]cmdline{
		"":                                     defaults,
		"quiet console=ttyS0 nokaslr":          defaults,
		"percpu_alloc=page":                    with(func(k *cmdline) { k.percpuAlloc = "page" }),
		"percpu_alloc=page percpu_alloc=embed": with(func(k *cmdline) { k.percpuAlloc = "embed" }),
		"percpu_alloc=both":                    with(func(k *cmdline) { k.warnings = []string{"percpu: unknown allocator both specified"} }),
		"percpu_alloc":                         with(func(k *cmdline) { k.warnings = []string{"percpu: unknown allocator  specified"} }),
		"  preempt=full\tquiet ":               with(func(k *cmdline) { k.preempt = "full" }),
		"preempt=none":                         with(func(k *cmdline) { k.preempt = "none" }),
		"preempt=rt":                           with(func(k *cmdline) { k.warnings = []string{"Dynamic Preempt: unsupported mode: rt"} }),
		"watchdog_thresh=5":                    with(func(k *cmdline) { k.watchdogThresh = 5 }),
		"watchdog_thresh=0":                    with(func(k *cmdline) { k.watchdogThresh = 0 }),
		"watchdog_thresh=61":                   defaults,
		"watchdog_thresh=-1":                   defaults,
		"watchdog_thresh=x":                    defaults,
		"trace_event=irq_vectors,irq_matrix":   with(func(k *cmdline) { k.traceEvents = []string{"irq_vectors", "irq_matrix"} }),
		"modprobe.blacklist=nvme,e1000e":       with(func(k *cmdline) { k.blacklist = []string{"nvme", "e1000e"} }),
		"xpercpu_alloc=page preempt=":          with(func(k *cmdline) { k.warnings = []string{"Dynamic Preempt: unsupported mode: "} }),
	} {
		got := parseCmdline(text)
		same := got.percpuAlloc == want.percpuAlloc && got.preempt == want.preempt &&
			got.watchdogThresh == want.watchdogThresh && slices.Equal(got.warnings, want.warnings) &&
			slices.Equal(got.traceEvents, want.traceEvents) && slices.Equal(got.blacklist, want.blacklist)
		if !same {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzCmdline(f *testing.F) {
	f.Add("percpu_alloc=page preempt=full watchdog_thresh=3")
	f.Add("= == watchdog_thresh=99999999999999999999 preempt==")
	f.Fuzz(func(t *testing.T, text string) {
		k := parseCmdline(text)
		if !slices.Contains([]string{"none", "voluntary", "full"}, k.preempt) || k.watchdogThresh < 0 || k.watchdogThresh > 60 ||
			!slices.Contains([]string{"", "embed", "page"}, k.percpuAlloc) {
			t.Errorf("%q: %+v", text, k)
		}
	})
}
