package irq

import (
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// alone runs something on CPU 0 of a bench while nothing else happens. It
// returns the panic that ended it.
func alone(cfg setting, do func(b *bench, c *cpu.CPU)) (b *bench, failed any) {
	cfg.programs = [2][]op{{func(b *bench, c *cpu.CPU) {
		c.CLI()
		do(b, c)
		c.STI()
	}}}
	b = newShop().bench(cfg)
	eng := b.cpus[0].Engine()
	defer eng.Close()
	_, _ = eng.Run(sim.Forever)
	if f := eng.Failed(); f != nil {
		return b, f.Value
	}
	return b, nil
}

// TestFlowBits: an interrupt that is handled or left clears REPLAY and WAITING,
// and nothing else; one that nobody wants leaves PENDING; one that finds the
// handlers running leaves all as it is, but for an edge.
func TestFlowBits(t *testing.T) {
	const was, other = Replay | Waiting, AutoDetect
	for _, f := range []struct {
		name string
		flow FlowHandler
		chip func(b *bench) Chip
		busy IState
	}{
		{"edge", HandleEdge, newMessageChip, Pending},
		{"fasteoi", HandleFastEOI, newPinChip, was},
		{"level", HandleLevel, newPlainChip, was},
		{"simple", HandleSimple, newPlainChip, was},
	} {
		for _, tt := range []struct {
			name string
			set  State
			want IState
		}{
			{"wanted", 0, 0},
			{"disabled", Disabled, Pending},
			{"busy", InProgress, f.busy},
		} {
			b, failed := alone(setting{flow: f.flow, chip: f.chip}, func(b *bench, c *cpu.CPU) {
				b.d.istate = was | other
				b.d.Set(tt.set)
				Handle(c, b.d)
			})
			if b.d.istate != tt.want|other || failed != nil {
				t.Errorf("%s, %s: istate %#x, want %#x; %v", f.name, tt.name, b.d.istate, tt.want|other, failed)
			}
		}
	}
}

// TestEdgeFreedMeanwhile: an edge that was noted while the handlers ran is not
// served when there is none any more; the line is masked instead.
func TestEdgeFreedMeanwhile(t *testing.T) {
	runs := 0
	b, failed := alone(setting{flow: HandleEdge, chip: newMessageChip}, func(b *bench, c *cpu.CPU) {
		b.d.action.Handler = func(*cpu.CPU, Number, any) Return {
			runs++
			b.d.istate |= Pending
			b.d.action = nil
			return Handled
		}
		Handle(c, b.d)
	})
	if runs != 1 || !b.d.has(Masked) || !b.line.masked || b.d.lock.Locked() || b.d.istate&Pending == 0 || failed != nil {
		t.Errorf("%d runs, state %#x, istate %#x; %v", runs, b.d.State, b.d.istate, failed)
	}
}

// TestEdgeUnmasksForPending: the line is unmasked for an edge that was noted,
// not for one that comes of itself.
func TestEdgeUnmasksForPending(t *testing.T) {
	for _, noted := range []bool{false, true} {
		b, failed := alone(setting{flow: HandleEdge, chip: newMessageChip}, func(b *bench, c *cpu.CPU) {
			b.d.mask(c)
			if noted {
				b.d.istate |= Pending
			}
			Handle(c, b.d)
		})
		if b.line.masked == noted || b.d.has(Masked) == noted || failed != nil {
			t.Errorf("noted %v: masked %v; %v", noted, b.line.masked, failed)
		}
	}
}

// TestEdgePart: a part takes the flow's place, all of it.
func TestEdgePart(t *testing.T) {
	calls := 0
	b, failed := alone(setting{flow: HandleEdge, chip: newMessageChip}, func(b *bench, c *cpu.CPU) {
		b.d.parts.Edge = func(i irqabi.Interrupt) { calls++ }
		Handle(c, b.d)
	})
	if calls != 1 || b.d.total != 0 || failed != nil {
		t.Errorf("the part was called %d times, the flow counted %d; %v", calls, b.d.total, failed)
	}
}

// TestHandlerIsLookedAt: who leaves interrupts on or a preempt_disable behind
// is told so.
func TestHandlerIsLookedAt(t *testing.T) {
	for rule, do := range map[string]func(c *cpu.CPU){
		"IF left on":         func(c *cpu.CPU) { c.STI() },
		"preempt_count leak": func(c *cpu.CPU) { c.GS.Count[0]++ },
	} {
		_, failed := alone(setting{flow: HandleEdge, chip: newMessageChip}, func(b *bench, c *cpu.CPU) {
			b.d.action.Handler = func(c *cpu.CPU, _ Number, _ any) Return { do(c); return Handled }
			Handle(c, b.d)
		})
		if got := ruleOf(failed); got != rule {
			t.Errorf("reported as %q, want %q: %v", got, rule, failed)
		}
	}
}

// TestHandlerIsTraced: the events before and behind a handler say which
// interrupt, which handler, and whether it was its device.
func TestHandlerIsTraced(t *testing.T) {
	for ret, want := range map[Return]uint32{None: 0, Handled: 1, WakeThread | Handled: 1} {
		var got []trace.Record
		_, failed := alone(setting{flow: HandleEdge, chip: newMessageChip}, func(b *bench, c *cpu.CPU) {
			b.d.action.Handler = func(*cpu.CPU, Number, any) Return { return ret }
			b.d.action.nameID = 7
			b.d.settings |= NoDebugging // there is no clock
			Handle(c, b.d)
			for _, r := range c.Ring.From(0) {
				if r.Kind == trace.IRQHandlerEntry || r.Kind == trace.IRQHandlerExit {
					got = append(got, *r)
				}
			}
		})
		if len(got) != 2 || got[0].A != 3 || got[0].B != 7 || got[0].C|got[0].D != 0 ||
			got[1].A != 3 || got[1].B != want || got[1].C|got[1].D != 0 || failed != nil {
			t.Errorf("%v: %+v; %v", ret, got, failed)
		}
	}
}

// TestBadEnds: an interrupt that nobody has set up is counted and ended.
func TestBadEnds(t *testing.T) {
	var ended uint64
	b, failed := alone(setting{flow: HandleBad, chip: newMessageChip}, func(b *bench, c *cpu.CPU) {
		apic.Init(c, apic.Config{CPUs: 2})
		c.Attach(&page{port{b.shop, 0}, &ended}, nil)
		before := c.Profile().Count[cost.APICAccess]
		Handle(c, b.d)
		if after := c.Profile().Count[cost.APICAccess]; after != before+1 {
			t.Errorf("%d accesses to the APIC", after-before)
		}
	})
	if b.d.total != 1 || b.d.Count(0) != 1 || ended != 1 || failed != nil {
		t.Errorf("counted %d, ended %d times; %v", b.d.total, ended, failed)
	}
}

// page is a local APIC of which only the end of interrupt does something.
type page struct {
	cpu.IntController
	ended *uint64
}

func (*page) Claims(addr uint64) (uint32, bool) { return uint32(addr & 0xfff), addr>>12 == 0xfee00 }
func (*page) MMIORead(uint32, int) uint64       { return 0 }
func (p *page) MMIOWrite(off uint32, _ int, _ uint64) {
	if off == 0xb0 {
		*p.ended++
	}
}
func (*page) HasMSR(uint32) bool            { return false }
func (*page) ReadMSR(uint32) (uint64, bool) { return 0, false }
func (*page) WriteMSR(uint32, uint64) bool  { return false }
func (*page) CR8() uint8                    { return 0 }
func (*page) SetCR8(uint8)                  {}

// ruleOf is the rule of a report that ended a run.
func ruleOf(failed any) string {
	if r, ok := failed.(*oops.Report); ok {
		return r.Rule
	}
	return ""
}

// threadedPin wants its end of interrupt late from threads.
type threadedPin struct{ *pinChip }

func (threadedPin) Flags() ChipFlag { return EOIThreaded }

// TestFastEOIWithoutThreads: a line without threads is ended at once whatever
// its chip wants of threads, and is not unmasked if somebody masked it.
func TestFastEOIWithoutThreads(t *testing.T) {
	for _, chip := range []func(b *bench) Chip{newPinChip, func(b *bench) Chip { return threadedPin{&pinChip{b}} }} {
		b, failed := alone(setting{flow: HandleFastEOI, chip: chip}, func(b *bench, c *cpu.CPU) {
			b.d.mask(c)
			b.ctl[0].isr = true
			Handle(c, b.d)
		})
		if b.ctl[0].isr || !b.line.masked || !b.d.has(Masked) || failed != nil {
			t.Errorf("%+v, state %#x; %v", b.ctl, b.d.State, failed)
		}
	}
}
