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
		out = append(out, fmt.Sprintf("not %d bytes of memory that is held", a.need()))
	} else if p.node != a.req.Node(n) {
		out = append(out, fmt.Sprintf("on node %d", p.node))
	}
	for other := range a.req.CPUs {
		if other != n && distance(at, a.areas.Offset(other)) < a.need() {
			out = append(out, fmt.Sprintf("overlaps the unit of cpu %d", other))
			break
		}
	}
	if out == nil {
		return []string{"whole, on node " + fmt.Sprint(a.req.Node(n))}
	}
	return out
}

func distance(a, b percpu.Addr) uint64 {
	if a > b {
		return uint64(a - b)
	}
	return uint64(b - a)
}

// within finds the held piece that a whole unit lies in.
func (a *Areas) within(at percpu.Addr) (piece, bool) {
	for _, p := range a.taken {
		if at >= p.at && uint64(at-p.at)+a.need() <= p.size {
			return p, true
		}
	}
	return piece{}, false
}

// memory prints the account: what the part took, what it still holds, what
// the units need.
func (a *Areas) memory() string {
	need := a.need() * uint64(a.req.CPUs)
	held := sum(a.taken)
	text := fmt.Sprintf("taken in all: %s\n", atoms(a.total))
	if held == need {
		return text + "held: what the units need\n"
	}
	return text + fmt.Sprintf("held: %d bytes more than the units need\n", int64(held-need))
}

func atoms(n uint64) string {
	if n%atom == 0 {
		return "whole atoms of 2 MiB"
	}
	return fmt.Sprintf("%d bytes, which is no whole number of 2 MiB atoms", n)
}

// address compares Addr with the sum that the hardware makes.
func (a *Areas) address() string {
	var b strings.Builder
	for n := range a.req.CPUs {
		verdict := "offset of the CPU + offset of the variable"
		for _, sym := range []percpu.Off{0, 40, 0x1ad40, percpu.Off(len(a.req.Section.Image) - 1)} {
			if a.areas.Addr(n, sym) != a.areas.Offset(n)+percpu.Addr(sym) {
				verdict = fmt.Sprintf("not so for the variable at %#x", uint64(sym))
				break
			}
		}
		fmt.Fprintf(&b, "cpu %d: %s\n", n, verdict)
	}
	return b.String()
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
	word.SetOn(c, n, v)
	return nil
}
