package apic

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/sim"
)

// A Timer is the local APIC's timer of one processor as a clock event device
// (apic.c, lapic_clockevent): one-shot, or with a deadline of the TSC. It is
// what package hrtimer calls a ClockEventDevice.
type Timer struct {
	c        *cpu.CPU
	hz       uint64 // lapic_timer_period * HZ: counts a second
	deadline bool
	running  bool
}

// SetupTimer models setup_APIC_timer and lapic_timer_set_oneshot: the timer of
// the processor that calls, stopped. The frequency is known, as where CPUID
// tells it: nothing has to be calibrated.
func SetupTimer(c *cpu.CPU) *Timer {
	cfg := shared.Of(c).cfg
	t := &Timer{c: c, hz: cfg.BusHz / divisor, deadline: cfg.TSCDeadline}
	if t.deadline {
		t.hz = cfg.TSCHz
	}
	t.setupLVTT()
	return t
}

// setupLVTT models __setup_APIC_LVTT for one shot.
func (t *Timer) setupLVTT() {
	t.running = true
	lvtt := uint32(idt.ReleaseOf(t.c).Timer)
	if t.deadline {
		Write(t.c, regLVTT, lvtt|timerDeadline)
		return
	}
	Write(t.c, regLVTT, lvtt)
	Write(t.c, regTDCR, Read(t.c, regTDCR)&^uint32(divideMask)|divide16)
}

// The bounds that clockevents_config_and_register is given, in counts.
const (
	minDelta = 0xf
	maxDelta = 0x7fff_ffff
)

// Program models lapic_next_event, or lapic_next_deadline: the timer is to
// interrupt at a time. What is too far away for the counter comes early, and
// is set again then. Context: on the timer's processor, interrupts off.
func (t *Timer) Program(at sim.Time) {
	if !t.running { // it was stopped: clockevents_switch_state
		t.setupLVTT()
	}
	if t.deadline {
		t.c.Spend(cost.MSRAccess)
		delta := max(counts(at-t.c.Now(), t.hz), minDelta)
		t.c.WRMSR(msrTSCDeadline, t.c.TSC()+delta)
		return
	}
	t.c.Spend(cost.APICAccess)
	delta := min(max(counts(at-t.c.Now(), t.hz), minDelta), maxDelta)
	t.store(regTMICT, uint32(delta))
}

// counts is how often a clock of hz ticks in d, rounded up: never early.
func counts(d sim.Time, hz uint64) uint64 {
	if d <= 0 {
		return 0
	}
	whole, rest := uint64(d)/1e9, uint64(d)%1e9
	return whole*hz + (rest*hz+1e9-1)/1e9
}

// Shutdown models lapic_timer_shutdown: masked, and the count cleared too,
// since some processors count on and interrupt all the same.
func (t *Timer) Shutdown() {
	if !t.running {
		return
	}
	t.running = false
	Write(t.c, regLVTT, Read(t.c, regLVTT)|lvtMasked|uint32(idt.ReleaseOf(t.c).Timer))
	if t.deadline {
		wrmsr(t.c, msrTSCDeadline, 0)
		return
	}
	Write(t.c, regTMICT, 0)
}

// store writes a register whose price has been paid.
func (t *Timer) store(reg, v uint32) {
	if shared.Of(t.c).mode {
		t.c.WRMSR(msrFirst+reg>>4, uint64(v))
		return
	}
	t.c.WritePhys(pageBase+uint64(reg), 4, uint64(v))
}
