package irq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
)

// nmiChip is no chip of a PC.
type nmiChip struct {
	*line
	err error
}

func (ch *nmiChip) Flags() irq.ChipFlag                { return irq.SupportsNMI }
func (ch *nmiChip) NMISetup(*cpu.CPU, *irq.Data) error { ch.note("setup"); return ch.err }
func (ch *nmiChip) NMITeardown(*cpu.CPU, *irq.Data)    { ch.note("teardown") }

// TestNMI: who may not ask, and what becomes of one that is granted.
func TestNMI(t *testing.T) {
	const good = irq.PerCPUFlag | irq.NoAutoEnable
	h := func(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandlePerCPU, 0)
		ch := &nmiChip{line: l}
		for what, tt := range map[string]struct {
			n     irq.Number
			h     irq.Handler
			flags irq.Flags
			set   irq.Setting
			able  bool
			want  string
		}{
			"not connected":   {irq.NotConnected, h, good, 0, true, "ENOTCONN"},
			"shared":          {l.IRQ, h, good | irq.Shared, 0, true, "EINVAL"},
			"cond suspend":    {l.IRQ, h, good | irq.CondSuspend, 0, true, "EINVAL"},
			"polled":          {l.IRQ, h, good | irq.IRQPoll, 0, true, "EINVAL"},
			"not per CPU":     {l.IRQ, h, irq.NoAutoEnable, 0, true, "EINVAL"},
			"enabled at once": {l.IRQ, h, irq.PerCPUFlag, 0, true, "EINVAL"},
			"no handler":      {l.IRQ, nil, good, 0, true, "EINVAL"},
			"nobody's":        {l.IRQ, h, good, irq.NoRequest, true, "EINVAL"},
			"no such":         {9999, h, good, 0, true, "EINVAL"},
			"not able":        {l.IRQ, h, good, 0, false, "EINVAL"},
			"IO-APIC":         {9, h, good, 0, false, "EINVAL"},
		} {
			if l.SetChip(l); tt.able {
				l.SetChip(ch)
			}
			irq.SetSetting(l.Desc, tt.set)
			refused(t, what, irq.RequestNMI(c, tt.n, tt.h, tt.flags, "x", nil), tt.want)
			irq.ClearSetting(l.Desc, tt.set)
		}
		l.SetChip(ch)
		ch.err = errno.EIO
		refused(t, "the chip refuses", irq.RequestNMI(c, l.IRQ, h, good, "x", nil), "EINVAL")
		_, err := irq.FreeNMI(c, l.IRQ)
		refused(t, "no NMI", err, "EINVAL")
		if l.Requested() {
			t.Error("it is requested still")
		}
		ch.err = nil
		if err := irq.RequestNMI(c, l.IRQ, h, good, "x", nil); err != nil || l.take() != "setup setup" {
			t.Error(err)
		}
		refused(t, "another", irq.Request(c, l.IRQ, h, irq.Shared, "y", 1), "EINVAL")
		refused(t, "wake", irq.SetWake(c, l.IRQ, true), "EINVAL")
		_ = irq.Enable(c, l.IRQ)
		if name, err := irq.FreeNMI(c, l.IRQ); err != nil || name != "x" || l.take() != "unmask teardown mask" {
			t.Errorf("%s, %v", name, err)
		}
		if err := irq.Request(c, l.IRQ, h, 0, "y", nil); err != nil {
			t.Errorf("as no NMI: %v", err)
		}
	})
	if said(m, "genirq: Invalid attempt to share NMI for y (irq 24) on irqchip noted.") != 1 || said(m, "NMI 24 is freed while it is enabled") != 1 {
		t.Error("the log says nothing")
	}
}

// TestPerCPUDevID: each processor enables it for itself, and its handler gets
// that processor's data.
func TestPerCPUDevID(t *testing.T) {
	m := inTask(t, "", func(task *sched.Task) {
		c := task.CPU()
		l := newLine(c, irq.HandlePerCPUDevID, 0)
		h := func(_ *cpu.CPU, _ irq.Number, dev any) irq.Return { l.note("%v", dev); return irq.Handled }
		dev := irq.PerCPUDev{"data of 0", "data of 1"}
		refused(t, "a plain one", irq.RequestPerCPU(c, l.IRQ, h, 0, "x", dev), "EINVAL")
		if err := irq.SetPerCPUDevID(c, l.IRQ); err != nil {
			t.Error(err)
		}
		refused(t, "twice", irq.SetPerCPUDevID(c, l.IRQ), "EINVAL")
		refused(t, "request_irq", irq.Request(c, l.IRQ, h, 0, "x", l), "EINVAL")
		refused(t, "disable_irq", irq.DisableNoSync(c, l.IRQ), "EINVAL")
		refused(t, "flags", irq.RequestPerCPU(c, l.IRQ, h, irq.Shared, "x", dev), "EINVAL")
		refused(t, "no data", irq.RequestPerCPU(c, l.IRQ, h, 0, "x", nil), "EINVAL")
		l.comes(c) // nobody's
		if err := irq.RequestPerCPU(c, l.IRQ, h, irq.Timer, "x", dev); err != nil || l.take() != "ack eoi" {
			t.Error(err)
		}
		_ = irq.EnablePerCPU(c, l.IRQ, 0)
		l.comes(c)
		if got := l.take(); got != "unmask ack data of 0 eoi" || l.Count(0) != 2 {
			t.Errorf("%q", got)
		}
		_, err := irq.FreePerCPU(c, l.IRQ, dev)
		refused(t, "enabled still", err, "EINVAL")
		_, err = irq.FreePerCPU(c, l.IRQ, irq.PerCPUDev{1, 2})
		refused(t, "another's", err, "EINVAL")
		_ = irq.DisablePerCPU(c, l.IRQ)
		if name, err := irq.FreePerCPU(c, l.IRQ, dev); err != nil || name != "x" || l.take() != "mask" {
			t.Errorf("%s, %v", name, err)
		}
		_ = irq.EnablePerCPU(c, l.IRQ, 0)
		l.comes(c)
		if got := l.take(); got != "unmask ack mask eoi" {
			t.Errorf("nobody's and enabled: %q", got)
		}
		preempt.Add(c, preempt.HardIRQOffset)
		_, err = irq.FreePerCPU(c, l.IRQ, dev)
		preempt.Sub(c, preempt.HardIRQOffset)
		refused(t, "free", err, "EINVAL")
	})
	for text, n := range map[string]int{"Spurious percpu IRQ24 on CPU0": 1, "Spurious and unmasked": 0, "percpu IRQ 24 still enabled on CPU0!": 1,
		"Trying to free already-free IRQ 24": 2, "Trying to free IRQ 24 from IRQ context!": 1} {
		if got := said(m, text); got != n {
			t.Errorf("%q is said %d times, want %d", text, got, n)
		}
	}
}
