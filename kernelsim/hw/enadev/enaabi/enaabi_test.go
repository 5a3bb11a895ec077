package enaabi

import (
	_ "embed"
	"testing"

	"bothhalves/kernelsim/internal/sheet"
)

// checked are the tables of all layouts, held bit by bit against Linux's
// ena_regs_defs.h.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every register stands as the header has it, and shows one value
// by its layout.
func TestLayouts(t *testing.T) {
	if err := sheet.Check(checked,
		sheet.Of("VERSION", 32, VersionLayout(), 0x0203, "minor=0x3 major=0x2"),
		sheet.Of("CONTROLLER_VERSION", 32, ControllerVersionLayout(), 0x01020304, "subminor=0x4 minor=0x3 major=0x2 implementation=0x1"),
		sheet.Of("CAPS", 32, CapsLayout(), 0x3_300b, "contiguous reset-timeout=0x5 dma-width=0x30 admin-timeout=0x3"),
		sheet.Of("AQ_CAPS", 32, QueueCapsLayout(), 0x40_0020, "depth=0x20 entry-size=0x40"),
		sheet.Of("INTR_MASK", 32, IntrMaskLayout(), 1, "admin-masked"),
		sheet.Of("DEV_CTL", 32, DevCtlLayout(), 0x3000_000f, "reset aq-restart quiescent io-resume reset-reason=0x3"),
		sheet.Of("DEV_STS", 32, DevStsLayout(), 0x19, "ready reset-in-progress reset-finished"),
		sheet.Of("MMIO_REG_READ", 32, MMIORegReadLayout(), 0x58_0007, "request=0x7 offset=0x58"),
	); err != nil {
		t.Error(err)
	}
}
