package drivers

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"
)

// The vectors of the module burst.
const (
	burstLow  cpu.Vector = 0x41
	burstHigh cpu.Vector = 0x71
)

// Burst is a module with two devices that have one frame for each message.
func Burst() machine.Module {
	return machine.Module{Name: "burst", Init: startBurst, Exit: stopBurst,
		Files: []machine.File{{Name: "burst", Read: showBurst, Write: runBurst}}}
}

// bursting is what the last scenario did, all on one CPU.
type bursting struct {
	more            int  // frames that come while the first handler runs
	one             bool // the driver takes one frame a run, else all
	sent, frames    int
	runs, forNought int
	order           []string
}

var bursts = percpu.Shared[bursting]("burst")

func startBurst(c *cpu.CPU) error {
	if err := entry.Request(c, burstLow, "burst", burstInterrupt); err != nil {
		return err
	}
	err := entry.Request(c, burstHigh, "burst", burstInterrupt)
	if err != nil {
		entry.Free(c, burstLow)
	}
	return err
}

func stopBurst(c *cpu.CPU) {
	entry.Free(c, burstLow)
	entry.Free(c, burstHigh)
}

// arrive is a frame: the device records it first and sends its message second.
func (b *bursting) arrive(c *cpu.CPU, v cpu.Vector) {
	b.frames++
	b.sent++
	apic.SendSelf(c, v)
}

// burstInterrupt is both devices' handler.
func burstInterrupt(c *cpu.CPU, v cpu.Vector) {
	b := bursts.Of(c)
	b.runs++
	b.order = append(b.order, fmt.Sprintf("%#02x", uint8(v)))
	for range b.more {
		b.arrive(c, v)
	}
	b.more = 0
	work(c)
	switch {
	case b.frames == 0:
		b.forNought++
	case b.one:
		b.frames--
	default:
		b.frames = 0
	}
}

// runBurst takes "SCENARIO N": in-service, one, cli or two.
func runBurst(c *cpu.CPU, text string) error {
	words := strings.Fields(text)
	if len(words) != 2 {
		return errno.EINVAL
	}
	n, err := strconv.Atoi(words[1])
	if err != nil || n < 0 || n > 1000 {
		return errno.EINVAL
	}
	b := bursts.Of(c)
	*b = bursting{one: words[0] == "one"}
	switch words[0] {
	case "in-service", "one":
		b.more = n
		b.arrive(c, burstLow)
	case "cli":
		blind(c, func() { b.several(c, n, burstLow) })
	case "two":
		blind(c, func() { b.several(c, n, burstLow, burstHigh) })
	default:
		return errno.EINVAL
	}
	for range 6 {
		work(c)
	}
	return nil
}

// blind does something with interrupts off.
func blind(c *cpu.CPU, do func()) {
	flags := c.SaveFlags()
	do()
	c.RestoreFlags(flags)
}

// several lets n frames of each device come in turn.
func (b *bursting) several(c *cpu.CPU, n int, devices ...cpu.Vector) {
	for range n {
		for _, v := range devices {
			b.arrive(c, v)
			work(c)
		}
	}
}

func showBurst(c *cpu.CPU) string {
	b := bursts.Of(c)
	return fmt.Sprintf("messages: %d\nruns: %d\nruns for nothing: %d\nframes left: %d\norder: %s\n",
		b.sent, b.runs, b.forNought, b.frames, strings.Join(b.order, " "))
}
