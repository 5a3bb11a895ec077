package irq

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/internal/explore"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A bench is the smallest machine on which one interrupt can go wrong: two
// processors, an interrupt controller for each, a device and its chip. What
// is of the kernel is the real code.
type bench struct {
	cfg  setting
	shop *shop
	cpus []*cpu.CPU
	ctl  [2]controller
	d    *Desc
	chip Chip

	events, served, saw uint8 // of the device, by the handler, at its beginning
	running, twice      bool  // a handler runs; a second one has begun
	quiet               bool  // disable_irq has returned
	line                wire
	dest                int      // that the chip sends to
	busy                bool     // the chip waits for the first interrupt there
	gone                [2]bool  // the vector of a processor leads nowhere
	moves               int      // that were asked for
	last                int      // where to
	since               uint8    // events since then
	step                [2]uint8 // of the processors' programs
}

// wire is what the chip holds of the line or the message.
type wire struct{ masked, held, function, remote bool }

// A setting is what one exploration is about.
type setting struct {
	flow     FlowHandler
	chip     func(b *bench) Chip
	arrivals uint8
	mask     bool    // the device's function mask is set once and cleared
	programs [2][]op // what tasks on each processor do
	anytime  bool    // the interrupt can be moved at any time
	hasty    bool    // a mistake: the old vector is given back at once
}

// An op is something that a task does to the interrupt.
type op func(b *bench, c *cpu.CPU)

const vector cpu.Vector = 0x41

// controller is a local APIC of one vector.
type controller struct {
	irr, isr bool
	offers   func() bool // a level that is not latched
}

func (ctl *controller) Pending() (cpu.Vector, bool) {
	return vector, !ctl.isr && (ctl.irr || ctl.offers != nil && ctl.offers())
}

func (ctl *controller) Acknowledge() cpu.Vector {
	ctl.irr, ctl.isr = false, true
	return vector
}

// port is where a processor finds the controller of the present bench.
type port struct {
	s *shop
	n int
}

func (p port) Pending() (cpu.Vector, bool) { return p.s.b.ctl[p.n].Pending() }

func (p port) Acknowledge() cpu.Vector { return p.s.b.ctl[p.n].Acknowledge() }

// A shop makes benches, one after the other, of the same parts: to build the
// per-CPU areas and the gates anew for each would take longer than a run.
type shop struct {
	fresh [2]cpu.CPU // as they were before any run
	cpus  []*cpu.CPU
	image []byte
	b     *bench // the present one
}

func newShop() *shop {
	s := &shop{image: make([]byte, 1<<15)}
	price, hooks, ring := cost.Default(), &cpu.Hooks{Preempt: func(*cpu.CPU) {}}, trace.NewRing(1024)
	text, table := s.gates()
	bind := percpu.Link(func(string) (percpu.Off, bool) { return 0, false }, 0)
	must(bind.Image(s.image))
	eng := sim.New(2)
	for n := range 2 {
		c := cpu.New(cpu.Setup{Proc: eng.Proc(n), Intr: port{s, n}, Price: &price, Hooks: hooks, Ring: ring, Text: text})
		c.LIDT(cpu.IDTR{Limit: uint16(len(table) - 1)}, table)
		s.cpus = append(s.cpus, c)
	}
	for n, c := range s.cpus {
		c.Peers = s.cpus
		bind.Load(c, percpu.Addr(n)<<20, append([]byte(nil), s.image...))
		affinity.SetOnline(c, n, true)
		s.fresh[n] = *c
	}
	return s
}

// gates are the kernel's text and the table that leads there.
func (s *shop) gates() (*cpu.Text, []byte) {
	text, table := cpu.NewText(), make([]byte, 256*gatereg.Size)
	text.Put(0x1000, "common_interrupt", func(c *cpu.CPU, _ *cpu.Frame) { s.b.interrupt(c) })
	gate := cpu.EncodeGate(gatereg.Gate{Offset: 0x1000, Selector: 0x10, Type: gatereg.InterruptGate, Present: true})
	copy(table[int(vector)*gatereg.Size:], gate[:])
	return text, table
}

// bench builds the machine up to where the interrupt has been requested.
func (s *shop) bench(cfg setting) *bench {
	b := &bench{cfg: cfg, cpus: s.cpus, shop: s}
	s.b = b
	eng := sim.New(2)
	for n, c := range s.cpus {
		*c = s.fresh[n]
		stack := cpu.NewStack("bench", 0, 1<<16)
		c.Proc, c.Stack = eng.Proc(n), &stack
		copy(c.GS.Mem, s.image)
		lock.SetCurrent(c, &lock.Held{})
		c.Start(eng.NewCoroutine(func() { b.live(c) }))
	}
	b.request(s.cpus[0])
	return b
}

// request leaves the descriptor as request_irq does.
func (b *bench) request(c *cpu.CPU) {
	b.d = newDesc(c, 3, 0, affinity.Desc{Mask: affinity.FirstN(2)}, 0)
	shared.Of(c).put(b.d)
	b.chip = b.cfg.chip(b)
	b.d.SetChip(b.chip)
	b.d.action = &Action{Handler: b.handle, Name: "bench"}
	level := b.level()
	SetHandler(c, 3, b.cfg.flow, "bench", level)
	b.d.depth = 0
	b.d.Clear(Disabled | Masked)
	b.d.Set(Started | Activated)
	if b.cfg.anytime {
		b.d.Set(MovePCNTXT)
	}
}

// level says whether the device holds a line until it is served.
func (b *bench) level() bool {
	switch b.chip.(type) {
	case *messageChip, *latchChip:
		return false
	}
	return true
}

// live is what a processor does: its program, then it sleeps.
func (b *bench) live(c *cpu.CPU) {
	deepen()
	c.STI()
	for _, do := range b.cfg.programs[c.ID] {
		do(b, c)
		b.step[c.ID]++
	}
	for {
		c.HaltSTI()
	}
}

// deepen makes the coroutine's stack grow while it is still short: that is done
// by copying it, once for each run.
//
//go:noinline
func deepen() byte {
	var room [16 << 10]byte
	return room[len(benchName)]
}

const benchName = "bench"

// interrupt is the way from the gate to the flow.
func (b *bench) interrupt(c *cpu.CPU) {
	c.Spend(cost.InterruptEntry)
	preempt.Add(c, preempt.HardIRQOffset)
	if b.gone[c.ID] { // No irq handler for vector
		b.ctl[c.ID].isr = false
	} else {
		Handle(c, b.d)
	}
	preempt.Sub(c, preempt.HardIRQOffset)
	c.Spend(cost.InterruptReturn)
}

// handle is the driver's handler. It serves what had happened when it began:
// what comes later must bring it back.
func (b *bench) handle(c *cpu.CPU, _ Number, _ any) Return {
	b.twice = b.twice || b.running
	b.running, b.saw = true, b.events
	c.Spend(cost.MMIORead)
	b.served = b.saw
	b.running = false
	c.Spend(cost.MMIOWrite)
	return Handled
}

// raise sends the interrupt to a processor's controller.
func (b *bench) raise(n int) {
	b.ctl[n].irr = true
	b.cpus[n].Interrupt()
}

// Operations of tasks.

func disable(b *bench, c *cpu.CPU) {
	must(Disable(c, 3))
	b.rest(c)
}

// rest is what a task does that relies on disable_irq.
func (b *bench) rest(c *cpu.CPU) {
	b.quiet = true
	c.Spend(cost.Instruction)
	b.quiet = false
}

func disableNoSync(_ *bench, c *cpu.CPU) { must(DisableNoSync(c, 3)) }

func enable(_ *bench, c *cpu.CPU) { must(Enable(c, 3)) }

func moveTo(n int) op {
	return func(b *bench, c *cpu.CPU) {
		must(SetAffinity(c, 3, cpumask.Of(n)))
		b.moves, b.last, b.since = b.moves+1, n, 0
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// model is the bench as the explorer sees it.
func (b *bench) model() *explore.Model {
	left, masks := b.cfg.arrivals, uint8(0)
	signal := b.chip.(interface{ signal() }).signal
	events := []explore.Event{{Name: "the device has something", Ready: func() bool { return left > 0 },
		Fire: func() { left--; b.events++; b.since = 1; signal() }}}
	if ch, ok := b.chip.(*messageChip); ok && b.cfg.mask {
		events = append(events,
			explore.Event{Name: "the function is masked", Ready: func() bool { return masks == 0 },
				Fire: func() { masks = 1; b.line.function = true }},
			explore.Event{Name: "the function is unmasked", Ready: func() bool { return masks == 1 },
				Fire: func() { masks = 2; b.line.function = false; ch.release() }})
	}
	return &explore.Model{Engine: b.cpus[0].Engine(), CPUs: b.cpus, Events: events, Check: b.check, End: b.end,
		State: func(to []byte) []byte { return append(b.state(to), left, masks) }}
}

// state is all that decides about the future.
func (b *bench) state(to []byte) []byte {
	d := b.d
	for _, on := range []bool{b.running, b.quiet, b.busy, b.line.masked, b.line.held, b.line.function, b.line.remote,
		b.ctl[0].irr, b.ctl[0].isr, b.ctl[1].irr, b.ctl[1].isr, b.gone[0], b.gone[1], d.lock.Locked()} {
		if on {
			to = append(to, 1)
		} else {
			to = append(to, 0)
		}
	}
	return append(to, b.events, b.served, b.saw, byte(b.dest), byte(b.moves), byte(b.last), b.since, b.step[0], b.step[1], byte(d.depth),
		byte(d.State), byte(d.State>>8), byte(d.State>>16), byte(d.State>>24), byte(d.istate), byte(d.istate>>8),
		byte(d.Affinity.First()), byte(d.pending.First()), byte(d.Affinity.Count()), byte(d.pending.Count()))
}

// check is true of every state.
func (b *bench) check() error {
	switch {
	case b.twice:
		return fmt.Errorf("two handlers run at once")
	case b.quiet && b.running:
		return fmt.Errorf("a handler runs though disable_irq has returned")
	}
	return nil
}

// end is true of every state of rest.
func (b *bench) end() error {
	d := b.d
	switch {
	case b.served != b.events:
		return fmt.Errorf("lost: %d events, and the last handler began after %d", b.events, b.served)
	case d.lock.Locked():
		return fmt.Errorf("the descriptor's lock is held")
	case d.istate&Pending != 0 || d.has(InProgress|Disabled|Masked) || d.depth != 0:
		return fmt.Errorf("left over: state %#x, istate %#x, depth %d", d.State, d.istate, d.depth)
	case b.line != wire{}:
		return fmt.Errorf("left over in the chip: %+v", b.line)
	case b.ctl[0].irr || b.ctl[0].isr || b.ctl[1].irr || b.ctl[1].isr:
		return fmt.Errorf("left over in the controllers: %+v", b.ctl)
	case d.has(SetAffinityPending) && b.since > 0:
		return fmt.Errorf("the device had something since the move was asked for, and it has not happened")
	case b.moves > 0 && !d.has(SetAffinityPending) && (b.dest != b.last || d.Affinity != cpumask.Of(b.last)):
		return fmt.Errorf("the interrupt goes to CPU %d, was to go to CPU %d", b.dest, b.last)
	}
	return nil
}
