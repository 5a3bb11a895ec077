package nvmeabi

import (
	_ "embed"
	"testing"

	"bothhalves/kernelsim/internal/sheet"
)

// checked are the tables of all layouts, held bit by bit against the NVM
// Express base specification.
//
//go:embed testdata/layouts.txt
var checked string

// TestLayouts: every register stands as the specification has it, and shows
// one value by its layout.
func TestLayouts(t *testing.T) {
	if err := sheet.Check(checked,
		sheet.Of("CAP", 64, CAPLayout(), 0x20_0f01_07ff, "mqes=0x7ff cqr to=0xf dstrd=0x0 nvm mpsmin=0x0 mpsmax=0x0"),
		sheet.Of("VS", 32, VSLayout(), 0x1_0400, "tertiary=0x0 minor=0x4 major=0x1"),
		sheet.Of("CC", 32, CCLayout(), 0x46_4001, "enable css=0x0 mps=0x0 ams=0x0 normal iosqes=0x6 iocqes=0x4"),
		sheet.Of("CSTS", 32, CSTSLayout(), 9, "ready complete"),
		sheet.Of("AQA", 32, AQALayout(), 0x1f_001f, "asqs=0x1f acqs=0x1f"),
		sheet.Of("completion", 64, CompletionLayout(), 0x0005_0007_0002_0003, "sqhd=0x3 sqid=0x2 cid=0x7 phase status=0x2"),
	); err != nil {
		t.Error(err)
	}
}

func TestEntries(t *testing.T) {
	c := Command{Opcode: 0x05, ID: 0x1234, Namespace: 0x9abc_def0, PRP1: 0x1_0000_2000, DW10: 0x003f_0001, DW11: 0x0002_0003}
	w := c.Words()
	if w != [8]uint64{0: 0x9abc_def0_1234_0005, 3: 0x1_0000_2000, 5: 0x0002_0003_003f_0001} {
		t.Errorf("stored as %#x", w)
	}
	if got := ReadCommand(func(off uint32) uint64 { return w[off/8] }); got != c {
		t.Errorf("read back as %+v", got)
	}
	d := Completion{Result: 7, SQHead: 3, SQ: 2, ID: 0x1234, Phase: true, Status: InvalidVector}
	first, last := d.Words()
	if first != 7 || last != 0x0211_1234_0002_0003 || ReadCompletion(first, last) != d {
		t.Errorf("stored as %#x %#x", first, last)
	}
	if _, last := (Completion{Status: 1}).Words(); last != 0x0002_0000_0000_0000 {
		t.Errorf("stored as %#x", last)
	}
	if SQTail(0, 0) != 0x1000 || CQHead(0, 0) != 0x1004 || SQTail(3, 0) != 0x1018 || SQTail(3, 1) != 0x1030 || CQHead(3, 1) != 0x1038 {
		t.Error("the doorbells are elsewhere")
	}
}
