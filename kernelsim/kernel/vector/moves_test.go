package vector

import (
	"errors"
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/internal/explore"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A pair is two processors with their local APICs and a device whose one
// message goes through the real VECTOR domain.
type pair struct {
	cpus  []*cpu.CPU
	units [2]*unit
	dom   irq.Domain
	d     *irq.Desc
	data  *chipData

	msg                    irq.Message
	masked, held           bool
	events, served, saw    byte
	running, twice, nobody bool
	begun                  bool
	hasty                  bool     // a mistake: the old vector is given back at once
	moves                  [2][]int // of each processor: where it moves the interrupt
	step                   [2]byte
}

// unit is a local APIC as far as it takes part: requests, service, end of
// interrupt and the ICR (SDM volume 3, "Local APIC").
type unit struct {
	p        *pair
	n        int
	irr, isr [8]uint32
	dest     uint32
}

// highest is the highest vector of a register, -1 if there is none.
func highest(reg *[8]uint32) int {
	for v := 255; v >= 0; v-- {
		if reg[v>>5]>>(v&31)&1 != 0 {
			return v
		}
	}
	return -1
}

func (u *unit) Pending() (cpu.Vector, bool) {
	v := highest(&u.irr)
	return cpu.Vector(v), v >= 0 && v>>4 > highest(&u.isr)>>4
}

func (u *unit) Acknowledge() cpu.Vector {
	v := highest(&u.irr)
	u.irr[v>>5] &^= 1 << (v & 31)
	u.isr[v>>5] |= 1 << (v & 31)
	return cpu.Vector(v)
}

func (u *unit) Claims(addr uint64) (uint32, bool) { return uint32(addr & 0xfff), addr>>12 == 0xfee00 }

func (u *unit) MMIORead(off uint32, _ int) uint64 {
	if off >= 0x200 && off < 0x280 {
		return uint64(u.irr[(off-0x200)>>4])
	}
	return 0
}

func (u *unit) MMIOWrite(off uint32, _ int, v uint64) {
	switch off {
	case 0xb0:
		if s := highest(&u.isr); s >= 0 {
			u.isr[s>>5] &^= 1 << (s & 31)
		}
		u.p.cpus[u.n].Interrupt()
	case 0x310:
		u.dest = uint32(v) >> 24
	case 0x300:
		to := u.dest
		if v>>18&3 == 1 {
			to = 1 << u.n
		}
		u.p.send(to, int(v&0xff))
	}
}

func (*unit) HasMSR(uint32) bool            { return false }
func (*unit) ReadMSR(uint32) (uint64, bool) { return 0, false }
func (*unit) WriteMSR(uint32, uint64) bool  { return false }
func (*unit) CR8() uint8                    { return 0 }
func (*unit) SetCR8(uint8)                  {}

// send is a message on its way to a logical set of processors.
func (p *pair) send(to uint32, v int) {
	for n, u := range p.units {
		if to>>n&1 != 0 {
			u.irr[v>>5] |= 1 << (v & 31)
			p.cpus[n].Interrupt()
		}
	}
}

// signal is the device's event.
func (p *pair) signal() {
	p.events++
	p.held = true
	p.release()
}

// release sends what the device holds if it may.
func (p *pair) release() {
	if p.held && !p.masked {
		p.held = false
		p.send(uint32(p.msg.Address>>12)&0xff, int(p.msg.Data&0xff))
	}
}

// The domain and the chip of the device's message, as PCI-MSI has them.

func (p *pair) Alloc(c *cpu.CPU, d *irq.Domain, virq irq.Number, n int, arg any) error {
	if err := irq.AllocParent(c, d, virq, n, arg); err != nil {
		return err
	}
	irq.SetInfo(c, d, virq, 0, p, nil)
	irq.SetHandler(c, virq, irq.HandleEdge, "edge", false)
	return nil
}

func (p *pair) Free(c *cpu.CPU, d *irq.Domain, virq irq.Number, n int) { irq.FreeParent(c, d, virq, n) }

func (p *pair) Activate(c *cpu.CPU, _ *irq.Domain, data *irq.Data, _ bool) error {
	p.WriteMessage(c, data, irq.Compose(c, data))
	return nil
}

func (p *pair) Deactivate(*cpu.CPU, *irq.Domain, *irq.Data) {}

func (p *pair) Name() string { return "PCI-MSI" }

func (p *pair) Mask(c *cpu.CPU, _ *irq.Data) {
	p.masked = true
	c.Spend(cost.MMIOWrite)
}

func (p *pair) Unmask(c *cpu.CPU, _ *irq.Data) {
	p.masked = false
	p.release()
	c.Spend(cost.MMIOWrite)
}

func (p *pair) Ack(c *cpu.CPU, data *irq.Data) { irq.AckParent(c, data) }

func (p *pair) Retrigger(c *cpu.CPU, data *irq.Data) { irq.RetriggerHierarchy(c, data) }

func (p *pair) SetAffinity(c *cpu.CPU, data *irq.Data, m irq.Mask, force bool) (bool, error) {
	done, err := SetMSIAffinity(c, data, m, force)
	if p.hasty && p.data.moving {
		p.data.freeMoved(c)
	}
	return done, err
}

func (p *pair) WriteMessage(c *cpu.CPU, _ *irq.Data, m irq.Message) {
	p.msg = m
	c.Spend(cost.MMIOWrite)
}

// newPair builds the machine and lets it run up to where the interrupt, on CPU
// 0, has been requested and both processors are about to do what moves says.
func newPair(moves [2][]int) *pair {
	p := &pair{moves: moves}
	eng, price := sim.New(2), cost.Default()
	text, table := p.gates()
	bind := percpu.Link(func(string) (percpu.Off, bool) { return 0, false }, 0)
	image := make([]byte, 1<<15)
	must(bind.Image(image))
	hooks, ring := &cpu.Hooks{Preempt: func(*cpu.CPU) {}}, trace.NewRing(1024)
	for n := range 2 {
		c := cpu.New(cpu.Setup{Proc: eng.Proc(n), Price: &price, Hooks: hooks, Ring: ring, Text: text})
		p.units[n] = &unit{p: p, n: n}
		c.Attach(p.units[n], nil)
		c.LIDT(cpu.IDTR{Limit: uint16(len(table) - 1)}, table)
		p.cpus = append(p.cpus, c)
	}
	for n, c := range p.cpus {
		c.Peers = p.cpus
		bind.Load(c, percpu.Addr(n)<<20, append([]byte(nil), image...))
	}
	sched.Init(p.cpus[0], sched.Config{HZ: 250})
	for _, c := range p.cpus {
		c.Start(sched.InitIdle(c, p.live))
		if _, err := eng.Run(sim.Forever); err != nil || eng.Failed() != nil {
			panic(fmt.Sprint(err, eng.Failed()))
		}
	}
	p.begun = true
	for _, c := range p.cpus {
		c.Wake()
	}
	return p
}

// gates lead each vector to the way in.
func (p *pair) gates() (*cpu.Text, []byte) {
	text, table := cpu.NewText(), make([]byte, 256*gatereg.Size)
	for v := 0x20; v < 256; v++ {
		addr := 0x1000 + uint64(v)*16
		text.Put(addr, "entry", func(c *cpu.CPU, _ *cpu.Frame) { p.interrupt(c, cpu.Vector(v)) })
		gate := cpu.EncodeGate(gatereg.Gate{Offset: addr, Selector: 0x10, Type: gatereg.InterruptGate, Present: true})
		copy(table[v*gatereg.Size:], gate[:])
	}
	return text, table
}

// live is what a processor does: it comes up, then its moves, then it sleeps.
func (p *pair) live(t *sched.Task) {
	c := t.CPU()
	p.up(c)
	for !p.begun {
		c.Halt()
	}
	c.STI()
	for _, to := range p.moves[c.ID] {
		must(irq.SetAffinity(c, p.d.IRQ, cpumask.Of(to)))
		p.step[c.ID]++
	}
	for {
		c.HaltSTI()
	}
}

func (p *pair) up(c *cpu.CPU) {
	affinity.AddToNode(c, c.ID)
	affinity.SetOnline(c, c.ID, true)
	if c.ID == 1 {
		Online(c)
		return
	}
	ours, at := c.SIDT(), c.IDT()
	idt.Init(c, idt.Config{Release: idt.Releases()[0]})
	idt.SetupAPICAndIRQGates(c) // it says which vectors are the system's
	c.LIDT(ours, at)
	apic.Init(c, apic.Config{CPUs: 2})
	irq.EarlyInit(c, 24)
	Init(c)
	p.dom = irq.Domain{Name: "PCI-MSI", Parent: Domain(c), Ops: p}
	n, err := irq.AllocIRQs(c, &p.dom, 1, 0, &AllocInfo{}, nil)
	must(err)
	must(irq.Request(c, n, p.handle, 0, "pair", nil))
	p.d = irq.ToDesc(c, n)
	p.data = dataOf(&p.d.Data)
}

// interrupt is common_interrupt, and the clean-up's own way in.
func (p *pair) interrupt(c *cpu.CPU, v cpu.Vector) {
	c.Spend(cost.InterruptEntry)
	preempt.Add(c, preempt.HardIRQOffset)
	if v == idt.MoveCleanup {
		apic.EOI(c)
		Cleanup(c)
	} else if d, quiet := Lookup(c, v); d != nil {
		irq.Handle(c, d)
	} else {
		apic.EOI(c)
		p.nobody = p.nobody || !quiet
	}
	preempt.Sub(c, preempt.HardIRQOffset)
	c.Spend(cost.InterruptReturn)
}

func (p *pair) handle(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
	p.twice = p.twice || p.running
	p.running, p.saw = true, p.events
	c.Spend(cost.MMIORead)
	p.served, p.running = p.saw, false
	return irq.Handled
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// model is the pair as the explorer sees it.
func (p *pair) model(events byte) *explore.Model {
	left := events
	return &explore.Model{Engine: p.cpus[0].Engine(), CPUs: p.cpus, Check: p.check, End: p.end,
		Events: []explore.Event{{Name: "the device has something", Ready: func() bool { return left > 0 }, Fire: func() { left--; p.signal() }}},
		State:  p.state}
}

// state is all that decides about the future. IRQS_PENDING is set together with
// IRQD_IRQ_MASKED here, and cleared with it.
func (p *pair) state(to []byte) []byte {
	d := p.data
	to = append(to, p.events, p.served, p.saw, p.step[0], p.step[1], byte(p.msg.Address>>12), byte(p.msg.Data),
		byte(d.vector), byte(d.prev), byte(d.cpu), byte(d.prevCPU), byte(d.cfgVector), byte(d.cfgCPU),
		byte(p.d.State), byte(p.d.State>>8), byte(p.d.State>>16), byte(p.d.State>>24), byte(p.d.ShownAffinity().First()), byte(p.d.Affinity.First()),
		flags(p.masked, p.held, p.running, d.moving, d.queued, vectorLock.Of(p.cpus[0]).Locked()))
	for n, u := range p.units {
		at := vectorIRQ.Raw(p.cpus[n])
		for v := 0x20; v < 0x28; v++ {
			to = append(to, flags(at[v].desc != nil, at[v].once))
		}
		to = append(to, byte(u.irr[1]), byte(u.isr[1]), byte(u.irr[1]>>8), byte(u.dest))
	}
	return to
}

func flags(list ...bool) (b byte) {
	for i, on := range list {
		b |= byte(bit(on)) << i
	}
	return b
}

func (p *pair) check() error {
	switch {
	case p.twice:
		return errors.New("two handlers run at once")
	case p.nobody:
		return errors.New("an interrupt came on a vector that nobody has")
	}
	return nil
}

func (p *pair) end() error {
	d, slots := p.data, 0
	for n, u := range p.units {
		if highest(&u.irr) >= 0 || highest(&u.isr) >= 0 {
			return fmt.Errorf("left over in the local APIC of CPU %d", n)
		}
		for v := range 256 {
			if vectorIRQ.Raw(p.cpus[n])[v].desc == p.d {
				slots++
			}
		}
	}
	want := 1 + int(bit(d.moving))
	switch {
	case p.served != p.events:
		return fmt.Errorf("lost: %d events, and the last handler began after %d", p.events, p.served)
	case p.masked || p.held || d.queued || p.d.State&(irq.InProgress|irq.Masked) != 0:
		return fmt.Errorf("left over: masked %v, held %v, on a clean-up list %v, state %#x", p.masked, p.held, d.queued, p.d.State)
	case slots != want || books(p.cpus[0]).Allocated(0)+books(p.cpus[0]).Allocated(1) != 15+want:
		return fmt.Errorf("the interrupt has %d vectors, should have %d:\n%s", slots, want, Debug(p.cpus[0]))
	}
	return nil
}
