package lapicreg

import "bothhalves/kernelsim/reg"

// modes are the names of the delivery modes, in their order.
func modes(names ...string) reg.Named { return reg.Enum("mode", 10, 8, names...) }

// ICR is the layout of the interrupt command register as x2APIC has it, in 64
// bits; xAPIC has the destination in bits 63:56 (SDM volume 3, "Interrupt
// Command Register").
func ICR() reg.Layout { return append(icrLow(), reg.Number("destination", 63, 32)) }

// ICRx is the layout of the interrupt command register of xAPIC mode: two
// registers, of which a write to the lower one sends.
func ICRx() reg.Layout {
	return append(icrLow(),
		reg.Flag("pending", 12).Noted("delivery status, read-only"),
		reg.Number("destination", 63, 56))
}

// icrLow is what the two forms of the ICR have in common.
func icrLow() reg.Layout {
	return reg.Layout{
		reg.Number("vector", 7, 0).Noted("of a start-up IPI: the page"),
		modes("fixed", "lowest", "smi", "", "nmi", "init", "startup"),
		reg.Enum("destination mode", 11, 11, "physical", "logical"),
		reg.Enum("level", 14, 14, "de-assert", "assert").Noted("counts for INIT alone"),
		reg.Enum("trigger", 15, 15, "edge", "level").Noted("counts for INIT alone"),
		reg.Enum("shorthand", 19, 18, "no-shorthand", "self", "all-self", "all"),
	}
}

// LVT is the layout of an entry of the local vector table: thermal,
// performance, CMCI (SDM volume 3, "Local Vector Table").
func LVT() reg.Layout {
	return reg.Layout{
		reg.Number("vector", 7, 0),
		modes("fixed", "", "smi", "", "nmi", "init", "", "extint"),
		reg.Flag("pending", 12).Noted("delivery status, read-only"),
		reg.Flag("masked", 16).Noted("set by reset, and while SVR says disabled"),
	}
}

// LVTPin is the layout of the entries of LINT0 and LINT1.
func LVTPin() reg.Layout {
	return append(LVT(),
		reg.Enum("polarity", 13, 13, "active-hi", "active-lo"),
		reg.Flag("remote-irr", 14).Noted("level, fixed: accepted, and no EOI yet. Read-only"),
		reg.Enum("trigger", 15, 15, "edge", "level").Noted("of LINT0 in mode fixed"))
}

// LVTTimer is the layout of the timer's entry.
func LVTTimer() reg.Layout {
	return append(lvtFixed(), reg.Enum("timer mode", 18, 17, "one-shot", "periodic", "tsc-deadline"))
}

// LVTError is the layout of the entry for errors.
func LVTError() reg.Layout { return lvtFixed() }

// lvtFixed is an entry that has no delivery mode.
func lvtFixed() reg.Layout {
	return reg.Layout{
		reg.Number("vector", 7, 0),
		reg.Flag("pending", 12).Noted("delivery status, read-only"),
		reg.Flag("masked", 16).Noted("set by reset, and while SVR says disabled"),
	}
}

// SVR is the layout of the spurious-interrupt vector register (SDM volume 3,
// "Spurious Interrupt").
func SVR() reg.Layout {
	return reg.Layout{
		reg.Number("vector", 7, 0).Noted("what an acknowledge gets when the request is gone"),
		reg.Enum("apic", 8, 8, "disabled", "enabled").Noted("disabled: LVT masked, no fixed interrupt accepted"),
		reg.Flag("focus-off", 9).Noted("old processors"),
		reg.Flag("no-eoi-broadcast", 12).Noted("where the version register offers it"),
	}
}

// ESR is the layout of the error status register (SDM volume 3, "Error
// Handling").
func ESR() reg.Layout {
	return reg.Layout{
		reg.Flag("send-checksum", 0).Noted("old bus"),
		reg.Flag("receive-checksum", 1).Noted("old bus"),
		reg.Flag("send-accept", 2).Noted("old bus"),
		reg.Flag("receive-accept", 3).Noted("old bus"),
		reg.Flag("redirectable-ipi", 4).Noted("lowest priority cannot be sent here"),
		reg.Flag("send-illegal-vector", 5).Noted("below 16"),
		reg.Flag("receive-illegal-vector", 6).Noted("below 16, from outside or from the LVT"),
		reg.Flag("illegal-register", 7).Noted("xAPIC: a reserved address of the page"),
	}
}

// APICBase is the layout of IA32_APIC_BASE (SDM volume 3, "Local APIC Status
// and Location").
func APICBase() reg.Layout {
	return reg.Layout{
		reg.Flag("bsp", 8).Noted("this is the boot processor"),
		reg.Flag("x2apic", 10).Noted("EXTD: legal with enable alone"),
		reg.Flag("enable", 11).Noted("EN: clear is as if there were no local APIC"),
		reg.Number("page", 51, 12).Noted("physical page number of the registers in xAPIC mode"),
	}
}

// Divide is the layout of the divide configuration register. Bit 2 is no part
// of the code.
func Divide() reg.Layout {
	return reg.Layout{
		reg.Number("code 1:0", 1, 0).Noted("0 to 7: divide by 2, 4, 8, 16, 32, 64, 128, 1"),
		reg.Number("code 2", 3, 3),
	}
}

// ID is the layout of the ID register in xAPIC mode; in x2APIC mode all 32
// bits are the ID (SDM volume 3, "Local APIC ID").
func ID() reg.Layout { return reg.Layout{reg.Number("id", 31, 24)} }

// Version is the layout of the version register.
func Version() reg.Layout {
	return reg.Layout{
		reg.Number("version", 7, 0).Noted("0x10 to 0x15: integrated"),
		reg.Number("max lvt", 23, 16).Noted("number of LVT entries, less one"),
		reg.Flag("directed-eoi", 24).Noted("SVR bit 12 can be set"),
	}
}

// LDR is the layout of the logical destination register in xAPIC mode (SDM
// volume 3, "Logical Destination Mode").
func LDR() reg.Layout { return reg.Layout{reg.Number("logical id", 31, 24)} }

// LDRx2 is the layout of the logical destination register in x2APIC mode,
// which follows from the ID.
func LDRx2() reg.Layout {
	return reg.Layout{
		reg.Number("bit", 15, 0).Noted("1 << (ID & 15)"),
		reg.Number("cluster", 31, 16).Noted("ID >> 4"),
	}
}

// DFR is the layout of the destination format register; the other bits read
// as ones.
func DFR() reg.Layout {
	return reg.Layout{reg.Enum("model", 31, 28, "cluster",
		"", "", "", "", "", "", "", "", "", "", "", "", "", "", "flat")}
}

// MSIAddress is the layout of a message's address in the compatibility format
// (SDM volume 3, "Message Address Register Format").
func MSIAddress() reg.Layout {
	return reg.Layout{
		reg.Number("window", 31, 20).Noted("0xfee: not memory, but the interrupt messages"),
		reg.Number("destination", 19, 12),
		reg.Flag("remappable", 4).Noted("set: another format, which names a remapping entry"),
		reg.Flag("hint", 3).Noted("one of the destinations will do"),
		reg.Enum("destination mode", 2, 2, "physical", "logical"),
	}
}

// MSIData is the layout of a message's data (SDM volume 3, "Message Data
// Register Format").
func MSIData() reg.Layout {
	return reg.Layout{
		reg.Number("vector", 7, 0),
		modes("fixed", "lowest", "smi", "", "nmi", "init", "", "extint"),
		reg.Enum("level", 14, 14, "de-assert", "assert").Noted("counts with trigger level alone"),
		reg.Enum("trigger", 15, 15, "edge", "level"),
	}
}
