package shell

import (
	"strings"
	"testing"
)

// TestPrintable: messages repeat what was typed; a terminal sees none of it
// as orders.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"boot: äöü…\tx\ny": "boot: äöü…\tx\ny",
		"a\x1b[2Jb\x00":    `a\x1b[2Jb\x00`,
		"\xff\xfe\u202e\r": `\xff\xfe\u202e\r`,
		"'\ufeff\\":        `'\ufeff\`,
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
	if got := printable(strings.Repeat("ü", 1<<20)); len(got) > 1100 || !strings.HasSuffix(got, "ü… (2097152 bytes)") {
		t.Errorf("a long line became %d bytes", len(got))
	}
}
