package ioapic

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDumpAsRecorded puts the chip into each recorded state and wants the
// recorded text, byte for byte.
func TestDumpAsRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/oracle/*")
	if err != nil || len(files) != 22 {
		t.Fatalf("%d recordings, want 22 (%v)", len(files), err)
	}
	lines := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, want, _ := strings.Cut(string(data), "info pic\n")
		end := strings.Index(want, "Remote IRR")
		end += strings.IndexByte(want[end:], '\n') + 1
		want = want[:end]
		lines += strings.Count(want, "\n")
		got := strings.SplitAfter(loaded(t, want).Dump(), "\n")
		for i, line := range strings.SplitAfter(want, "\n") {
			if i >= len(got) || got[i] != line {
				t.Errorf("%s: line %d: recorded %q, shows %q", name, i, line, got[min(i, len(got)-1)])
			}
		}
	}
	if lines != 22*27 {
		t.Errorf("compared %d lines, want %d", lines, 22*27)
	}
}

// loaded is an I/O APIC in a recorded state.
func loaded(t *testing.T, text string) *IOAPIC {
	b := newBench(t, 0x20)
	var sel uint8
	for line := range strings.Lines(text) {
		var n uint8
		var id, ver uint32
		var entry uint64
		if k, _ := fmt.Sscanf(line, "ioapic0: ver=%v id=%v sel=%v", &ver, &id, &sel); k == 3 {
			b.set(0, id<<24)
		}
		if k, _ := fmt.Sscanf(strings.TrimSpace(line), "pin %d %v", &n, &entry); k == 2 {
			b.high(n, uint32(entry>>32))
			b.low(n, uint32(entry))
		}
		if rest, ok := strings.CutPrefix(line, "  IRR"); ok {
			for _, word := range strings.Fields(rest) {
				if k, _ := fmt.Sscan(word, &n); k == 1 {
					b.io.SetPin(int(n), true)
				}
			}
		}
	}
	b.io.Write(0, 4, uint64(sel))
	return b.io
}

// TestDumpOtherStates shows what no recording has.
func TestDumpOtherStates(t *testing.T) {
	b := newBench(t, 0x11)
	b.set(0, 0x0a00_0000)
	b.high(0, 0x1f00_0000)
	b.low(0, 0x2741)
	b.high(10, 0xff00_0000)
	b.low(10, 0xa977)
	b.low(23, 0xa031)
	b.low(22, 0x1_8031)
	b.pin("10+ 10-")
	b.pin("22+")
	got := b.io.Dump()
	for _, want := range []string{
		"ioapic0: ver=0x11 id=0x0a sel=0x3c (redir[22])\n",
		"  pin 0  0x1f00000000002741 dest=f vec=65  active-lo edge         extINT physical\n",
		"  pin 10 0xff0000000000e977 dest=ff vec=119 active-lo level        lowest logical\n",
		"  pin 22 0x0000000000018031 dest=0 vec=49  active-hi level masked fixed  physical\n",
		"  IRR      10 22 23 \n",
		"  Remote IRR 10 23 \n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %q in\n%s", want, got)
		}
	}
	b.io.Write(0, 4, 0)
	if got, want := b.io.Dump(), "ioapic0: ver=0x11 id=0x0a sel=0x00\n"; !strings.HasPrefix(got, want) {
		t.Errorf("index 0 shows as %q", got[:40])
	}
}
