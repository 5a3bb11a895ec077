package shell

import (
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// capabilities walks the list. A list that leads back to where it was is said
// to be one.
func (l *lister) capabilities() {
	if l.word(pcireg.StatusReg)&pcireg.StatusCapList == 0 {
		return
	}
	var been [256]bool
	express := false
	for where := int(l.byte(pcireg.CapabilityList)) &^ 3; where != 0; {
		l.printf("\tCapabilities: [%02x] ", where)
		id, next := l.byte(where), int(l.byte(where+1))&^3
		switch {
		case been[where]:
			l.printf("<chain looped>\n")
			return
		case id == 0xff:
			l.printf("<chain broken>\n")
			return
		}
		been[where] = true
		express = express || id == pcireg.CapExpress
		l.capability(where, id)
		where = next
	}
	if express && len(l.f.Config) > pcireg.ConfigSize {
		l.extended()
	}
}

// capability prints one entry.
func (l *lister) capability(where int, id uint32) {
	const capSATA = 0x12
	switch id {
	case pcireg.CapPM:
		l.powerManagement(where)
	case pcireg.CapMSI:
		l.msi(where)
	case pcireg.CapMSIX:
		l.msix(where)
	case pcireg.CapVendor:
		l.vendorSpecific(where)
	case pcireg.CapExpress:
		l.express(where)
	case capSATA:
		l.sata(where)
	default:
		l.printf("Capability ID %#02x [%04x]\n", id, l.word(where+2))
	}
}

// more reports whether the contents of capabilities are wanted.
func (l *lister) more() bool { return l.o.verbose > 1 }

func (l *lister) powerManagement(where int) {
	caps, status := l.word(where+2), l.word(where+4)
	l.printf("Power Management version %d\n", caps&7)
	if !l.more() {
		return
	}
	current := [8]int{0, 55, 100, 160, 220, 270, 320, 375}[caps>>6&7]
	l.printf("\t\tFlags: PMEClk%s DSI%s D1%s D2%s AuxCurrent=%dmA PME(%s)\n", sign(caps, 3), sign(caps, 5), sign(caps, 9), sign(caps, 10), current,
		joinComma(signs(caps, flagName{"D0", 11}, flagName{"D1", 12}, flagName{"D2", 13}, flagName{"D3hot", 14}, flagName{"D3cold", 15})))
	l.printf("\t\tStatus: D%d NoSoftRst%s PME-Enable%s DSel=%d DScale=%d PME%s\n", status&3, sign(status, 3), sign(status, 8),
		status>>9&0xf, status>>13&3, sign(status, 15))
}

// joinComma separates by commas what was separated by spaces.
func joinComma(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == ' ' {
			b[i] = ','
		}
	}
	return string(b)
}

func (l *lister) msi(where int) {
	control := l.word(where + pcireg.MSIControlReg)
	wide, maskable := control&pcireg.MSI64 != 0, control&pcireg.MSIMaskable != 0
	l.printf("MSI: Enable%s Count=%d/%d Maskable%s 64bit%s\n", sign(control, 0), 1<<(control>>4&7), 1<<(control>>1&7), sign(control, 8), sign(control, 7))
	if !l.more() {
		return
	}
	at := where + 8
	if wide {
		l.printf("\t\tAddress: %08x%08x  Data: %04x\n", l.long(where+8), l.long(where+4), l.word(where+12))
		at += 4
	} else {
		l.printf("\t\tAddress: %08x  Data: %04x\n", l.long(where+4), l.word(where+8))
	}
	if maskable {
		l.printf("\t\tMasking: %08x  Pending: %08x\n", l.long(at+4), l.long(at+8))
	}
}

func (l *lister) msix(where int) {
	control := l.word(where + pcireg.MSIXControlReg)
	l.printf("MSI-X: Enable%s Count=%d Masked%s\n", sign(control, 15), control&0x7ff+1, sign(control, 14))
	if !l.more() {
		return
	}
	table, pba := l.long(where+pcireg.MSIXTableReg), l.long(where+pcireg.MSIXPBAReg)
	l.printf("\t\tVector table: BAR=%d offset=%08x\n", table&7, table&^7)
	l.printf("\t\tPBA: BAR=%d offset=%08x\n", pba&7, pba&^7)
}

// vendorSpecific knows the capabilities of virtio devices.
func (l *lister) vendorSpecific(where int) {
	length := l.byte(where + 2)
	if device := l.word(2); l.word(0) != 0x1af4 || device < 0x1000 || device > 0x107f || length < 16 {
		l.printf("Vendor Specific Information: Len=%02x <?>\n", length)
		return
	}
	kind := "<unknown>"
	if k := l.byte(where + 3); k >= 1 && k <= 4 {
		kind = [...]string{"CommonCfg", "Notify", "ISR", "DeviceCfg"}[k-1]
	}
	l.printf("Vendor Specific Information: VirtIO: %s\n", kind)
	if !l.more() {
		return
	}
	l.printf("\t\tBAR=%d offset=%08x size=%08x", l.byte(where+4), l.long(where+8), l.long(where+12))
	if kind == "Notify" && length >= 20 {
		l.printf(" multiplier=%08x", l.long(where+16))
	}
	l.printf("\n")
}

func (l *lister) sata(where int) {
	version, bars := l.word(where+2), l.long(where+4)
	l.printf("SATA HBA v%d.%d", version>>4&0xf, version&0xf)
	switch bar := bars & 0xf; {
	case !l.more():
	case bar >= 4 && bar <= 9:
		l.printf(" BAR%d Offset=%08x", bar-4, bars>>4&0xf_ffff)
	case bar == 0xf:
		l.printf(" InCfgSpace")
	default:
		l.printf(" BAR??%d", bar)
	}
	l.printf("\n")
}
