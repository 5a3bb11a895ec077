package pcireg

import (
	"testing"

	"bothhalves/kernelsim/reg"
)

// Every layout is one of its register, and shows a recorded or typical value
// as it should.
func TestLayouts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		layout reg.Layout
		width  int
		value  uint64
		want   string
	}{
		{"command", Command(), 16, 0x0507, "i/o memory bus-master serr no-intx"},
		{"status", Status(), 16, 0x0218, "interrupt capabilities medium"},
		{"memory BAR", MemoryBAR(), 32, 0xfebf400c, "memory 64-bit prefetchable base 31:4=0xfebf400"},
		{"I/O BAR", IOBAR(), 32, 0xc041, "i/o base 31:2=0x3010"},
		{"config address", ConfigAddress(), 32, 0x80002910, "dword=0x4 function=0x1 device=0x5 bus=0x0 enable"},
		{"ECAM", ECAMAddress(), 28, 0x129104, "register=0x104 function=0x1 device=0x5 bus=0x1"},
		{"MSI control", MSIControl(), 16, 0x01ab, "enable 32 4 64-bit maskable"},
		{"MSI-X control", MSIXControl(), 16, 0xc008, "size-1=0x8 function-mask enable"},
		{"place", MSIXPlace(), 32, 0x1001, "bir=0x1 offset 31:3=0x200"},
		{"vector control", VectorControl(), 32, 1, "masked"},
		{"address", MSIAddress(), 32, 0xfee0400c, "logical hint compatibility reserved 11:5=0x0 destination=0x4 window=0xfee"},
		{"data", MSIData(), 32, 0xc123, "vector=0x23 lowest assert level"},
		{"remappable address", MSIAddressRemappable(), 32, 0xfee0025c, "index 15=0x1 subhandle-valid remappable index 14:0=0x12 window=0xfee"},
		{"remappable data", MSIDataRemappable(), 32, 3, "subhandle=0x3"},
	} {
		if err := tt.layout.Check(tt.width); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := tt.layout.String(tt.value); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if (Entry{Control: 0xfffffffe}).Masked() || !(Entry{Control: 1}).Masked() {
		t.Error("bit 0 alone masks an entry")
	}
}
