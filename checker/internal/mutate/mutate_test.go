package mutate

import (
	"strings"
	"testing"
)

const src = `package p

const K = 4 // outside of functions nothing changes

func f(a, b int) int {
	n := 0
	for i := 0; i < b; i++ {
		n += a
	}
	if n == K {
		g()
	}
	return n + 1
}

func g() {}
`

func TestAll(t *testing.T) {
	got, err := All("p.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"line 6: 0 becomes 1", "line 7: 0 becomes 1", "line 7: < becomes <=", "line 7: < becomes >=",
		"line 7: ++ and -- swapped", "line 8: an assignment dropped", "line 8: += becomes -=", "line 8: += becomes =",
		"line 10: the condition negated", "line 10: == becomes !=", "line 11: a call dropped",
		"line 13: + becomes -", "line 13: 1 becomes 2",
	}
	if len(got) != len(want) {
		t.Errorf("%d mutants, want %d", len(got), len(want))
	}
	for i, m := range got {
		if i < len(want) && m.Name != want[i] {
			t.Errorf("mutant %d is %q, want %q", i, m.Name, want[i])
		}
		if string(m.Src) == src || !strings.Contains(string(m.Src), "K = 4") {
			t.Errorf("%s: text unchanged or changed where it must not be:\n%s", m.Name, m.Src)
		}
	}
}
