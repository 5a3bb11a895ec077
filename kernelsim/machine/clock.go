package machine

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/sim"
)

// initTimers models tick_init, init_timers and hrtimers_init.
func (m *Machine) initTimers(c *cpu.CPU) {
	tick.Init(c, tick.Config{WatchdogThresh: sim.Time(m.params.watchdogThresh) * sim.Second})
	timer.Init(c)
	hrtimer.InitTimers(c, hrtimer.Config{Kick: func(c *cpu.CPU, n int) { apic.CallOn(c, n, hrtimer.Retrigger, false) }})
}

// startClock gives the processor that calls its clock event device and its
// watchdogs.
func (m *Machine) startClock(c *cpu.CPU) {
	tick.StartClock(c, apic.SetupTimer(c))
	tick.StartWatchdog(c, cpu.NewNMICounter(m.eng, c))
}
