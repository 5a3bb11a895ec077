package machine

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/board"
)

// BootCommand is the shell's command that boots this machine again. It names
// the CPUs, the seed and whatever is not the default. A price list is a file of
// the host's, which it cannot name.
func (cfg Config) BootCommand() string {
	cpus, seed := either(cfg.CPUs, 4), either(cfg.Seed, 1)
	words := []string{fmt.Sprintf("boot -cpus %d -seed %d", cpus, seed)}
	option := func(name, value, normal string) {
		if value != normal && value != "" {
			words = append(words, "-"+name+" "+quoted(value))
		}
	}
	option("machine", cfg.Board, board.PC)
	option("nodes", fmt.Sprint(either(cfg.Nodes, 1)), "1")
	option("threads", fmt.Sprint(either(cfg.Threads, 1)), "1")
	option("cpu", features(cfg.X2APIC, cfg.TSCDeadline), "")
	option("kernel", cfg.Kernel, "6.1")
	option("append", cfg.Append, "")
	option("hz", fmt.Sprint(either(cfg.HZ, 250)), "250")
	return strings.Join(append(words, plugged(cfg.Devices)...), " ")
}

// BootCommand is the shell's command that switches this hardware on again.
func (cfg BareConfig) BootCommand() string {
	words := []string{fmt.Sprintf("boot -bare -cpus %d", either(cfg.CPUs, 4))}
	if cfg.MSIX != 0 && cfg.MSIX != 4 {
		words = append(words, fmt.Sprintf("-msix %d", cfg.MSIX))
	}
	if cfg.IOAPIC != 0 && cfg.IOAPIC != 0x20 {
		words = append(words, fmt.Sprintf("-ioapic %#x", cfg.IOAPIC))
	}
	return strings.Join(append(words, plugged(cfg.Devices)...), " ")
}

// features is the value of -cpu.
func features(x2apic, deadline bool) string {
	switch {
	case x2apic && deadline:
		return "x2apic,tsc-deadline"
	case x2apic:
		return "x2apic"
	case deadline:
		return "tsc-deadline"
	}
	return ""
}

// plugged are the flags that plug devices in, in their order: it decides about
// the slots.
func plugged(devices []board.Device) (words []string) {
	for _, d := range devices {
		flag := "device"
		switch d.Kind {
		case "ena":
			flag = "nic"
		case "nvme":
			flag = "blk"
		}
		words = append(words, "-"+flag+" "+quoted(d.Kind+deviceOptions(d)))
	}
	return words
}

// deviceOptions are a device's options, those that somebody chose.
func deviceOptions(d board.Device) (text string) {
	if d.Name != "" {
		text += ",name=" + d.Name
	}
	if d.BDF != 0 {
		text += ",bdf=" + d.BDF.String()
	}
	if d.Vectors != 0 {
		text += fmt.Sprintf(",vectors=%d", d.Vectors)
	}
	if d.Queues != 0 {
		text += fmt.Sprintf(",queues=%d", d.Queues)
	}
	if d.Latency != 0 {
		text += fmt.Sprintf(",latency=%dns", int64(d.Latency))
	}
	if d.Channels != 0 {
		text += fmt.Sprintf(",channels=%d", d.Channels)
	}
	if d.Managed != "" {
		text += ",managed=" + d.Managed
	}
	if d.Pin != 0 {
		text += ",pin=" + string("ABCD"[(d.Pin-1)&3])
	}
	return text
}

// quoted is a word as the shell reads it: in quotes where it must be.
func quoted(word string) string {
	if !strings.ContainsAny(word, " \t\r\n';#|>") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", "''") + "'"
}
