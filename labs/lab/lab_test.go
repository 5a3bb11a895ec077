package lab_test

import (
	"slices"
	"testing"

	"bothhalves/labs/lab"
)

func pick() (n int, err error) {
	panic(lab.TODO("pick one"))
}

func TestTODOIsRecordedEvenWhenRecovered(t *testing.T) {
	lab.Forget()
	for range 2 {
		func() {
			defer func() {
				g, ok := recover().(lab.Gap)
				if !ok || g.Error() != "still to write: pick one" {
					t.Errorf("panic value %v, want the gap", g)
				}
			}()
			pick()
		}()
	}
	if got := lab.Reached(); !slices.Equal(got, []string{"pick one"}) {
		t.Errorf("Reached() = %q, want it once", got)
	}
	lab.Forget()
	if got := lab.Reached(); len(got) != 0 {
		t.Errorf("after Forget: %q", got)
	}
}
