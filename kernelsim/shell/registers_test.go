package shell_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/shell"
)

// TestRegistersAsRecorded: of what a recorded machine's monitor printed
// (smp-boot/smp4, info registers -a), the lines that lead to memory, byte for
// byte: each CPU has its GS base and its TSS, and all have one IDT.
func TestRegistersAsRecorded(t *testing.T) {
	want, err := os.ReadFile("testdata/registers-smp4.recorded")
	if err != nil {
		t.Fatal(err)
	}
	s := shell.New(newHost())
	defer s.Close()
	printed := do(t, s, "boot; info registers")
	got := strings.Join(regexp.MustCompile(`(?m)^(CPU#|GS |TR |IDT).*\n`).FindAllString(printed, -1), "")
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-recorded +ours:\n%s", diff)
	}
	if bare := do(t, s, "boot -bare -cpus 1; info registers"); strings.Contains(bare, "IDT") {
		t.Errorf("a bare core, which has no IDTR, prints\n%s", bare)
	}
}
