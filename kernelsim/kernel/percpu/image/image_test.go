package image

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/percpu"
)

// What the boot lines of every recorded run say of this image: s217088 r8192
// d28672, together 62 pages.
func TestDefaultIsTheRecordedImage(t *testing.T) {
	s := Default().Section()
	if len(s.Image) != 217088 || s.Reserved != 8192 || s.Dynamic != 28672 {
		t.Errorf("s%d r%d d%d, recorded s217088 r8192 d28672", len(s.Image), s.Reserved, s.Dynamic)
	}
	want := map[string]percpu.Off{
		"fixed_percpu_data": 0, "cpu_number": 0x199e0, "this_cpu_off": 0x199e8,
		"__preempt_count": 0x1fb40, "current_task": 0x1fb80, "softnet_data": 0x32e40,
		"__per_cpu_end": 0x35000,
	}
	for name, off := range want {
		if got, ok := Default().Offset(name); !ok || got != off {
			t.Errorf("%s at %#x (%v), want %#x", name, uint64(got), ok, uint64(off))
		}
	}
	if _, ok := Default().Offset("no_such_variable"); ok {
		t.Error("found a symbol that is not there")
	}
}

func TestSymbolsAscend(t *testing.T) {
	last := percpu.Off(0)
	for _, s := range Default().Symbols() {
		if s.Off < last {
			t.Errorf("%s at %#x comes after %#x", s.Name, uint64(s.Off), uint64(last))
		}
		last = s.Off
	}
}

func TestParseRefuses(t *testing.T) {
	const ends = "0 A __per_cpu_start\n100 A __per_cpu_end\n"
	for text, want := range map[string]string{
		"":                      "need __per_cpu_start",
		ends + "10 A":           "line 3",
		ends + "xyz A v":        "hexadecimal",
		ends + "ffffffffff A v": "hexadecimal",
		ends + "200 A v":        "beyond",
		ends + "10 A v\n20 A v": "named twice",
		"8 A __per_cpu_start\n100 A __per_cpu_end": "need __per_cpu_start",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(symbols)
	f.Add("0 A __per_cpu_start\n10 A __per_cpu_end")
	f.Fuzz(func(t *testing.T, text string) {
		im, err := Parse(text)
		if err == nil && im.Size() <= 0 {
			t.Errorf("an image of %d bytes was taken from %q", im.Size(), text)
		}
	})
}
