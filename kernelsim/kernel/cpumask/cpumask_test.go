package cpumask

import (
	"math/rand"
	"slices"
	"testing"
)

func TestText(t *testing.T) {
	for _, tt := range []struct {
		m         Mask
		n         int
		hex, list string
	}{
		{Mask{}, 4, "0", ""},
		{Mask{0xf}, 4, "f", "0-3"},
		{Mask{0xfff}, 12, "fff", "0-11"},
		{Mask{1}, 12, "001", "0"},
		{Of(0, 2, 3, 5), 8, "2d", "0,2-3,5"},
		{Of(31), 32, "80000000", "31"},
		{Of(1, 33), 34, "2,00000002", "1,33"},
		{FirstN(64), 64, "ffffffff,ffffffff", "0-63"},
		{Of(0), 48, "0000,00000001", "0"},
		{Of(63, 64, 65, 255), 256, "80000000,00000000,00000000,00000000,00000000,00000003,80000000,00000000", "63-65,255"},
	} {
		if got := tt.m.Hex(tt.n); got != tt.hex {
			t.Errorf("%x of %d CPUs: %q, want %q", tt.m, tt.n, got, tt.hex)
		}
		if got := tt.m.String(); got != tt.list {
			t.Errorf("%x: list %q, want %q", tt.m, got, tt.list)
		}
	}
}

// TestAgainstMap holds the operations against sets kept as maps.
func TestAgainstMap(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	random := func() (m Mask, s map[int]bool) {
		s = map[int]bool{}
		for range rnd.Intn(40) {
			n := rnd.Intn(Max)
			m.Add(n)
			s[n] = true
		}
		return m, s
	}
	for range 500 {
		a, sa := random()
		b, sb := random()
		var want [4][]int
		both := 0
		for n := range Max {
			for i, in := range []bool{sa[n], sa[n] && sb[n], sa[n] || sb[n], sa[n] && !sb[n]} {
				if in {
					want[i] = append(want[i], n)
				}
			}
			if sa[n] && sb[n] {
				both++
			}
		}
		for i, m := range []Mask{a, a.And(b), a.Or(b), a.AndNot(b)} {
			if got := slices.Collect(m.All()); !slices.Equal(got, want[i]) {
				t.Fatalf("%s and %s, operation %d: %v, want %v", a, b, i, got, want[i])
			}
			if m.Count() != len(want[i]) || m.Empty() != (len(want[i]) == 0) {
				t.Fatalf("%s: count %d, empty %v", m, m.Count(), m.Empty())
			}
		}
		if a.Intersects(b) != (both > 0) || a.Subset(b) != (both == len(sa)) || !a.And(b).Subset(a) {
			t.Fatalf("%s and %s: intersects %v, subset %v", a, b, a.Intersects(b), a.Subset(b))
		}
		n := rnd.Intn(Max)
		if !a.With(n).Has(n) || a.Without(n).Has(n) || a.With(n).Without(n) != a.Without(n) {
			t.Fatalf("%s with and without %d", a, n)
		}
	}
	if (Mask{}).First() != Max || Of(70, 200).First() != 70 || FirstN(Max) != (Mask{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}) || FirstN(0) != (Mask{}) {
		t.Error("First or FirstN")
	}
	for range FirstN(3).All() {
		break
	}
}
