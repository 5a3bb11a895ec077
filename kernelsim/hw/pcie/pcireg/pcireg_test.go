package pcireg

import (
	_ "embed"
	"testing"

	"bothhalves/kernelsim/internal/sheet"
	"bothhalves/kernelsim/reg"
)

// checked are the tables of all layouts, held bit by bit against the
// specifications.
//
//go:embed testdata/layouts.txt
var checked string

// Every layout is one of its register, stands as the specification has it, and
// shows a recorded or typical value as it should.
func TestLayouts(t *testing.T) {
	if err := sheet.Check(checked,
		sheet.Of("command", 16, Command(), 0x0507, "i/o memory bus-master serr no-intx"),
		sheet.Of("status", 16, Status(), 0x0218, "interrupt capabilities medium"),
		sheet.Of("memory BAR", 32, MemoryBAR(), 0xfebf400c, "memory 64-bit prefetchable base 31:4=0xfebf400"),
		sheet.Of("I/O BAR", 32, IOBAR(), 0xc041, "i/o base 31:2=0x3010"),
		sheet.Of("config address", 32, ConfigAddress(), 0x80002910, "dword=0x4 function=0x1 device=0x5 bus=0x0 enable"),
		sheet.Of("ECAM", 28, ECAMAddress(), 0x129104, "register=0x104 function=0x1 device=0x5 bus=0x1"),
		sheet.Of("MSI control", 16, MSIControl(), 0x01ab, "enable 32 4 64-bit maskable"),
		sheet.Of("MSI-X control", 16, MSIXControl(), 0xc008, "size-1=0x8 function-mask enable"),
		sheet.Of("place", 32, MSIXPlace(), 0x1001, "bir=0x1 offset 31:3=0x200"),
		sheet.Of("vector control", 32, VectorControl(), 1, "masked"),
	); err != nil {
		t.Error(err)
	}
	if (Entry{Control: 0xfffffffe}).Masked() || !(Entry{Control: 1}).Masked() {
		t.Error("bit 0 alone masks an entry")
	}
}

// TestNames: the constants and fields that code uses are those of the layouts.
func TestNames(t *testing.T) {
	for _, tt := range []struct {
		layout reg.Layout
		field  string
		mask   uint64
	}{
		{Command(), "i/o", CommandIO}, {Command(), "memory", CommandMemory}, {Command(), "bus-master", CommandMaster},
		{Command(), "parity", CommandParity}, {Command(), "serr", CommandSERR}, {Command(), "no-intx", CommandNoINTx},
		{Status(), "interrupt", StatusInterrupt}, {Status(), "capabilities", StatusCapList},
		{MemoryBAR(), "type", 3 << 1}, {MemoryBAR(), "prefetchable", BARPrefetch}, {IOBAR(), "space", BARIO},
		{MSIControl(), "enable", MSIEnable}, {MSIControl(), "64-bit", MSI64}, {MSIControl(), "maskable", MSIMaskable},
		{MSIControl(), "capable", MSICapable.Mask()}, {MSIControl(), "granted", MSIGranted.Mask()},
		{MSIXControl(), "size-1", MSIXMaxEntries - 1},
		{MSIXControl(), "function-mask", MSIXFunctionMask}, {MSIXControl(), "enable", MSIXEnable},
		{VectorControl(), "masked", VectorControlMask},
	} {
		if n, ok := tt.layout.Lookup(tt.field); !ok || n.Field.Mask() != tt.mask {
			t.Errorf("%s has the bits %#x in the layout and %#x as a constant", tt.field, n.Field.Mask(), tt.mask)
		}
	}
	var clears, writable uint64
	for _, n := range Status() {
		if n.Note == "write 1 to clear" {
			clears |= n.Field.Mask()
		}
	}
	for _, n := range Command() {
		writable |= n.Field.Mask()
	}
	if clears != StatusWriteClear || writable != CommandWritable {
		t.Errorf("status bits %#x are cleared by a one, command bits %#x are writable", clears, writable)
	}
}
