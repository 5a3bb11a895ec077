package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
)

const (
	page = 4096
	atom = 2 << 20
)

// need is what one CPU's unit must hold: static, reserved and dynamic part,
// in whole pages.
func (a *Areas) need() uint64 {
	s := a.req.Section
	n := len(s.Image) + s.Reserved + s.Dynamic
	return uint64((n + page - 1) / page * page)
}

// units prints, for each CPU, what holds of its unit.
func (a *Areas) units() string {
	var b strings.Builder
	for n := range a.req.CPUs {
		fmt.Fprintf(&b, "cpu %d: %s\n", n, strings.Join(a.faults(n), ", "))
	}
	return b.String()
}

// faults lists what is wrong with a unit, "whole" if nothing is.
func (a *Areas) faults(n int) []string {
	var out []string
	at := a.areas.Offset(n)
	if at%page != 0 {
		out = append(out, "not at a page's start")
	}
	if p, ok := a.within(at); !ok {
		out = append(out, fmt.Sprintf("its %d bytes are not all in memory that is held", a.need()))
	} else if p.node != a.req.Node(n) {
		out = append(out, fmt.Sprintf("on node %d, while its CPU is on node %d", p.node, a.req.Node(n)))
	}
	if other := a.overlapped(n); other >= 0 {
		out = append(out, fmt.Sprintf("overlaps the unit of cpu %d", other))
	}
	if out == nil {
		return []string{fmt.Sprintf("%s %d", wholeLine, a.req.Node(n))}
	}
	return out
}

// overlapped is the first CPU whose unit overlaps CPU n's, -1 if none does.
func (a *Areas) overlapped(n int) int {
	for other := range a.req.CPUs {
		if other != n && distance(a.areas.Offset(n), a.areas.Offset(other)) < a.need() {
			return other
		}
	}
	return -1
}

func distance(a, b percpu.Addr) uint64 {
	if a > b {
		return uint64(a - b)
	}
	return uint64(b - a)
}

// within finds the held piece that a whole unit lies in.
func (a *Areas) within(at percpu.Addr) (piece, bool) {
	for _, p := range a.mem.held {
		if at >= p.at && uint64(at-p.at)+a.need() <= p.size {
			return p, true
		}
	}
	return piece{}, false
}

// memory prints the account: what the part took, what it still holds, what
// the units need.
func (a *Areas) memory() string {
	taken, held := "in whole atoms of 2 MiB", "what the units need"
	if a.mem.odd > 0 {
		taken = fmt.Sprintf("%d pieces that are no whole, aligned atoms of 2 MiB", a.mem.odd)
	}
	need := a.need() * uint64(a.req.CPUs)
	if n := int64(sum(a.mem.held) - need); n != 0 {
		held = fmt.Sprintf("%d bytes more than the units need", n)
	}
	if spare := int64(a.mem.total) - int64(a.atoms()*atom); spare > 0 {
		taken += fmt.Sprintf(", %d bytes more than the units of the nodes fill", spare)
	}
	return fmt.Sprintf("taken: %s\nheld: %s\ngiven back without having been taken: %d bytes\n", taken, held, a.mem.foreign)
}

// atoms counts the atoms that the units of all nodes fill, node by node.
func (a *Areas) atoms() uint64 {
	n := uint64(0)
	for node := range a.req.Nodes {
		cpus := uint64(0)
		for cpu := range a.req.CPUs {
			if a.req.Node(cpu) == node {
				cpus++
			}
		}
		n += (cpus*a.need() + atom - 1) / atom
	}
	return n
}

// address compares Addr with the sum that the hardware makes.
func (a *Areas) address() string {
	var b strings.Builder
	for n := range a.req.CPUs {
		fmt.Fprintf(&b, "cpu %d: %s\n", n, a.sum(n))
	}
	return b.String()
}

// sum says whether CPU n's copies are where its offset says.
func (a *Areas) sum(n int) string {
	base := a.areas.Offset(n)
	for _, sym := range []percpu.Off{0, 40, 0x1ad40, percpu.Off(len(a.req.Section.Image) - 1)} {
		if at := a.areas.Addr(n, sym); at != base+percpu.Addr(sym) {
			return fmt.Sprintf("its offset is %#x, but its copy of the variable at %#x is said to be at %#x", uint64(base), uint64(sym), uint64(at))
		}
	}
	return sumLine
}

// word is a per-CPU variable that only this module touches.
var word = percpu.NewWordIn[uint32]("areas", "areas_word", 7)

func showWords(c *cpu.CPU) string {
	var b strings.Builder
	for n, p := range c.Peers {
		fmt.Fprintf(&b, "cpu %d: %d\n", n, word.Peek(p))
	}
	return b.String()
}

// storeWord takes "CPU VALUE".
func storeWord(c *cpu.CPU, text string) error {
	var n int
	var v uint32
	if _, err := fmt.Sscanf(text, "%d %d", &n, &v); err != nil || n < 0 || n >= len(c.Peers) {
		return errno.EINVAL
	}
	word.Poke(c.Peers[n], v)
	return nil
}
