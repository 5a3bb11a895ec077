package irqremap

import "testing"

// TestIndices: a block begins at a multiple of its size, in the lowest place
// where there is room.
func TestIndices(t *testing.T) {
	u := New(Config{})
	for _, step := range []struct {
		order uint8
		want  int
	}{{0, 0}, {0, 1}, {0, 2}, {2, 4}, {0, 3}, {0, 8}, {1, 10}, {0, 9}, {5, 32}, {0, 12}} {
		if got := u.table.take(step.order); got != step.want {
			t.Errorf("a block of %d entries begins at %d, want %d", 1<<step.order, got, step.want)
		}
	}
	u.table.release(4, 2)
	if got := u.table.take(0); got != 4 {
		t.Errorf("what was handed back is not handed out: %d", got)
	}
	if got := u.table.take(1); got != 6 {
		t.Errorf("a pair begins at %d, want 6", got)
	}
}

// TestFull: the last block goes out, and then none.
func TestFull(t *testing.T) {
	u := New(Config{})
	for range Entries >> 5 {
		if u.table.take(5) == none {
			t.Fatal("the table is full too early")
		}
	}
	if got := u.table.take(0); got != none {
		t.Errorf("a full table hands out %d", got)
	}
	if got := u.table.take(17); got != none {
		t.Errorf("a block of twice the table: %d", got)
	}
	u.table.release(Entries-32, 5)
	if got := u.table.take(4); got != Entries-32 {
		t.Errorf("the last block: %d", got)
	}
}
