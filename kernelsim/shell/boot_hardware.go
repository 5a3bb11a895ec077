package shell

import (
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/machine"
)

// bareConfig reads the flags of boot -bare. -seed is one of them although no
// seed changes anything: no CPU charges time here, and scripts that run under
// many seeds need not care.
func (c *Call) bareConfig() (cfg machine.BareConfig, err error) {
	for _, f := range c.Verb.Flags {
		if c.Has(f.Name) && !slices.Contains([]string{"bare", "cpus", "msix", "ioapic", "device", "seed"}, f.Name) {
			return cfg, c.Misuse("-%s: the bare machine has no kernel, and hardware that is fixed: leave out -bare or -%s", f.Name, f.Name)
		}
	}
	if _, err := c.seed(); err != nil {
		return cfg, err
	}
	if cfg.CPUs, err = c.FlagInt("cpus", 4, 1, machine.MaxBareCPUs); err != nil {
		return cfg, err
	}
	if cfg.MSIX, err = c.FlagInt("msix", 4, 1, 2048); err != nil {
		return cfg, err
	}
	version, err := c.FlagInt("ioapic", 0x20, 0, 0xff)
	if err != nil {
		return cfg, err
	}
	if version != 0x11 && version != 0x20 {
		return cfg, c.Misuse("-ioapic: %s: the versions are 0x11 and 0x20", c.Flag("ioapic", ""))
	}
	cfg.IOAPIC = uint8(version)
	cfg.Devices, err = c.devices()
	cfg.Interrupted, cfg.Replay = c.Session.host.Interrupted, Quote(c.words)
	return cfg, err
}

// bootHardware reads the flags that say what the kernel finds.
func (c *Call) bootHardware(cfg *machine.Config) (err error) {
	cfg.Board = c.Flag("machine", board.PC)
	if cfg.Board != board.PC && cfg.Board != board.Q35 {
		return c.Misuse("-machine: %s: the boards are %s and %s", cfg.Board, board.PC, board.Q35)
	}
	for feature := range strings.SplitSeq(c.Flag("cpu", ""), ",") {
		switch feature {
		case "":
			if c.Has("cpu") {
				return c.Misuse("-cpu: %s: a feature's name is empty", c.Flag("cpu", ""))
			}
		case "x2apic":
			cfg.X2APIC = true
		case "tsc-deadline":
			cfg.TSCDeadline = true
		default:
			return c.Misuse("-cpu: %s: not one of x2apic, tsc-deadline%s", feature, didYouMean(feature, []string{"x2apic", "tsc-deadline"}))
		}
	}
	cfg.Devices, err = c.devices()
	return err
}

// A pluggable is a flag that plugs something in: what it takes.
type pluggable struct {
	flag           string
	kinds, options []string
}

func pluggables() []pluggable {
	return []pluggable{
		{"nic", []string{"none", "ena"}, []string{"queues", "name", "bdf"}},
		{"blk", []string{"nvme"}, []string{"queues", "managed", "bdf", "latency", "channels"}},
		{"device", []string{"virtio-net", "e1000e", "vmxnet3", "legacy", "edu", "pattern", "metronome", "msix"},
			[]string{"name", "bdf", "vectors", "managed", "pin"}},
	}
}

// devices lists what -nic, -blk and -device plug in, in the order in which
// they were typed: it decides about the slots.
func (c *Call) devices() ([]board.Device, error) {
	var list []board.Device
	seen := map[string]int{}
	for _, word := range c.words {
		i := slices.IndexFunc(pluggables(), func(p pluggable) bool { return word == "-"+p.flag })
		if i < 0 {
			continue
		}
		p := pluggables()[i]
		if seen[p.flag] == len(c.flags[p.flag]) {
			continue
		}
		text := c.flags[p.flag][seen[p.flag]]
		seen[p.flag]++
		d, err := c.device(p.flag, text, p.kinds, p.options)
		if err != nil {
			return nil, err
		}
		if d.Kind != "none" {
			list = append(list, d)
		}
	}
	return list, nil
}

// device reads KIND[,OPTION=VALUE]….
func (c *Call) device(flag, text string, kinds, options []string) (d board.Device, err error) {
	kind, rest, more := strings.Cut(text, ",")
	if !slices.Contains(kinds, kind) {
		return d, c.Misuse("-%s: %s: not one of %s%s", flag, kind, strings.Join(kinds, ", "), didYouMean(kind, kinds))
	}
	d.Kind = kind
	for more {
		var option string
		option, rest, more = strings.Cut(rest, ",")
		name, value, _ := strings.Cut(option, "=")
		if kind == "none" || !slices.Contains(options, name) {
			return d, c.Misuse("-%s: %s: %s: no such option; there are %s%s", flag, kind, option, strings.Join(options, "=, ")+"=", didYouMean(name, options))
		}
		if err := c.deviceOption(&d, fmt.Sprintf("-%s: %s: %s", flag, kind, name), name, value); err != nil {
			return d, err
		}
	}
	return d, nil
}

// deviceOption sets one option of a device; what names it in messages.
func (c *Call) deviceOption(d *board.Device, what, name, value string) (err error) {
	switch name {
	case "name":
		if value == "" || len(value) > 15 {
			return c.Misuse("%s: %s: a name has 1 to 15 characters", what, value)
		}
		d.Name = value
	case "bdf":
		if d.BDF, err = pcie.ParseBDF(value); err != nil || d.BDF == 0 || d.BDF > 0xff {
			return c.Misuse("%s: %s: not a function of bus 0 such as 00:06.0", what, value)
		}
	case "vectors":
		d.Vectors, err = c.number(what, value, 1, 2048)
	case "queues":
		d.Queues, err = c.number(what, value, 1, 128)
	case "latency":
		d.Latency, err = c.duration(value)
	case "channels":
		d.Channels, err = c.number(what, value, 1, 1024)
	case "pin":
		pin := strings.Index("ABCD", strings.ToUpper(value))
		if len(value) != 1 || pin < 0 {
			return c.Misuse("%s: %s: the pins are A, B, C and D", what, value)
		}
		d.Pin = uint8(pin + 1)
	case "managed":
		if value != "on" && value != "off" {
			return c.Misuse("%s: %s: on or off", what, value)
		}
		d.Managed = value
	}
	return err
}
