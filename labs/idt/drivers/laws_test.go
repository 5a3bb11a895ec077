package drivers

import (
	"errors"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
)

// lawfulDecode is what /proc/gates/decode shows of a right answer.
const lawfulDecode = `offset: 15:0 95:48
selector: 31:16
ist: 34:32
type: 43:40
dpl: 46:45
present: 47
refused for another bit: none
`

// zero returns no fields beside an error, as most Go code does.
func zero(raw [gatereg.Size]byte) (gatereg.Gate, error) {
	g, err := cpu.DecodeGate(raw)
	if err != nil {
		return gatereg.Gate{}, errors.New("no gate")
	}
	return g, nil
}

// TestDecodedIgnoresRefused: what comes beside an error is nobody's business,
// and the probes tell wrong readings from right ones all the same.
func TestDecodedIgnoresRefused(t *testing.T) {
	edit := func(f func(raw []byte, g *gatereg.Gate)) func([gatereg.Size]byte) (gatereg.Gate, error) {
		return func(raw [gatereg.Size]byte) (gatereg.Gate, error) {
			g, err := zero(raw)
			f(raw[:], &g)
			return g, err
		}
	}
	for _, tc := range []struct {
		name         string
		decode       func([gatereg.Size]byte) (gatereg.Gate, error)
		decoded      string // a line of what is shown; "": all is as it should be
		back, beside string
	}{
		{name: "the machine's", decode: cpu.DecodeGate, back: "200 of 200"},
		{name: "no gate beside an error", decode: zero, back: "200 of 200"},
		{name: "IST of five bits", decode: edit(func(raw []byte, g *gatereg.Gate) { g.IST = raw[4] & 31 }), decoded: "ist: 36:32", back: "200 of 200"},
		{name: "present is what is above it", decode: edit(func(raw []byte, g *gatereg.Gate) { g.Present = word(raw[:8])>>47 != 0 }),
			back: "of 200", beside: "present 0\n  entry:"},
		{name: "the middle piece in its place", decode: edit(func(raw []byte, g *gatereg.Gate) {
			g.Offset = word(raw[:8])&0xffff | word(raw[:8])>>48<<48 | word(raw[8:])<<32
		}),
			back: "0 of 200", beside: "in:    offset 0x9e3779b97f4a7c15 selector"},
		{name: "reserved bits are refused", decode: func(raw [gatereg.Size]byte) (gatereg.Gate, error) {
			if raw[12] != 0 {
				return gatereg.Gate{}, errors.New("reserved")
			}
			return zero(raw)
		}, decoded: "refused for another bit: 103:96", back: "200 of 200"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := &Gates{Encode: cpu.EncodeGate, Decode: tc.decode}
			decoded, back := g.decoded(nil), g.back(nil)
			if tc.decoded == "" && decoded != lawfulDecode || !strings.Contains(decoded, tc.decoded) {
				t.Errorf("decode:\n%swant %q", decoded, tc.decoded)
			}
			if !strings.Contains(back, tc.back) || !strings.Contains(back, tc.beside) {
				t.Errorf("back:\n%swant %q and %q", back, tc.back, tc.beside)
			}
		})
	}
}
