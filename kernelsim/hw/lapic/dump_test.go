package lapic

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

const recordings = "../../../book/testdata/oracle"

// pc is the configuration of the recordings' machine.
func pc() Config { return Config{Version: 0x14} }

// TestDumpAsRecorded loads every recorded local APIC's registers, as software
// would, and wants `info lapic` byte for byte.
func TestDumpAsRecorded(t *testing.T) {
	files, err := filepath.Glob(recordings + "/*/*/*.lapic")
	own, err2 := filepath.Glob("testdata/oracle/*/*/*.lapic")
	if err != nil || err2 != nil || len(files) < 10 || len(own) < 2 {
		t.Fatalf("%d and %d recordings (%v, %v), want at least 10 below %s and 2 here", len(files), len(own), err, err2, recordings)
	}
	files = append(files, own...)
	var hexes = regexp.MustCompile(`(?m)^(\w+)\t 0x([0-9a-f]{8})`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(strings.ReplaceAll(string(text), "\r", ""), "(qemu) info lapic ")
		for _, part := range parts[1:] {
			head, want, _ := strings.Cut(part, "\n")
			if !strings.HasPrefix(want, "dumping") {
				continue
			}
			want = want[:strings.Index(want, " PPR 0x")+len(" PPR 0x10\n")]
			regs := map[string]uint32{}
			for _, m := range hexes.FindAllStringSubmatch(want, -1) {
				v, _ := strconv.ParseUint(m[2], 16, 32)
				regs[m[1]] = uint32(v)
			}
			a := recorded(t, want, regs)
			cpu, _ := strconv.Atoi(strings.TrimSpace(head))
			if got := a.DumpAs(cpu); got != want {
				t.Errorf("%s, CPU %s:\n%s\nwant:\n%s", name, head, got, want)
			}
		}
	}
}

// recorded is an APIC in the state of a recording.
func recorded(t *testing.T, text string, regs map[string]uint32) *APIC {
	t.Helper()
	var apr, tpr, dfr, ldr, dcr, initial, current uint32
	at := strings.Index(text, "APR 0x")
	if _, err := fmt.Sscanf(text[at:], "APR 0x%x TPR 0x%x DFR 0x%x LDR 0x%x", &apr, &tpr, &dfr, &ldr); err != nil {
		t.Fatal(err)
	}
	at = strings.Index(text, "DCR=")
	var div uint32
	if _, err := fmt.Sscanf(text[at:], "DCR=0x%x (divide by %d) initial_count = %d current_count = %d", &dcr, &div, &initial, &current); err != nil {
		t.Fatal(err)
	}
	r := newRigOf(0, pc(), 100, apr) // 100: others have gone before
	a := r.apics[1]
	set := func(off, v uint32) { a.MMIOWrite(off, 4, uint64(v)) }
	set(lapicreg.RegSVR, regs["SPIV"])
	set(lapicreg.RegLVTLINT0, regs["LVT0"])
	set(lapicreg.RegLVTLINT1, regs["LVT1"])
	set(lapicreg.RegLVTPMC, regs["LVTPC"])
	set(lapicreg.RegLVTError, regs["LVTERR"])
	set(lapicreg.RegLVTThermal, regs["LVTTHMR"])
	set(lapicreg.RegLVTTimer, regs["LVTT"])
	set(lapicreg.RegDFR, dfr<<28)
	set(lapicreg.RegTPR, tpr)
	set(lapicreg.RegICRHigh, regs["ICR2"])
	set(lapicreg.RegICR, regs["ICR"]) // before LDR: nobody is addressed
	set(lapicreg.RegLDR, ldr<<24)
	set(lapicreg.RegDivide, dcr)
	set(lapicreg.RegInitial, initial)
	a.timer.count = current
	a.arb.Reset() // the timer's, perhaps
	loadSet(a, text, "ISR", true)
	loadSet(a, text, "IRR", false)
	return a
}

// loadSet brings the vectors of a line into IRR, and on into ISR.
func loadSet(a *APIC, text, name string, service bool) {
	at := strings.Index(text, "\n"+name+"\t ")
	line, _, _ := strings.Cut(text[at+len(name)+3:], "\n")
	for _, w := range strings.Fields(line) {
		num, level, _ := strings.Cut(w, "(")
		v, err := strconv.Atoi(num)
		if err != nil {
			continue
		}
		a.arb.Accept(uint8(v), level != "")
		if service {
			a.arb.Acknowledge(0)
		}
	}
}

// TestDumpOfEverything shows what no recording has.
func TestDumpOfEverything(t *testing.T) {
	r := newRigOf(0, modern(), 0x13).enable()
	a := r.apics[0]
	set := func(off, v uint32) { a.MMIOWrite(off, 4, uint64(v)) }
	set(lapicreg.RegLVTLINT0, 0xa055)
	set(lapicreg.RegLVTLINT1, 0x500)
	set(lapicreg.RegLVTPMC, 0x200)
	set(lapicreg.RegLVTTimer, 0x400ee)
	set(lapicreg.RegDFR, 0)
	set(lapicreg.RegLDR, 0x21000000)
	set(lapicreg.RegICRHigh, 0x35000000)
	set(lapicreg.RegICR, 0xcd00)
	r.cores[0].take()
	set(lapicreg.RegTPR, 0x10)
	r.msi(0xfee1_3000, 0xc061)
	a.Acknowledge()
	r.msi(0xfee1_3000, 0x4023)
	r.msi(0xfee1_3000, 0x4024)
	want := `dumping local APIC state for CPU 19

LVT0	 0x0000e055 active-lo level                             Fixed  (vec 85)
LVT1	 0x00000500 active-hi edge                              INIT   (vec 0)
LVTPC	 0x00000200 active-hi edge                              SMI    (vec 0)
LVTERR	 0x00010000 active-hi edge  masked                      Fixed  (vec 0)
LVTTHMR	 0x00010000 active-hi edge  masked                      Fixed  (vec 0)
LVTT	 0x000400ee active-hi edge                 tsc-deadline Fixed  (vec 238)
Timer	 DCR=0x0 (divide by 2) initial_count = 0 current_count = 0
SPIV	 0x000001ff APIC enabled, focus=off, spurious vec 255
ICR	 0x0000cd00 logical level assert no-shorthand
ICR2	 0x35000000 cluster 3 mask 0101 (APIC ID)
ESR	 0x00000000
ISR	 97(level) 
IRR	 35 36 85(level) 

APR 0x13 TPR 0x10 DFR 0x00 LDR 0x21(cluster 2: id 1) PPR 0x60
`
	if got := a.Dump(); got != want {
		t.Errorf("dump:\n%s\nwant:\n%s", got, want)
	}
	line := func(what, want string) {
		t.Helper()
		if !strings.Contains(a.Dump(), want) {
			t.Errorf("%s: the dump lacks %q:\n%s", what, want, a.Dump())
		}
	}
	set(lapicreg.RegSVR, 0x3f)
	line("disabled", "SPIV\t 0x0000003f APIC disabled, focus=off, spurious vec 63\n")
	line("masked", "LVT1\t 0x00010500 active-hi edge  masked                      INIT   (vec 0)\n")
	set(lapicreg.RegICR, 0x44041)
	line("self", "ICR\t 0x00044041 physical edge assert self\nICR2\t 0x35000000\nESR")
	set(lapicreg.RegICR, 0x84041)
	line("all", "ICR\t 0x00084041 physical edge assert all-self\n")
	set(lapicreg.RegICR, 0xc0041)
	line("others", "ICR\t 0x000c0041 physical edge de-assert all\n")
	set(lapicreg.RegICR, 0x4041)
	line("physical", "ICR2\t 0x35000000 cpu 53 (APIC ID)\n")
	set(lapicreg.RegDFR, 0xf0000000)
	set(lapicreg.RegICR, 0x4841)
	line("flat", "ICR2\t 0x35000000 mask 00110101 (APIC ID)\n")
	line("flat", "DFR 0x0f LDR 0x21 PPR 0x60\n")
	for _, none := range []uint32{0x30000000, 0x10000000, 0xe0000000} {
		set(lapicreg.RegDFR, none)
		line("no model", "ICR2\t 0x35000000\n")
		line("no model", "LDR 0x21 PPR")
	}
	set(lapicreg.RegLVTTimer, 0x200ee)
	line("periodic", "LVTT\t 0x000300ee active-hi edge  masked         periodic     Fixed  (vec 238)\n")
	set(lapicreg.RegESR, 0)
	set(lapicreg.RegTPR, 0x75)
	line("TPR", "TPR 0x75")
	line("PPR", "PPR 0x75\n")
	if a.Fire(Error); len(a.Dump()) == 0 {
		t.Error("empty")
	}
	a.WriteMSR(lapicreg.MSRBase, 0xfee00d00)
	a.WriteMSR(0x830, 0x0002_0005_0000_4841)
	line("x2APIC", "ICR2\t 0x00020005 cluster 2 mask 0000000000000101 (X2APIC ID)\n")
	a.WriteMSR(0x830, 300<<32|0x4041)
	line("x2APIC", "ICR2\t 0x0000012c cpu 300 (X2APIC ID)\n")
}
