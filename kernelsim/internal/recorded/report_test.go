package recorded_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A book counts facts: by kind what was compared and what differed, by kind
// and reason what was excused.
type book struct{ compared, differing, excused map[string]int }

func newBook() *book {
	return &book{map[string]int{}, map[string]int{}, map[string]int{}}
}

// add adds another book's counts.
func (b *book) add(other *book) {
	for k, n := range other.compared {
		b.compared[k] += n
	}
	for k, n := range other.differing {
		b.differing[k] += n
	}
	for k, n := range other.excused {
		b.excused[k] += n
	}
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// report is the counts as text.
func (b *book) report() string {
	var text strings.Builder
	all := sum(b.compared) + sum(b.excused)
	fmt.Fprintf(&text, "%d facts compared, %d of them differ, %d excused (%.1f %%)\n",
		sum(b.compared), sum(b.differing), sum(b.excused), 100*float64(sum(b.excused))/float64(max(all, 1)))
	for _, k := range slices.Sorted(maps.Keys(b.compared)) {
		fmt.Fprintf(&text, "  compared %5d, differ %d: %s\n", b.compared[k], b.differing[k], k)
	}
	for _, k := range slices.Sorted(maps.Keys(b.excused)) {
		fmt.Fprintf(&text, "  excused  %5d: %s\n", b.excused[k], k)
	}
	return text.String()
}

// check fails if much was excused or the recordings are not read any more.
func (b *book) check(t *testing.T) {
	t.Helper()
	compared, excused := sum(b.compared), sum(b.excused)
	if excused*20 > compared+excused {
		t.Errorf("%d of %d facts are excused: more than 5 %%", excused, compared+excused)
	}
	if compared < 48000 {
		t.Errorf("only %d facts compared: the recordings or the steps have lost some", compared)
	}
}
