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
	level            lapicreg.Set // the last message was level triggered
	tpr              uint8
}

// copy makes r what other is now.
func (r *rules) copy(other *rules) {
	r.waiting = append(r.waiting[:0], other.waiting...)
	r.serving = append(r.serving[:0], other.serving...)
	r.level, r.tpr = other.level, other.tpr
}

// accept: a vector that waits already is not noted again.
func (r *rules) accept(v uint8, level bool) {
	if !slices.Contains(r.waiting, v) {
		r.waiting = append(r.waiting, v)
	}
	r.level.Remove(v)
	if level {
		r.level.Add(v)
	}
}

// deliverable: the largest that waits, if its class is above those of the task
// priority and of all that are in service.
func (r *rules) deliverable() (uint8, bool) {
	if len(r.waiting) == 0 {
		return 0, false
	}
	v := slices.Max(r.waiting)
	for _, s := range r.serving {
		if v/16 <= s/16 {
			return 0, false
		}
	}
	return v, v/16 > r.tpr/16
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
	return v, r.level.Has(v), true
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

// differs says what an arbiter shows that the rules do not. It is asked after
// every step, and words are made for the one that is wrong.
func (r *rules) differs(a lapicreg.Arbiter) string {
	v, ok := a.Deliverable(r.tpr)
	want, there := r.deliverable()
	irr, isr, tmr := a.State()
	switch {
	case ok != there || ok && v != want:
		return unlike(fmt.Sprintf("Deliverable(%#02x)", r.tpr), answer(v, ok), answer(want, there))
	case a.PPR(r.tpr) != r.ppr():
		return unlike(fmt.Sprintf("PPR(%#02x)", r.tpr), fmt.Sprintf("%#02x", a.PPR(r.tpr)), fmt.Sprintf("%#02x", r.ppr()))
	case irr != set(r.waiting):
		return unlike("IRR", list(members(irr)), list(r.waiting))
	case isr != set(r.serving):
		return unlike("ISR", list(members(isr)), list(r.serving))
	case tmr != r.level:
		return unlike("TMR", list(members(tmr)), list(members(r.level)))
	}
	return ""
}

// unlike words a difference.
func unlike(what, got, want string) string {
	return fmt.Sprintf("after it %s is %s, by the rules %s", what, got, want)
}

// set is the register in which these bits are set.
func set(vectors []uint8) (s lapicreg.Set) {
	for _, v := range vectors {
		s.Add(v)
	}
	return s
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
