package shell

import (
	"strings"

	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
)

// A PCIFunction is a function as tools find it: in configuration space and in
// sysfs.
type PCIFunction = machine.PCIFunction

// sign is how a flag of a register is shown: its name with + or -.
func sign(v uint32, bit int) string {
	if v>>bit&1 != 0 {
		return "+"
	}
	return "-"
}

// A flagName is a bit of a register and its name.
type flagName struct {
	name string
	bit  int
}

// signs shows several flags of a register.
func signs(v uint32, flags ...flagName) string {
	var words []string
	for _, f := range flags {
		words = append(words, f.name+sign(v, f.bit))
	}
	return strings.Join(words, " ")
}

// details is everything below the first line.
func (l *lister) details() {
	subVendor, subDevice := l.word(pcireg.SubVendorID), l.word(pcireg.SubDeviceID)
	if subVendor != 0 && subVendor != 0xffff {
		l.printf("\tSubsystem: %s\n", l.subsystem(subVendor, subDevice))
	}
	if l.f.Slot != "" {
		l.printf("\tPhysical Slot: %s\n", l.f.Slot)
	}
	if l.o.verbose > 1 {
		l.control()
	} else {
		l.flags()
	}
	l.bases()
	l.capabilities()
	if l.f.Driver != "" {
		l.printf("\tKernel driver in use: %s\n", l.f.Driver)
	}
	if mods := kernelModules(l.word(0), l.word(2)); mods != "" {
		l.printf("\tKernel modules: %s\n", mods)
	}
}

// subsystem names who has built a chip in.
func (l *lister) subsystem(vendor, device uint32) string {
	name := subsystemName(l.word(0), l.word(2), vendor, device)
	if l.o.numbers {
		name += brackets(vendor, device)
	}
	return name
}

// control is the command and status registers bit by bit, and the interrupt.
func (l *lister) control() {
	command, status := l.word(pcireg.CommandReg), l.word(pcireg.StatusReg)
	l.printf("\tControl: %s\n", signs(command, flagName{"I/O", 0}, flagName{"Mem", 1}, flagName{"BusMaster", 2},
		flagName{"SpecCycle", 3}, flagName{"MemWINV", 4}, flagName{"VGASnoop", 5}, flagName{"ParErr", 6},
		flagName{"Stepping", 7}, flagName{"SERR", 8}, flagName{"FastB2B", 9}, flagName{"DisINTx", 10}))
	l.printf("\tStatus: %s DEVSEL=%s %s\n", signs(status, flagName{"Cap", 4}, flagName{"66MHz", 5}, flagName{"UDF", 6},
		flagName{"FastB2B", 7}, flagName{"ParErr", 8}), devsel(status),
		signs(status, flagName{">TAbort", 11}, flagName{"<TAbort", 12}, flagName{"<MAbort", 13},
			flagName{">SERR", 14}, flagName{"<PERR", 15}, flagName{"INTx", 3}))
	if command&pcireg.CommandMaster != 0 {
		l.printf("\tLatency: %d", l.byte(pcireg.LatencyTimer))
		if size := l.byte(pcireg.CacheLineSize); size != 0 {
			l.printf(", Cache Line Size: %d bytes", size*4)
		}
		l.printf("\n")
	}
	pin := l.byte(pcireg.InterruptPin)
	switch {
	case pin >= 1 && pin <= 4:
		l.printf("\tInterrupt: pin %c routed to IRQ %d\n", 'A'+rune(pin)-1, l.f.IRQ)
	case pin != 0 || l.f.IRQ != 0:
		l.printf("\tInterrupt: pin ? routed to IRQ %d\n", l.f.IRQ)
	}
}

// devsel is how fast the function answers.
func devsel(status uint32) string {
	return [4]string{"fast", "medium", "slow", "??"}[status>>9&3]
}

// flags is the short form of control.
func (l *lister) flags() {
	command, status := l.word(pcireg.CommandReg), l.word(pcireg.StatusReg)
	master := command&pcireg.CommandMaster != 0
	l.printf("\tFlags: ")
	if master {
		l.printf("bus master, ")
	}
	if status&(1<<5) != 0 {
		l.printf("66MHz, ")
	}
	l.printf("%s devsel", devsel(status))
	if master {
		l.printf(", latency %d", l.byte(pcireg.LatencyTimer))
	}
	if l.f.IRQ != 0 {
		l.printf(", IRQ %d", l.f.IRQ)
	}
	l.printf("\n")
}

// bases lists the address ranges.
func (l *lister) bases() {
	command := l.word(pcireg.CommandReg)
	for n, r := range l.f.Resources {
		if r.Flags == 0 {
			continue
		}
		if l.o.verbose > 1 {
			l.printf("\tRegion %d: ", n)
		} else {
			l.printf("\t")
		}
		enable := uint32(pcireg.CommandMemory)
		if r.Flags&pci.ResourceIO != 0 {
			enable = pcireg.CommandIO
			l.printf("I/O ports at %04x", r.Start&^3)
		} else {
			l.memory(r)
		}
		if command&enable == 0 {
			l.printf(" [disabled]")
		}
		l.printf("%s\n", sizeText(r))
	}
}

// memory is a range of memory with its kind.
func (l *lister) memory(r pci.Resource) {
	width, pref := "32-bit", "non-prefetchable"
	if r.Flags&pci.ResourceMem64 != 0 {
		width = "64-bit"
	}
	if r.Flags&pci.ResourcePrefetch != 0 {
		pref = "prefetchable"
	}
	l.printf("Memory at %08x (%s, %s)", r.Start, width, pref)
}
