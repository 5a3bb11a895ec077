package explore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/sim"
)

// A run is one path of an exploration.
type run struct {
	x      *explorer
	m      *Model
	log    *[]string
	depth  int // decisions so far
	over   bool
	failed error
	at     []standing // by processor
	key    []byte
	pcs    [64]uintptr
}

// standing is where a processor's code stands: at a charge, or nowhere while
// it sleeps.
type standing struct {
	place uint64 // hash of the return addresses on its stack
	past  uint64 // hash of what it has seen since it slept; for Exact
	base  uint64 // its past when it began to wait: nothing it sees then stays with it
	row   cost.Row
	spins bool // nothing has changed since it began to wait
	late  bool // it asked for a lock while another one was asking
}

func newRun(x *explorer, m *Model, log *[]string) *run {
	return &run{x: x, m: m, log: log, at: make([]standing, len(m.CPUs))}
}

// moved is called behind every charge, on the stack of whoever was charged.
func (r *run) moved(s sim.Step) {
	if r.over || s.Proc == nil {
		return
	}
	row := cost.Row(s.Row)
	at := &r.at[s.Proc.ID()]
	before := *at
	at.place = r.place(s.Proc.ID(), row)
	at.row, at.spins = row, spinning(row)
	switch {
	case !at.spins:
	case before.row == row && before.place == at.place:
		at.past = at.base
	default:
		at.base = at.past
	}
	if row == cost.SpinLock {
		at.late = r.asking(s.Proc.ID())
	}
	if !at.spins {
		r.wakeSpinners(s.Proc.ID())
	}
	r.decide()
}

// place is where the running processor's code stands. To walk its stack is
// slow: where the run only follows the path it is known from last time.
func (r *run) place(id int, row cost.Row) uint64 {
	if r.depth < len(r.x.path) && r.log == nil {
		return r.x.path[r.depth].at[id].place
	}
	stack := r.pcs[:runtime.Callers(4, r.pcs[:])]
	r.note(id, row, stack)
	b := r.key[:0]
	for _, pc := range stack {
		b = binary.LittleEndian.AppendUint64(b, uint64(pc))
	}
	r.key = b
	return maphash.Bytes(r.x.opt.Seed, b)
}

// asking reports whether another processor is about to get a lock: then the
// order in which they came decides.
func (r *run) asking(id int) bool {
	for i := range r.at {
		if i != id && (r.at[i].row == cost.SpinLock || r.at[i].spins) {
			return true
		}
	}
	return false
}

// wakeSpinners lets all others look again: something may have changed.
func (r *run) wakeSpinners(but int) {
	for i := range r.at {
		if i != but {
			r.at[i].spins = false
		}
	}
}

// decide chooses who moves next: where the path leads, or the first that can.
// Events happen at once, and then there is another decision.
func (r *run) decide() {
	for !r.over {
		choice, ok := r.follow()
		if !ok {
			choice, ok = r.choose()
		}
		switch {
		case !ok:
			r.stop()
		case choice >= 0:
			r.prefer(int(choice))
			return
		default:
			ev := &r.m.Events[^choice]
			r.say("event: " + ev.Name)
			ev.Fire()
			r.wakeSpinners(-1)
		}
	}
}

// follow is the path's next decision. What led there has been looked at.
func (r *run) follow() (choice int8, ok bool) {
	if r.depth >= len(r.x.path) {
		return 0, false
	}
	b := &r.x.path[r.depth]
	r.depth++
	copy(r.at, b.at)
	return b.options[b.taken], true
}

// choose is the first option of a state that is new; ok is false where the run
// ends.
func (r *run) choose() (choice int8, ok bool) {
	x := r.x
	if err := r.m.Check(); err != nil {
		r.fail(err)
		return 0, false
	}
	options := r.options()
	if len(options) == 0 {
		r.end()
		return 0, false
	}
	h := r.hash()
	if x.seen[h] || r.log != nil {
		return 0, false
	}
	x.seen[h] = true
	x.result.Moves += len(options)
	x.path = append(x.path, branch{options: options, at: slices.Clone(r.at)})
	return r.follow()
}

// options are those who can move: processors by number, events as complements.
func (r *run) options() (list []int8) {
	for i, c := range r.m.CPUs {
		if !c.Halted() && !r.at[i].spins {
			list = append(list, int8(i))
		}
	}
	for i, ev := range r.m.Events {
		if ev.Ready() {
			list = append(list, ^int8(i))
		}
	}
	return list
}

// prefer makes a processor the one that is furthest behind: the others' last
// charges took longer than that.
func (r *run) prefer(id int) {
	if r.x.opt.Exact {
		r.remember(id)
	}
	now := r.m.CPUs[id].Proc.Now()
	for i, c := range r.m.CPUs {
		if late := now - c.Proc.Now(); i != id && late >= 0 {
			c.Proc.Advance(late + 1)
		}
	}
}

// remember adds what a processor can see, now that it goes on, to its past.
func (r *run) remember(id int) {
	b := binary.LittleEndian.AppendUint64(r.key[:0], r.at[id].past)
	b = append(b, bits(r.m.CPUs[id].IF(), r.at[id].spins))
	r.key = r.m.State(b)
	r.at[id].past = maphash.Bytes(r.x.opt.Seed, r.key)
}

// end is a state in which nobody can move: all must sleep, and the machine must
// be content with that.
func (r *run) end() {
	r.stop()
	for i, c := range r.m.CPUs {
		if !c.Halted() {
			r.fail(fmt.Errorf("CPU %d waits for ever", i))
			return
		}
	}
	if err := r.m.End(); err != nil {
		r.fail(err)
		return
	}
	r.x.ends[r.hash()] = true
}

func (r *run) stop() {
	r.over = true
	r.m.Engine.Stop()
}

func (r *run) fail(err error) {
	r.stop()
	r.failed = errors.Join(r.failed, err)
}

// hash tells states apart.
func (r *run) hash() uint64 {
	place := r.digest(func(at *standing) uint64 { return at.place })
	r.x.result.Keys[place] = true
	if !r.x.opt.Exact {
		return place
	}
	return r.digest(func(at *standing) uint64 { return at.past })
}

// digest is a hash of what is shared and of one thing of each processor.
func (r *run) digest(own func(at *standing) uint64) uint64 {
	b := r.key[:0]
	for i, c := range r.m.CPUs {
		at := &r.at[i]
		if c.Halted() {
			b, at.past = append(b, 0xff), 0
			continue
		}
		b = append(b, bits(c.IF(), at.spins, at.late), byte(at.row))
		b = binary.LittleEndian.AppendUint64(b, own(at))
	}
	r.key = r.m.State(b)
	return maphash.Bytes(r.x.opt.Seed, r.key)
}

func bits(list ...bool) (b byte) {
	for i, on := range list {
		if on {
			b |= 1 << i
		}
	}
	return b
}

// note writes down where a processor has come to.
func (r *run) note(id int, row cost.Row, stack []uintptr) {
	if r.log == nil {
		return
	}
	frames := runtime.CallersFrames(stack)
	var names []string
	for f, more := frames.Next(); more; f, more = frames.Next() {
		name := f.Function[strings.LastIndex(f.Function, "/")+1:]
		if len(names) < 4 && !strings.HasPrefix(name, "cpu.") && !strings.HasPrefix(name, "lock.") {
			names = append(names, name)
		}
	}
	r.say(fmt.Sprintf("CPU %d: %s in %s", id, row, strings.Join(names, " < ")))
}

func (r *run) say(text string) {
	if r.log != nil {
		*r.log = append(*r.log, text)
	}
}
