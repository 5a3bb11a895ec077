package vector

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A bench is the two processors of a pair, of which CPU 0 does what a test
// says, with interrupts off, while CPU 1 waits for interrupts. Each is a node
// of its own.
type bench struct {
	*pair
	t        *testing.T
	messages []irq.Message
	levels   []*irq.Data // what a failed request left of the VECTOR level
}

// onBench runs f on CPU 0.
func onBench(t *testing.T, f func(b *bench, c *cpu.CPU)) {
	t.Helper()
	b := &bench{pair: &pair{}, t: t}
	done := false
	eng, price := sim.New(2), cost.Default()
	text, _ := b.gates()
	_, table := b.gates()
	bind := percpu.Link(func(string) (percpu.Off, bool) { return 0, false }, 0)
	image := make([]byte, 1<<15)
	must(bind.Image(image))
	hooks, ring := &cpu.Hooks{Preempt: func(*cpu.CPU) {}}, trace.NewRing(1024)
	for n := range 2 {
		c := cpu.New(cpu.Setup{Proc: eng.Proc(n), Price: &price, Hooks: hooks, Ring: ring, Text: text})
		b.units[n] = &unit{p: b.pair, n: n}
		c.Attach(b.units[n], nil)
		c.LIDT(cpu.IDTR{Limit: gatereg.Size*256 - 1}, table)
		b.cpus = append(b.cpus, c)
	}
	for n, c := range b.cpus {
		c.Peers = b.cpus
		bind.Load(c, percpu.Addr(n)<<20, append([]byte(nil), image...))
	}
	sched.Init(b.cpus[0], sched.Config{HZ: 250})
	affinity.SetTopology(b.cpus[0], affinity.Numa(2, 2))
	life := func(task *sched.Task) {
		c := task.CPU()
		b.up(c)
		for !b.begun {
			c.Halt()
		}
		if c.ID == 0 {
			f(b, c)
			done = true
			c.CLI()
			c.Halt()
		}
		for {
			c.HaltSTI()
		}
	}
	for _, c := range b.cpus {
		c.Start(sched.InitIdle(c, life))
		b.run(eng)
	}
	b.begun = true
	for _, c := range b.cpus {
		c.Wake()
	}
	b.run(eng)
	if !done {
		t.Error("CPU 0 is not through")
	}
}

func (b *bench) run(eng *sim.Engine) {
	if _, err := eng.Run(sim.Forever); err != nil || eng.Failed() != nil {
		b.t.Fatal(err, eng.Failed())
	}
}

// pass lets CPU 1 serve what has come.
func (b *bench) pass(c *cpu.CPU) {
	for range 100 {
		c.Spend(cost.ProbeLoop)
	}
}

func (b *bench) equal(what string, got, want any) {
	b.t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		b.t.Errorf("%s: %s, want %s", what, g, w)
	}
}

// free says that nobody holds vector_lock.
func (b *bench) free(c *cpu.CPU) {
	b.t.Helper()
	b.equal("vector_lock held", vectorLock.Of(c).Locked(), false)
}

// logged is how many lines of the log say something.
func logged(c *cpu.CPU, text string) (n int) {
	for _, l := range printk.Lines(c) {
		if strings.Contains(l.Text, text) {
			n++
		}
	}
	return n
}

// Alloc keeps what the parent has left behind.
func (b *bench) Alloc(c *cpu.CPU, d *irq.Domain, virq irq.Number, n int, arg any) error {
	err := irq.AllocParent(c, d, virq, n, arg)
	b.levels = nil
	for i := range irq.Number(n) {
		b.levels = append(b.levels, irq.DataOf(c, d.Parent, virq+i))
		irq.SetInfo(c, d, virq+i, 0, b, nil)
	}
	return err
}

func (b *bench) WriteMessage(_ *cpu.CPU, _ *irq.Data, m irq.Message) {
	b.messages = append(b.messages, m)
}

func (b *bench) SetAffinity(c *cpu.CPU, data *irq.Data, m irq.Mask, force bool) (bool, error) {
	return SetMSIAffinity(c, data, m, force)
}

// ask requests n interrupts from the VECTOR domain through the bench's own.
func (b *bench) ask(c *cpu.CPU, n, node int, info AllocInfo, masks ...affinity.Desc) ([]*chipData, irq.Number, error) {
	dom := &irq.Domain{Name: "bench", Parent: Domain(c), Ops: b}
	first, err := irq.AllocIRQs(c, dom, n, node, &info, masks)
	if err != nil {
		return nil, 0, err
	}
	var list []*chipData
	for i := range n {
		list = append(list, dataOf(&irq.ToDesc(c, first+irq.Number(i)).Data))
	}
	return list, first, nil
}

// one is ask for an interrupt that must be there.
func (b *bench) one(c *cpu.CPU, node int, info AllocInfo, masks ...affinity.Desc) (*chipData, *irq.Data) {
	list, n, err := b.ask(c, 1, node, info, masks...)
	must(err)
	return list[0], &irq.ToDesc(c, n).Data
}

// leave takes vectors of a processor until so many are left.
func leave(c *cpu.CPU, n, left int) {
	have := books(c).Available(1-n, true)
	for v := 0x21; v < 0x100 && have > left; v++ {
		if !books(c).Taken(n, v) {
			books(c).Assign(n, v)
			have = books(c).Available(1-n, true)
		}
	}
}

func on(n ...int) *cpumask.Mask {
	m := cpumask.Of(n...)
	return &m
}
