package rx

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
)

// inc counts as the true driver does.
func inc(c *cpu.CPU) { Packets.Inc(c) }

// True is the driver without a fault.
func True() Driver { return Driver{Count: inc} }

// Broken are drivers with one fault each, by the name that a task knows them
// by.
func Broken() map[string]Driver {
	return map[string]Driver{
		"wrong-cpu": {Count: func(c *cpu.CPU) { Packets.SetOn(c, 0, Packets.On(c, 0)+1) }},
		"narrow":    {Count: func(c *cpu.CPU) { Packets.Write(c, (Packets.Read(c)+1)&0xff) }, Show: show8},
		"forgets":   {Count: inc, AfterRead: forget},
		"split":     {Count: split},
		"leaves-vector": {
			Count: inc, KeepsIRQ: true,
		},
		"deaf": {Count: deaf},
	}
}

// Names lists the broken drivers.
func Names() []string {
	var names []string
	for name := range Broken() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func show8(c *cpu.CPU, n int) uint64 { return Packets.Peek(c.Peers[n]) & 0xff }

func forget(c *cpu.CPU) {
	for _, p := range c.Peers {
		Packets.Poke(p, 0)
	}
}

// split reads, and writes in a second step.
func split(c *cpu.CPU) {
	n := Packets.Read(c)
	Packets.Write(c, n+1)
}

// deaf closes the window and never opens it again.
func deaf(c *cpu.CPU) {
	c.CLI()
	Packets.Inc(c)
}
