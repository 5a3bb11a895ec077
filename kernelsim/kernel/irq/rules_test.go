package irq_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
)

// rules is what a driver's writer would say of one interrupt, written from
// Linux's documentation of these functions and not from the code.
type rules struct {
	level, anytime            bool // of the line; it can be moved at any time
	users                     []user
	depth                     int
	disabled, masked, started bool
	pending, replay           bool
	affinity, later           cpumask.Mask // later: where it goes when it comes next
	waits, chosen             bool         // it will be moved; somebody has said where to
	handled, resent           int
}

type user struct {
	dev   int
	flags irq.Flags
}

// request is the errno of a request, "" if it succeeds.
func (r *rules) request(u user) string {
	if u.flags&irq.Shared != 0 && u.flags&irq.NoAutoEnable != 0 {
		return "EINVAL"
	}
	if len(r.users) > 0 && (r.users[0].flags&u.flags&irq.Shared == 0 || (r.users[0].flags^u.flags)&irq.OneShotFlag != 0) {
		return "EBUSY"
	}
	r.users = append(r.users, u)
	if len(r.users) > 1 {
		return ""
	}
	r.depth = 1
	if u.flags&irq.NoAutoEnable == 0 {
		r.start()
	}
	return ""
}

// start is the first enabling, or any other.
func (r *rules) start() {
	if !r.started {
		all := cpumask.FirstN(2)
		if !r.chosen || !r.affinity.Intersects(all) {
			r.affinity, r.chosen = all, false
		}
		r.affinity = r.affinity.And(all)
	}
	r.depth, r.started, r.disabled, r.masked = 0, true, false, false
	switch {
	case r.level:
		r.pending = false
	case r.pending && !r.replay:
		r.pending, r.replay = false, true
		r.resent++
	}
}

func (r *rules) free(dev int) string {
	i := slices.IndexFunc(r.users, func(u user) bool { return u.dev == dev })
	if i < 0 {
		return "EINVAL"
	}
	r.users = slices.Delete(r.users, i, i+1)
	if len(r.users) == 0 && r.started {
		r.depth, r.started, r.disabled, r.masked = 1, false, true, true
	}
	return ""
}

func (r *rules) disable() string {
	r.disabled = r.disabled || r.depth == 0 // else whoever counted first has seen to it
	r.depth++
	return ""
}

func (r *rules) enable() string {
	switch r.depth {
	case 0:
		return "EINVAL"
	case 1:
		r.start()
	default:
		r.depth--
	}
	return ""
}

func (r *rules) move(m cpumask.Mask) string {
	switch {
	case !r.anytime || r.waits:
		r.waits, r.later = true, m
	case !m.Intersects(cpumask.FirstN(2)):
		r.chosen = true
		return "EINVAL"
	default:
		r.affinity = m
	}
	r.chosen = true
	return ""
}

// comes is the interrupt.
func (r *rules) comes() {
	r.replay = false
	if len(r.users) == 0 || r.disabled {
		r.pending, r.masked = true, true
	} else {
		r.handled += len(r.users)
		if r.pending && !r.level { // the edge that was noted is served along
			r.masked = false
		}
		r.pending = false
	}
	if r.waits && !r.disabled {
		if r.later.Intersects(cpumask.FirstN(2)) {
			r.affinity = r.later
		}
		r.waits = false
	}
}

// ruled is a line whose chip can be moved and asked to come again.
type ruled struct {
	*line
	resent int
	masked bool
}

func (l *ruled) Mask(*cpu.CPU, *irq.Data)          { l.masked = true }
func (l *ruled) Unmask(*cpu.CPU, *irq.Data)        { l.masked = false }
func (l *ruled) Ack(c *cpu.CPU, d *irq.Data)       { irq.MovePending(c, d) }
func (l *ruled) EOI(c *cpu.CPU, d *irq.Data)       { irq.MovePending(c, d) }
func (l *ruled) Retrigger(c *cpu.CPU, _ *irq.Data) { l.resent++ }
func (l *ruled) SetAffinity(_ *cpu.CPU, _ *irq.Data, m irq.Mask, _ bool) (bool, error) {
	if m.Empty() || !m.Subset(cpumask.FirstN(2)) {
		return false, fmt.Errorf("the chip is given %s: %w", m, errno.EIO)
	}
	return false, nil
}

// play does what bytes say, by the rules and in the kernel, and compares.
func play(t *testing.T, task *sched.Task, ops []byte) {
	c := task.CPU()
	r := &rules{level: len(ops) > 0 && ops[0]&1 != 0, anytime: len(ops) > 0 && ops[0]&2 != 0,
		depth: 1, disabled: true, masked: true, affinity: cpumask.FirstN(2)}
	l := &ruled{line: newLine(c, irq.HandleEdge, 0), masked: true}
	l.SetChip(l)
	if r.level {
		irq.SetHandler(c, l.IRQ, irq.HandleFastEOI, "fasteoi", true)
	}
	if r.anytime {
		l.Set(irq.MovePCNTXT)
	}
	handled := 0
	h := func(*cpu.CPU, irq.Number, any) irq.Return { handled++; return irq.Handled }
	for i, op := range ops[min(1, len(ops)):] {
		var want string
		var err error
		dev, what := int(op>>3&3)+1, ""
		switch op & 7 {
		case 0, 1:
			u := user{dev, []irq.Flags{irq.Shared, 0, irq.NoAutoEnable, irq.Shared | irq.OneShotFlag, irq.Shared | irq.NoAutoEnable, irq.Shared, irq.Shared, irq.Shared}[op>>5]}
			what = fmt.Sprintf("request by %d with %#x", dev, uint32(u.flags))
			want, err = r.request(u), irq.Request(c, l.IRQ, h, u.flags, "x", dev)
		case 2:
			what = fmt.Sprintf("free by %d", dev)
			_, err = irq.Free(c, l.IRQ, dev)
			want = r.free(dev)
		case 3:
			what, want, err = "disable", r.disable(), irq.DisableNoSync(c, l.IRQ)
		case 4:
			what, want, err = "enable", r.enable(), irq.Enable(c, l.IRQ)
		case 5:
			m := []cpumask.Mask{cpumask.Of(0), cpumask.Of(1), cpumask.FirstN(2), cpumask.Of(5)}[dev-1]
			what, want, err = "move to "+m.String(), r.move(m), irq.SetAffinity(c, l.IRQ, m)
		default:
			what = "it comes"
			r.comes()
			l.comes(c)
		}
		r.compare(t, fmt.Sprintf("%x, step %d: %s", ops, i+1, what), l, handled, want, err)
		if t.Failed() {
			return
		}
	}
}

// compare holds the kernel against the rules.
func (r *rules) compare(t *testing.T, what string, l *ruled, handled int, want string, err error) {
	t.Helper()
	got := ""
	if e := (*errno.Errno)(nil); errors.As(err, &e) {
		got = e.Name
	}
	if got != want {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
	has := func(s irq.State) bool { return l.State&s != 0 }
	is := fmt.Sprint(irq.Depth(l.Desc), has(irq.Disabled), has(irq.Masked), l.masked, has(irq.Started), irq.Awaits(l.Desc), irq.Replays(l.Desc),
		has(irq.SetAffinityPending), has(irq.AffinitySet), l.Affinity, len(l.Names()), handled, l.resent)
	must := fmt.Sprint(r.depth, r.disabled, r.masked, r.masked, r.started, r.pending, r.replay, r.waits, r.chosen, r.affinity, len(r.users), r.handled, r.resent)
	if is != must {
		t.Errorf("%s:\n is %s\nnot %s", what, is, must)
	}
}

// TestAgainstDriversRules: whatever is requested, freed, disabled, enabled and
// moved in whatever order, and whenever the interrupt comes, depth, bits, masks,
// handlers called, resends and errors are as the rules say.
func TestAgainstDriversRules(t *testing.T) {
	inTask(t, "", func(task *sched.Task) {
		for seed := range uint64(300) {
			rnd := rand.New(rand.NewPCG(seed, 11))
			ops := make([]byte, 1+rnd.IntN(60))
			for i := range ops {
				ops[i] = byte(rnd.Uint32())
			}
			if play(t, task, ops); t.Failed() {
				return
			}
		}
	})
}

// FuzzDriversRules is the same for any bytes.
func FuzzDriversRules(f *testing.F) {
	f.Add([]byte{0, 0, 3, 6, 4, 6, 2})
	f.Add([]byte{3, 0, 5, 6, 13, 6, 2, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		inTask(t, "", func(task *sched.Task) { play(t, task, ops[:min(len(ops), 100)]) })
	})
}
