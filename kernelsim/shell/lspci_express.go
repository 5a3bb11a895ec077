package shell

// The types of functions that a PCI Express capability tells of.
const (
	typeEndpoint   = 0
	typeIntegrated = 9
)

// express prints a PCI Express capability: a link where there is one, and the
// second set of registers from version 2 on.
func (l *lister) express(where int) {
	caps := l.word(where + 2)
	version, kind := caps&0xf, caps>>4&0xf
	l.printf("Express ")
	if version >= 2 {
		l.printf("(v%d) ", version)
	} else {
		l.printf("(v1) ")
	}
	switch kind {
	case typeEndpoint:
		l.printf("Endpoint")
	case typeIntegrated:
		l.printf("Root Complex Integrated Endpoint")
	default:
		l.printf("Unknown type %d", kind)
	}
	l.printf(", MSI %02x\n", caps>>9&0x1f)
	if !l.more() {
		return
	}
	l.expressDevice(where, kind)
	if kind == typeEndpoint {
		l.expressLink(where)
	}
	if version >= 2 {
		l.expressDevice2(where, kind)
	}
}

// latency names an exit latency: ns for L0s, us for L1.
func latency(v uint32, l1 bool) string {
	if l1 {
		return [8]string{"<1us", "<2us", "<4us", "<8us", "<16us", "<32us", "<64us", "unlimited"}[v&7]
	}
	return [8]string{"<64ns", "<128ns", "<256ns", "<512ns", "<1us", "<2us", "<4us", "unlimited"}[v&7]
}

func (l *lister) expressDevice(where int, kind uint32) {
	caps, control, status := l.long(where+4), l.word(where+8), l.word(where+10)
	end := kind == typeEndpoint
	l.printf("\t\tDevCap:\tMaxPayload %d bytes, PhantFunc %d", 128<<(caps&7), (1<<(caps>>3&3))-1)
	if end {
		l.printf(", Latency L0s %s, L1 %s", latency(caps>>6, false), latency(caps>>9, true))
	}
	l.printf("\n\t\t\tExtTag%s", sign(caps, 5))
	if end {
		l.printf(" %s", signs(caps, flagName{"AttnBtn", 12}, flagName{"AttnInd", 13}, flagName{"PwrInd", 14}))
	}
	l.printf(" RBE%s FLReset%s", sign(caps, 15), sign(caps, 28))
	if end {
		l.printf(" SlotPowerLimit %dW", caps>>18&0xff)
	}
	l.printf("\n\t\tDevCtl:\t%s\n", signs(control, flagName{"CorrErr", 0}, flagName{"NonFatalErr", 1}, flagName{"FatalErr", 2}, flagName{"UnsupReq", 3}))
	l.printf("\t\t\t%s", signs(control, flagName{"RlxdOrd", 4}, flagName{"ExtTag", 8}, flagName{"PhantFunc", 9}, flagName{"AuxPwr", 10}, flagName{"NoSnoop", 11}))
	if caps>>28&1 != 0 {
		l.printf(" FLReset%s", sign(control, 15))
	}
	l.printf("\n\t\t\tMaxPayload %d bytes, MaxReadReq %d bytes\n", 128<<(control>>5&7), 128<<(control>>12&7))
	l.printf("\t\tDevSta:\t%s\n", signs(status, flagName{"CorrErr", 0}, flagName{"NonFatalErr", 1}, flagName{"FatalErr", 2},
		flagName{"UnsupReq", 3}, flagName{"AuxPwr", 4}, flagName{"TransPend", 5}))
}

// speed names a link speed.
func speed(v uint32) string {
	if v >= 1 && v <= 6 {
		return [...]string{"2.5GT/s", "5GT/s", "8GT/s", "16GT/s", "32GT/s", "64GT/s"}[v-1]
	}
	return "unknown"
}

func (l *lister) expressLink(where int) {
	caps, control, status := l.long(where+12), l.word(where+16), l.word(where+18)
	aspm := caps >> 10 & 3
	l.printf("\t\tLnkCap:\tPort #%d, Speed %s, Width x%d, ASPM %s", caps>>24, speed(caps&0xf), caps>>4&0x3f,
		[4]string{"not supported", "L0s", "L1", "L0s L1"}[aspm])
	if aspm&1 != 0 {
		l.printf(", Exit Latency L0s %s", latency(caps>>12, false))
	}
	if aspm&2 != 0 {
		l.printf(", L1 %s", latency(caps>>15, true))
	}
	l.printf("\n\t\t\t%s\n", signs(caps, flagName{"ClockPM", 18}, flagName{"Surprise", 19}, flagName{"LLActRep", 20}, flagName{"BwNot", 21}, flagName{"ASPMOptComp", 22}))
	l.printf("\t\tLnkCtl:\tASPM %s; RCB %d bytes, %s\n", [4]string{"Disabled", "L0s Enabled", "L1 Enabled", "L0s L1 Enabled"}[control&3],
		64<<(control>>3&1), signs(control, flagName{"Disabled", 4}, flagName{"CommClk", 6}))
	l.printf("\t\t\t%s\n", signs(control, flagName{"ExtSynch", 7}, flagName{"ClockPM", 8}, flagName{"AutWidDis", 9}, flagName{"BWInt", 10}, flagName{"AutBWInt", 11}))
	l.printf("\t\tLnkSta:\tSpeed %s, Width x%d\n", speed(status&0xf), status>>4&0x3f)
	l.printf("\t\t\t%s\n", signs(status, flagName{"TrErr", 10}, flagName{"Train", 11}, flagName{"SlotClk", 12}, flagName{"DLActive", 13}, flagName{"BWMgmt", 14}, flagName{"ABWMgmt", 15}))
}

func (l *lister) expressDevice2(where int, kind uint32) {
	caps, control, status := l.long(where+36), l.word(where+40), l.word(where+50)
	l.printf("\t\tDevCap2: Completion Timeout: %s, %s\n", completionRanges(caps), signs(caps, flagName{"TimeoutDis", 4}, flagName{"NROPrPrP", 10}, flagName{"LTR", 11}))
	l.printf("\t\t\t %s OBFF %s, %s", signs(caps, flagName{"10BitTagComp", 16}, flagName{"10BitTagReq", 17}),
		[4]string{"Not Supported", "Via message", "Via WAKE#", "Via message/WAKE#"}[caps>>18&3], signs(caps, flagName{"ExtFmt", 20}, flagName{"EETLPPrefix", 21}))
	if caps>>21&1 != 0 {
		prefixes := caps >> 22 & 3
		if prefixes == 0 {
			prefixes = 4
		}
		l.printf(", MaxEETLPPrefixes %d", prefixes)
	}
	l.printf("\n\t\t\t EmergencyPowerReduction %s, EmergencyPowerReductionInit%s\n",
		[4]string{"Not Supported", "Via message", "Via WAKE#", "Via message/WAKE#"}[caps>>24&3], sign(caps, 26))
	l.printf("\t\t\t FRS%s", sign(caps, 31))
	if kind == typeEndpoint {
		l.printf(" TPHComp%s ExtTPHComp%s", sign(caps, 12), sign(caps, 13))
	}
	l.printf("\n\t\t\t AtomicOpsCap: %s\n", signs(caps, flagName{"32bit", 7}, flagName{"64bit", 8}, flagName{"128bitCAS", 9}))
	l.printf("\t\tDevCtl2: Completion Timeout: %s, %s OBFF %s,\n\t\t\t AtomicOpsCtl: ReqEn%s\n", completionTimeout(control),
		signs(control, flagName{"TimeoutDis", 4}, flagName{"LTR", 10}, flagName{"10BitTagReq", 12}),
		[4]string{"Disabled", "Via message A", "Via message B", "Via WAKE#"}[control>>13&3], sign(control, 6))
	if kind == typeEndpoint {
		l.linkStatus2(status)
	}
}

// completionRanges are the time-outs that a function can be set to.
func completionRanges(caps uint32) string {
	if caps&0xf == 0 {
		return "Not Supported"
	}
	names := ""
	for i := range 4 {
		if caps>>i&1 != 0 {
			names += string(rune('A' + i))
		}
	}
	if len(names) == 1 {
		return "Range " + names
	}
	return "Range " + names
}

// completionTimeout is the one that it is set to.
func completionTimeout(control uint32) string {
	return [16]string{"50us to 50ms", "50us to 100us", "1ms to 10ms", "Unknown", "Unknown", "16ms to 55ms", "65ms to 210ms", "Unknown",
		"Unknown", "260ms to 900ms", "1s to 3.5s", "Unknown", "Unknown", "4s to 13s", "17s to 64s", "Unknown"}[control&0xf]
}

func (l *lister) linkStatus2(status uint32) {
	emphasis := "-6dB"
	if status&1 != 0 {
		emphasis = "-3.5dB"
	}
	l.printf("\t\tLnkSta2: Current De-emphasis Level: %s, %s\n", emphasis, signs(status, flagName{"EqualizationComplete", 1}, flagName{"EqualizationPhase1", 2}))
	l.printf("\t\t\t %s\n", signs(status, flagName{"EqualizationPhase2", 3}, flagName{"EqualizationPhase3", 4}, flagName{"LinkEqualizationRequest", 5}))
	l.printf("\t\t\t %s CrosslinkRes: %s\n", signs(status, flagName{"Retimer", 6}, flagName{"2Retimers", 7}),
		[4]string{"unsupported", "Upstream Port", "Downstream Port", "incomplete"}[status>>8&3])
}

// extended walks the list of capabilities from 0x100 on.
func (l *lister) extended() {
	var been [4096 / 4]bool
	for where := 0x100; where >= 0x100 && where < len(l.f.Config)-3; {
		header := l.long(where)
		if header == 0 || header == 0xffff_ffff {
			return
		}
		l.printf("\tCapabilities: [%03x", where)
		if l.o.verbose > 1 {
			l.printf(" v%d", header>>16&0xf)
		}
		l.printf("] ")
		if been[where/4] {
			l.printf("<chain looped>\n")
			return
		}
		been[where/4] = true
		l.extendedCapability(where, header&0xffff)
		where = int(header>>20) &^ 3
	}
}

func (l *lister) extendedCapability(where int, id uint32) {
	switch id {
	case 0x01:
		l.errorReporting(where)
	case 0x03:
		low, high := l.long(where+4), l.long(where+8)
		l.printf("Device Serial Number %02x-%02x-%02x-%02x-%02x-%02x-%02x-%02x\n", high>>24, high>>16&0xff, high>>8&0xff, high&0xff,
			low>>24, low>>16&0xff, low>>8&0xff, low&0xff)
	default:
		l.printf("Extended Capability ID %#x\n", id)
	}
}

func (l *lister) errorReporting(where int) {
	l.printf("Advanced Error Reporting\n")
	if !l.more() {
		return
	}
	uncorrectable := []flagName{{"DLP", 4}, {"SDES", 5}, {"TLP", 12}, {"FCP", 13}, {"CmpltTO", 14}, {"CmpltAbrt", 15},
		{"UnxCmplt", 16}, {"RxOF", 17}, {"MalfTLP", 18}, {"ECRC", 19}, {"UnsupReq", 20}, {"ACSViol", 21}}
	correctable := []flagName{{"RxErr", 0}, {"BadTLP", 6}, {"BadDLLP", 7}, {"Rollover", 8}, {"Timeout", 12}, {"AdvNonFatalErr", 13}}
	for i, name := range []string{"UESta", "UEMsk", "UESvrt"} {
		l.printf("\t\t%s:\t%s\n", name, signs(l.long(where+4+4*i), uncorrectable...))
	}
	for i, name := range []string{"CESta", "CEMsk"} {
		l.printf("\t\t%s:\t%s\n", name, signs(l.long(where+16+4*i), correctable...))
	}
	caps := l.long(where + 24)
	l.printf("\t\tAERCap:\tFirst Error Pointer: %02x, %s\n", caps&0x1f, signs(caps, flagName{"ECRCGenCap", 5}, flagName{"ECRCGenEn", 6}, flagName{"ECRCChkCap", 7}, flagName{"ECRCChkEn", 8}))
	l.printf("\t\t\t%s\n", signs(caps, flagName{"MultHdrRecCap", 9}, flagName{"MultHdrRecEn", 10}, flagName{"TLPPfxPres", 11}, flagName{"HdrLogCap", 12}))
	l.printf("\t\tHeaderLog: %08x %08x %08x %08x\n", l.long(where+28), l.long(where+32), l.long(where+36), l.long(where+40))
}
