package machine

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/drivers/irqctl"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/chunk"
	"bothhalves/kernelsim/kernel/percpu/dyn"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// A loaded module: which of the reserved bytes its per-CPU variables have.
type loaded struct {
	Module
	vars []*percpu.Declaration
}

// helpers are the modules that every machine can load.
func helpers() []Module {
	return []Module{{Name: irqctl.Name, Params: []File{{Name: irqctl.Param, Write: irqctl.Command}}}}
}

// Modules names the modules that modprobe knows.
func (m *Machine) Modules() []string {
	var names []string
	for _, mod := range m.parts.Modules {
		names = append(names, mod.Name)
	}
	slices.Sort(names)
	return names
}

// Loaded lists the loaded modules in the order of their loading.
func (m *Machine) Loaded() []Module {
	var list []Module
	for _, l := range m.modules {
		list = append(list, l.Module)
	}
	return list
}

// Modprobe loads a module: its per-CPU variables get their places in the
// reserved part of the first chunk, its Init runs in a kernel thread to its
// end. ENOENT for an unknown name, EEXIST if it is loaded, ENOMEM when the
// reserved part is full.
func (m *Machine) Modprobe(name string) error {
	i := slices.IndexFunc(m.parts.Modules, func(mod Module) bool { return mod.Name == name })
	if i < 0 {
		return fmt.Errorf("module %s not found: %w", name, errno.ENOENT)
	}
	if m.find(name) != nil {
		return fmt.Errorf("module %s is loaded: %w", name, errno.EEXIST)
	}
	l := &loaded{Module: m.parts.Modules[i]}
	if err := m.placeModule(l); err != nil {
		return err
	}
	m.modules = append(m.modules, l)
	var failed error
	err := m.Do("modprobe", func(c *cpu.CPU) { failed = l.call(c) })
	if failed != nil {
		m.unload(l)
		return fmt.Errorf("module %s: init: %w", name, failed)
	}
	return err
}

func (l *loaded) call(c *cpu.CPU) error {
	if l.Init == nil {
		return nil
	}
	return l.Init(c)
}

// Rmmod unloads a module: Exit runs, its variables' places are free again.
func (m *Machine) Rmmod(name string) error {
	l := m.find(name)
	if l == nil {
		return fmt.Errorf("module %s is not loaded: %w", name, errno.ENOENT)
	}
	err := m.Do("rmmod", func(c *cpu.CPU) {
		if l.Exit != nil {
			l.Exit(c)
		}
	})
	if err == nil {
		m.unload(l)
	}
	return err
}

func (m *Machine) find(name string) *loaded {
	i := slices.IndexFunc(m.modules, func(l *loaded) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return m.modules[i]
}

// placeModule models percpu_modalloc (kernel/module/main.c): room in the
// reserved part for the module's variables, one behind the other by name,
// all of it on every CPU.
func (m *Machine) placeModule(l *loaded) error {
	for _, d := range percpu.Declarations(l.Name) {
		off, err := dyn.Place(m.cpus[0], chunk.Request{Size: d.Size, Align: 8, Reserved: true})
		if err != nil {
			m.unplace(l)
			return fmt.Errorf("module %s: percpu variable %s of %d bytes: reserved area: %w", l.Name, d.Name, d.Size, errno.ENOMEM)
		}
		m.binding.Place(d, off)
		l.vars = append(l.vars, d)
		for _, c := range m.cpus {
			m.binding.Bind(c, d)
		}
	}
	return nil
}

func (m *Machine) unplace(l *loaded) {
	for _, d := range l.vars {
		off, _ := m.binding.Offset(d)
		for _, c := range m.cpus {
			m.binding.Forget(c, d)
		}
		m.binding.Remove(d)
		_ = dyn.Release(m.cpus[0], off) // it was placed there
	}
	l.vars = nil
}

func (m *Machine) unload(l *loaded) {
	m.unplace(l)
	m.modules = slices.DeleteFunc(m.modules, func(other *loaded) bool { return other == l })
}

// Do runs fn as a process of CPU 0 and waits, in virtual time, until it has
// returned.
func (m *Machine) Do(name string, fn func(c *cpu.CPU)) error { return m.DoOn(name, []int{0}, fn) }

// DoOn is Do on one of some CPUs; one that is not there is none.
func (m *Machine) DoOn(name string, cpus []int, fn func(c *cpu.CPU)) error {
	done := false
	sched.Spawn(m.cpus[0], name, sched.Attr{CPUs: cpus}, func(t *sched.Task) {
		fn(t.CPU())
		done = true
		m.eng.Stop()
	})
	_, err := m.eng.Run(m.eng.Now() + idleLimit)
	if done && m.eng.Failed() == nil {
		return nil
	}
	if err := m.outcome(err); err != nil {
		return err
	}
	return fmt.Errorf("%s has not returned after %s of virtual time", name, idleLimit)
}

// Burn starts a program that computes for d, on CPU n or, for a negative n,
// wherever the scheduler puts it. It can be interrupted, preempted and moved.
func (m *Machine) Burn(n int, d sim.Time) error {
	if n >= len(m.cpus) {
		return fmt.Errorf("no CPU %d: this machine has 0 to %d: %w", n, len(m.cpus)-1, errno.EINVAL)
	}
	attr := sched.Attr{User: true}
	if n >= 0 {
		attr.CPUs = []int{n}
	}
	sched.Spawn(m.cpus[0], "burn", attr, func(t *sched.Task) { sched.Compute(t, d) })
	return nil
}
