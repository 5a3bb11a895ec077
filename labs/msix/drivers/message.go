// Package drivers holds what the lab's tasks load into the machine: modules
// that look at what a student's part does, and the driver around a student's
// probe function.
package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/machine"
)

// Messages are the functions of the task msix-compose.
type Messages struct {
	Compose machine.ComposeMSI
	Decode  func(addr uint64, data uint32) (dest uint32, logical bool, v cpu.Vector, ok bool)
}

// Parts plugs the functions in, with the module messages whose files say what
// they make of single values.
func (m *Messages) Parts() []machine.Part {
	return []machine.Part{machine.WithComposeMSI(m.Compose), machine.WithDecodeMSI(m.decode), machine.WithModule(m.module())}
}

// DefaultMessages are the machine's own functions.
func DefaultMessages() *Messages {
	return &Messages{Compose: defaultCompose, Decode: defaultDecode}
}

func defaultCompose(dest uint32, logical bool, v cpu.Vector) (addr uint64, data uint32, err error) {
	addr, data, ok := lapicreg.Message{Dest: dest, Logical: logical, Vector: uint8(v)}.MSI()
	if !ok {
		return 0, 0, fmt.Errorf("no message names destination %#x", dest)
	}
	return addr, data, nil
}

func defaultDecode(addr uint64, data uint32) (dest uint32, logical bool, v cpu.Vector, ok bool) {
	m := lapicreg.FromMSI(addr, data)
	a := bus.Addr(addr)
	return m.Dest, m.Logical, cpu.Vector(m.Vector), a >= bus.MessageBase && a <= bus.MessageLast && !lapicreg.Remappable(addr)
}

// decode is what the board reads in a message, if it is one. The IOAPIC's are
// not asked for: a kernel needs them before any device has written one. How a
// message is delivered, beside to whom, is the board's own business.
func (m *Messages) decode(msg bus.Message) (out lapicreg.Message, ok bool) {
	out = lapicreg.FromMSI(uint64(msg.Addr), msg.Data)
	if msg.From == nil || msg.From.Name == "ioapic0" {
		return out, true
	}
	dest, logical, v, ok := m.Decode(uint64(msg.Addr), msg.Data)
	out.Dest, out.Logical, out.Vector = dest, logical, uint8(v)
	return out, ok
}

func (m *Messages) module() machine.Module {
	mod := machine.Module{Name: "messages"}
	for _, f := range []struct {
		name string
		read func() string
	}{{"fields", m.fields}, {"compose", m.composed}, {"refuse", m.refused}, {"decode", m.decoded}, {"foreign", m.foreign}} {
		mod.Files = append(mod.Files, machine.File{Name: "messages/" + f.name, Read: func(*cpu.CPU) string { return f.read() }})
	}
	return mod
}

// fields shows which bits each part of a message sets, beside those of the
// message to APIC 0 with vector 0.
func (m *Messages) fields() string {
	base, zero, err := m.Compose(0, false, 0)
	if err != nil {
		return fmt.Sprintf("destination 0, vector 0: refused: %v\n", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "to APIC 0, vector 0: address %#x, data %#x\n", base, zero)
	for _, f := range []struct {
		name    string
		dest    uint32
		logical bool
		v       cpu.Vector
	}{{"destination", 0xff, false, 0}, {"logical", 0, true, 0}, {"vector", 0, false, 0xff}} {
		addr, data, err := m.Compose(f.dest, f.logical, f.v)
		if err != nil {
			fmt.Fprintf(&b, "%s: refused: %v\n", f.name, err)
			continue
		}
		fmt.Fprintf(&b, "%s: address %s, data %s\n", f.name, bits(addr^base), bits(uint64(data^zero)))
	}
	return b.String()
}

// composed shows messages that a running Linux wrote into the tables of
// devices, and a few more.
func (m *Messages) composed() string {
	var b strings.Builder
	for _, r := range []struct {
		dest    uint32
		logical bool
		v       cpu.Vector
	}{{1, true, 0xef}, {4, true, 0x24}, {8, true, 0x22}, {0, false, 0x23}, {11, false, 0x21}, {254, false, 0xec}} {
		mode := "APIC"
		if r.logical {
			mode = "logical"
		}
		addr, data, err := m.Compose(r.dest, r.logical, r.v)
		fmt.Fprintf(&b, "%s %d, vector %#02x: ", mode, r.dest, uint8(r.v))
		if err != nil {
			fmt.Fprintf(&b, "refused: %v\n", err)
			continue
		}
		fmt.Fprintf(&b, "address %#08x, data %#08x\n", addr, data)
	}
	return b.String()
}

// refused shows which destinations are accepted.
func (m *Messages) refused() string {
	var b strings.Builder
	for _, dest := range []uint32{0, 254, 255, 256, 290, 0x1ff, 0x8000, 0x100_0000, 0xffff_ffff} {
		verdict := "accepted"
		if _, _, err := m.Compose(dest, false, 0x41); err != nil {
			verdict = "refused"
		}
		fmt.Fprintf(&b, "APIC %d: %s\n", dest, verdict)
	}
	return b.String()
}

// decoded shows from which bits of a message each part is read: each bit in
// turn is turned around. What is no message has no parts, whatever is returned
// beside that.
func (m *Messages) decoded() string {
	const addr, data = 0xfee00000, 0x41
	dest, logical, v, ok := m.Decode(addr, data)
	if !ok {
		return fmt.Sprintf("address %#x, data %#x: taken for no message\n", addr, data)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "address %#x, data %#x: destination %d, logical %t, vector %#02x\n", addr, data, dest, logical, uint8(v))
	for _, f := range []struct {
		name    string
		differs func(d uint32, l bool, v2 cpu.Vector) bool
	}{
		{"destination", func(d uint32, _ bool, _ cpu.Vector) bool { return d != dest }},
		{"logical", func(_ uint32, l bool, _ cpu.Vector) bool { return l != logical }},
		{"vector", func(_ uint32, _ bool, v2 cpu.Vector) bool { return v2 != v }},
	} {
		var inAddr, inData uint64
		for bit := range 32 {
			if d, l, w, ok := m.Decode(addr^1<<bit, data); ok && f.differs(d, l, w) {
				inAddr |= 1 << bit
			}
			if d, l, w, ok := m.Decode(addr, data^1<<bit); ok && f.differs(d, l, w) {
				inData |= 1 << bit
			}
		}
		fmt.Fprintf(&b, "%s: address %s, data %s\n", f.name, bits(inAddr), bits(inData))
	}
	return b.String() + m.back()
}

// back reads every message that there is.
func (m *Messages) back() string {
	same, n := 0, 0
	for dest := range uint32(256) {
		for v := range 256 {
			logical := (dest+uint32(v))%2 == 1
			addr, data, _ := defaultCompose(dest, logical, cpu.Vector(v))
			d, l, w, ok := m.Decode(addr, data)
			if n++; ok && d == dest && l == logical && w == cpu.Vector(v) {
				same++
			}
		}
	}
	return fmt.Sprintf("read back: %d of %d\n", same, n)
}

// foreign shows which writes are taken for messages.
func (m *Messages) foreign() string {
	var b strings.Builder
	for _, w := range []struct {
		addr uint64
		what string
	}{
		{0xfee00000, "the first address of the window"}, {0xfeeff000, "to the last APIC"}, {0xfeeff004, "to every logical APIC"},
		{0xfee0400c, "with the redirection hint"},
		{0xfed00000, "below the window"}, {0xfef00000, "above the window"}, {0xfec00000, "the IOAPIC's registers"},
		{0x1_fee00000, "the window, four gigabytes up"}, {0xfee0_0000_0000, "another upper half"}, {0x1000, "somebody's memory"},
		{0xfee00010, "index 0 of the remapping table"}, {0xfee00018, "the same, with the data added to it"},
		{0xfee0025c, "another index"},
	} {
		verdict := "no message"
		if _, _, _, ok := m.Decode(w.addr, 0x41); ok {
			verdict = "a message"
		}
		fmt.Fprintf(&b, "%#x, %s: %s\n", w.addr, w.what, verdict)
	}
	return b.String()
}

// bits lists the bits of a word that are set, as a manual writes them.
func bits(word uint64) string {
	var list []string
	for lo := 0; lo < 64; lo++ {
		if word>>lo&1 == 0 {
			continue
		}
		hi := lo
		for hi < 63 && word>>(hi+1)&1 != 0 {
			hi++
		}
		if hi == lo {
			list = append(list, fmt.Sprint(lo))
		} else {
			list = append(list, fmt.Sprintf("%d:%d", hi, lo))
		}
		lo = hi
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, " ")
}
