// Package tsc models what calibrating the time stamp counter leaves behind in
// the board (arch/x86/kernel/tsc.c). The frequency itself is the machine's.
package tsc

import "bothhalves/kernelsim/hw/cpu"

// The ports that the calibration uses: system control port B, channel 2's
// count, and the control word of the 8254.
const (
	portB   = 0x61
	channel = 0x42
	control = 0x43
)

// The bits of port B that it changes.
const (
	gate    = 1 << 0
	speaker = 1 << 1
)

// oneShot is the control word: channel 2, both bytes, mode 0, binary.
const oneShot = 0xb0

// EarlyInit models tsc_early_init as far as it is native_calibrate_cpu_early
// and quick_pit_calibrate: channel 2's gate is opened, the speaker is off, and
// the channel counts down once. From then on port 0x61 reads 21 or 31, which
// is what the report of an unknown NMI prints.
//
// Left out are the loop that watches the count for up to 50 ms against the
// TSC, the time that it and the ports take, and the two lines of the log. So
// that the count has run out after the boot nevertheless, as it has on a real
// machine, it begins at 1 and not at 0xffff.
func EarlyInit(c *cpu.CPU) {
	if c.Platform == nil {
		return
	}
	c.Out(portB, 1, c.In(portB, 1)&^speaker|gate)
	c.Out(control, 1, oneShot)
	c.Out(channel, 1, 1)
	c.Out(channel, 1, 0)
}
