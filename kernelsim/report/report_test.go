package report

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/oops"
)

const interrupted = `goroutine 7 [running]:
bothhalves/kernelsim/sim.(*Engine).Fail(0x1)
	/src/kernelsim/sim/engine.go:1 +0x1
panic({0x1, 0x2})
	/go/src/runtime/panic.go:1 +0x1
runtime.goPanicIndex(0x1, 0x2)
	/go/src/runtime/panic.go:115 +0x1
%HANDLER%bothhalves/kernelsim/kernel/entry.moduleVector(0x1, 0x40)
	/src/kernelsim/kernel/entry/entry.go:140 +0x1
bothhalves/kernelsim/hw/cpu.(*CPU).tryGate(0x1)
	/src/kernelsim/hw/cpu/cpu.go:160 +0x1
bothhalves/kernelsim/hw/cpu.(*CPU).Spend(0x1, 0x2)
	/src/kernelsim/hw/cpu/cpu.go:110 +0x1
bothhalves/labs/percpu.turn(0x1)
	/src/labs/percpu/turn.go:9 +0x1
bothhalves/kernelsim/kernel/sched.(*Task).run(0x1)
	/src/kernelsim/kernel/sched/kthread.go:70 +0x1
bothhalves/kernelsim/sim.(*Coroutine).run(0x1)
	/src/kernelsim/sim/coroutine.go:44 +0x1
`

func TestCallTrace(t *testing.T) {
	const handler = "bothhalves/labs/percpu.handle(0x1)\n\t/src/labs/percpu/turn.go:20 +0x1\n"
	for _, x := range []struct {
		name, handler string
		deep          bool
		culprit       string
	}{
		{"a handler did it", handler, false, "percpu.handle"},
		{"the kernel found it after the handler", "", false, ""},
		{"a watchdog looks below itself", "", true, "percpu.turn"},
	} {
		got := CallTrace(strings.Replace(interrupted, "%HANDLER%", x.handler, 1), x.deep)
		text := strings.Join(got, "\n")
		for _, bad := range []string{"sim.", "runtime", "cpu.(*CPU)"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: shows %s:\n%s", x.name, bad, text)
			}
		}
		irq, task, found := strings.Cut(text, " </IRQ>")
		if !found || !strings.Contains(irq, "entry.moduleVector") || !strings.Contains(task, "sched.(*Task).run") {
			t.Errorf("%s: not divided into interrupt and task:\n%s", x.name, text)
		}
		if _, marked, _ := strings.Cut(text, culprit); !strings.HasPrefix(marked, x.culprit) || (marked != "") != (x.culprit != "") {
			t.Errorf("%s: marks %q, want %q", x.name, marked, x.culprit)
		}
	}
	if got := CallTrace("", false); got != nil {
		t.Errorf("no stack: %q", got)
	}
}

func TestText(t *testing.T) {
	full := Text(&oops.Report{Rule: "rule", Title: "BUG: it", Lines: []string{"more"}, Why: "because", Time: 1_000_000_002,
		CPU: 3, Task: "a/b/7", Context: []string{"hard interrupt", "task a/b/7"}, Locks: []string{"#0: x", "#1: y"},
		Trace: []string{"line"}, Stack: "Call Trace:\n <TASK>", Seed: 5, Step: 6, Replay: "boot"})
	want := `BUG: it
more
CPU: 3 PID: 7 Comm: a/b Not tainted 6.1.0-56-amd64 #1  Debian 6.1.192-2
Call Trace:
 <TASK>

why:    because
rule:   rule
where:  CPU 3: task a/b/7 <- hard interrupt
when:   1.000000002 s, event 6, seed 5
locks:  #0: x
        #1: y
again:  boot

The last events of CPU 3:
line
`
	if full != want {
		t.Errorf("got\n%s\nwant\n%s", full, want)
	}
	if bare := Text(&oops.Report{Title: "BUG"}); strings.Contains(bare, "why:") || strings.Contains(bare, "again:") || strings.Contains(bare, "last events") {
		t.Errorf("empty fields are printed:\n%s", bare)
	}
}
