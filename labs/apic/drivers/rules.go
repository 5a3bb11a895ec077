package drivers

import (
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// rules are the manual's sentences about the three registers, one after the
// other, without a thought for speed.
type rules struct {
	waiting, serving []uint8
	level            [256]bool
	tpr              uint8
}

// accept: a vector that waits already is not noted again.
func (r *rules) accept(v uint8, level bool) {
	if !slices.Contains(r.waiting, v) {
		r.waiting = append(r.waiting, v)
	}
	r.level[v] = level
}

// deliverable: the largest that waits, if its class is above those of the task
// priority and of all that are in service.
func (r *rules) deliverable() (uint8, bool) {
	if len(r.waiting) == 0 {
		return 0, false
	}
	v := slices.Max(r.waiting)
	for _, s := range append([]uint8{r.tpr}, r.serving...) {
		if v/16 <= s/16 {
			return 0, false
		}
	}
	return v, true
}

func (r *rules) acknowledge() (uint8, bool) {
	v, ok := r.deliverable()
	if ok {
		r.waiting = without(r.waiting, v)
		r.serving = append(r.serving, v)
	}
	return v, ok
}

func (r *rules) eoi() (v uint8, level, ok bool) {
	if len(r.serving) == 0 {
		return 0, false, false
	}
	v = slices.Max(r.serving)
	r.serving = without(r.serving, v)
	return v, r.level[v], true
}

// ppr: the task priority, or the class of what is in service if that is above.
func (r *rules) ppr() uint8 {
	if len(r.serving) > 0 && slices.Max(r.serving)/16 > r.tpr/16 {
		return slices.Max(r.serving) / 16 * 16
	}
	return r.tpr
}

func without(list []uint8, v uint8) []uint8 {
	return slices.DeleteFunc(list, func(x uint8) bool { return x == v })
}

// differs says what an arbiter shows that the rules do not.
func (r *rules) differs(a lapicreg.Arbiter) string {
	v, ok := a.Deliverable(r.tpr)
	want, there := r.deliverable()
	irr, isr, tmr := a.State()
	for _, look := range []struct{ what, got, want string }{
		{fmt.Sprintf("Deliverable(%#02x)", r.tpr), answer(v, ok), answer(want, there)},
		{fmt.Sprintf("PPR(%#02x)", r.tpr), fmt.Sprintf("%#02x", a.PPR(r.tpr)), fmt.Sprintf("%#02x", r.ppr())},
		{"IRR", list(members(irr)), list(r.waiting)},
		{"ISR", list(members(isr)), list(r.serving)},
		{"TMR", list(members(tmr)), list(r.levels())},
	} {
		if look.got != look.want {
			return fmt.Sprintf("after it %s is %s, by the rules %s", look.what, look.got, look.want)
		}
	}
	return ""
}

// levels are the vectors whose last message was level triggered.
func (r *rules) levels() (vectors []uint8) {
	for v, level := range r.level {
		if level {
			vectors = append(vectors, uint8(v))
		}
	}
	return vectors
}

func members(s lapicreg.Set) (vectors []uint8) {
	for v := range 256 {
		if s.Has(uint8(v)) {
			vectors = append(vectors, uint8(v))
		}
	}
	return vectors
}

// list writes vectors in order.
func list(vectors []uint8) string {
	words := []string{}
	for _, v := range slices.Sorted(slices.Values(vectors)) {
		words = append(words, fmt.Sprintf("%#02x", v))
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " ")
}

// String is the state as a report shows it.
func (r *rules) String() string {
	return fmt.Sprintf("TPR %#02x, waiting %s, in service %s", r.tpr, list(r.waiting), list(r.serving))
}
