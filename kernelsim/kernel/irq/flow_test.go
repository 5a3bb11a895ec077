package irq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
)

// TestInProgress: who finds the handlers running leaves, and tells the chip
// what its flow tells it. An edge is remembered and handled then, and counted
// once; a level is forgotten, because it comes again.
func TestInProgress(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flow  irq.FlowHandler
		chip  irq.ChipFlag
		want  string
		total uint64
	}{
		{"edge", irq.HandleEdge, 0, "ack h mask ack unmask h", 1},
		{"fasteoi", irq.HandleFastEOI, 0, "h eoi eoi", 1},
		{"fasteoi, EOI if handled", irq.HandleFastEOI, irq.EOIIfHandled, "h eoi", 1},
		{"level", irq.HandleLevel, 0, "mask ack h ack unmask", 1},
		{"simple", irq.HandleSimple, 0, "h", 1},
	} {
		inTask(t, "", func(task *sched.Task) {
			l := newLine(task.CPU(), tt.flow, tt.chip)
			again := true
			_ = irq.Request(task.CPU(), l.IRQ, func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
				l.note("h")
				if again {
					again = false
					irq.Handle(c, l.Desc)
				}
				return irq.Handled
			}, 0, "x", l)
			l.take()
			l.comes(task.CPU())
			if got := l.take(); got != tt.want || l.Total() != tt.total || l.Count(0) != tt.total {
				t.Errorf("%s: %q, counted %d, want %q", tt.name, got, l.Total(), tt.want)
			}
			l.comes(task.CPU())
			if l.Total() != tt.total+1 {
				t.Errorf("%s: it is in progress for ever", tt.name)
			}
		})
	}
}

// TestDisabledByHandler: a handler that disables its own interrupt is not
// called for what came meanwhile.
func TestDisabledByHandler(t *testing.T) {
	for name, tt := range map[string]struct {
		flow irq.FlowHandler
		want string
	}{
		"edge": {irq.HandleEdge, "ack h mask ack"}, "level": {irq.HandleLevel, "mask ack h ack"}, "fasteoi": {irq.HandleFastEOI, "h mask eoi eoi"},
	} {
		inTask(t, "", func(task *sched.Task) {
			l := newLine(task.CPU(), tt.flow, 0)
			_ = irq.Request(task.CPU(), l.IRQ, func(c *cpu.CPU, n irq.Number, _ any) irq.Return {
				l.note("h")
				_ = irq.DisableNoSync(c, n)
				if name != "fasteoi" {
					irq.Handle(c, l.Desc)
				}
				return irq.Handled
			}, 0, "x", l)
			l.take()
			l.comes(task.CPU())
			if name == "fasteoi" {
				l.note("then")
				l.comes(task.CPU())
				tt.want = "h eoi then mask eoi"
			}
			if got := l.take(); got != tt.want {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		})
	}
}

// TestNobody: an interrupt without a handler is masked and remembered, or
// refused where it has no flow at all.
func TestNobody(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		for _, tt := range []struct {
			flow irq.FlowHandler
			want string
		}{{irq.HandleEdge, "ack"}, {irq.HandleFastEOI, "eoi"}, {irq.HandleLevel, "ack"}, {irq.HandleSimple, ""}, {irq.HandlePerCPU, "ack eoi"}} {
			l := newLine(task.CPU(), tt.flow, 0)
			l.comes(task.CPU()) // new ones count as masked
			if got := l.take(); got != tt.want || l.Total() != 0 {
				t.Errorf("%q, want %q; handled %d times", got, tt.want, l.Total())
			}
		}
		n, _ := irq.AllocDescs(task.CPU(), -1, 1, 0, nil)
		bad := &line{Desc: irq.ToDesc(task.CPU(), n)}
		bad.comes(task.CPU())
		if bad.Total() != 1 || n != 29 {
			t.Errorf("irq %d counted %d", n, bad.Total())
		}
	})
	if said(m, "unexpected IRQ trap at vector 1d") != 1 {
		t.Error("the log says nothing")
	}
}

// TestPerCPUFlow: each processor counts for itself, and nobody is locked out.
func TestPerCPUFlow(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		l := newLine(task.CPU(), irq.HandlePerCPU, 0)
		depth := 0
		_ = irq.Request(task.CPU(), l.IRQ, func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
			if depth++; depth < 3 {
				irq.Handle(c, l.Desc)
			}
			return irq.Handled
		}, irq.PerCPUFlag, "x", l)
		l.take()
		l.comes(task.CPU())
		if got := l.take(); got != "ack ack ack eoi eoi eoi" || l.Count(0) != 3 || l.Total() != 0 {
			t.Errorf("%q, %d, %d in all", got, l.Count(0), l.Total())
		}
		if l.State&irq.PerCPU == 0 || l.CanSetAffinity() {
			t.Error("it can be moved")
		}
	})
}
