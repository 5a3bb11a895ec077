package i8259reg

import "bothhalves/kernelsim/reg"

// The ports of the pair (Linux: PIC_MASTER_CMD and so on,
// arch/x86/include/asm/i8259.h; PIC_ELCR1 and PIC_ELCR2,
// arch/x86/include/asm/i8259.h).
const (
	MasterCommand = 0x20 // ICW1, OCW2, OCW3; reads IRR, ISR or the poll byte
	MasterData    = 0x21 // ICW2 to ICW4 after ICW1, else the mask
	SlaveCommand  = 0xa0
	SlaveData     = 0xa1
	MasterELCR    = 0x4d0 // edge/level control: bit set, input is a level
	SlaveELCR     = 0x4d1
)

// CascadeInput is the master's input to which a PC wires the slave's INT
// (Linux: PIC_CASCADE_IR).
const CascadeInput = 2

// SpuriousInput is the input whose vector a chip gives when it has none.
const SpuriousInput = 7

// The inputs that can be made levels (82371SB data sheet, "Edge and Level
// Triggered Control Register"): the timer, the keyboard, the cascade, the
// clock and the coprocessor stay edges.
const (
	MasterELCRMask = 0xf8
	SlaveELCRMask  = 0xde
)

// ICW1 is the layout of the first initialization command word (8259A data
// sheet, "Initialization Command Words 1 and 2"; Linux writes 0x11).
func ICW1() reg.Layout {
	return reg.Layout{
		reg.Flag("needs-icw4", 0),
		reg.Flag("single", 1).Noted("no slave, no ICW3"),
		reg.Flag("interval-4", 2).Noted("MCS-80 only"),
		reg.Flag("level", 3).Noted("replaced by the edge/level control register on a PC"),
		reg.Flag("icw1", 4).Noted("always set: what tells ICW1 from OCW2 and OCW3"),
	}
}

// ICW4 is the layout of the fourth one (8259A data sheet, "Initialization
// Command Word 4"; Linux: MASTER_ICW4_DEFAULT 1, with PIC_ICW4_AEOI 3).
func ICW4() reg.Layout {
	return reg.Layout{
		reg.Flag("8086", 0).Noted("the acknowledge cycle gives one vector; clear: the three bytes of an 8085 CALL"),
		reg.Flag("auto-eoi", 1).Noted("no input stays in service after the acknowledge cycle"),
		reg.Enum("buffer", 3, 2, "not-buffered", "not-buffered", "buffered-slave", "buffered-master"),
		reg.Flag("special-fully-nested", 4).Noted("a master whose slave is in service hears it again"),
	}
}

// OCW2 is the layout of the second operation command word (8259A data sheet,
// "Operation Command Word 2"; Linux writes 0x60 + n, a specific EOI).
func OCW2() reg.Layout {
	return reg.Layout{
		reg.Number("level", 2, 0).Noted("the input that a specific command means"),
		reg.Enum("kind", 4, 3, "ocw2"),
		reg.Enum("command", 7, 5, "rotate-auto-eoi-clear", "eoi", "no-operation", "specific-eoi",
			"rotate-auto-eoi-set", "rotate-eoi", "set-priority", "rotate-specific-eoi"),
	}
}

// OCW3 is the layout of the third one (8259A data sheet, "Operation Command
// Word 3"; Linux reads the ISR with 0x0b and goes back with 0x0a).
func OCW3() reg.Layout {
	return reg.Layout{
		reg.Enum("read", 1, 0, "no-change", "no-change", "irr", "isr"),
		reg.Flag("poll", 2).Noted("the next read is an acknowledge cycle"),
		reg.Enum("kind", 4, 3, "", "ocw3"),
		reg.Enum("special-mask", 6, 5, "no-change", "no-change", "off", "on"),
	}
}
