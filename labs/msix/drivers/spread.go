package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/machine"
)

// Spread is a module that lets a part deal CPUs to vectors, on machines of many
// forms.
func Spread(f affinity.SpreadFunc) machine.Module {
	s := dealer(f)
	mod := machine.Module{Name: "spread"}
	for _, file := range []struct {
		name string
		read func() string
	}{{"reserved", s.reserved}, {"cover", s.cover}, {"groups", s.groups}, {"cores", s.cores}, {"absent", s.absent}} {
		mod.Files = append(mod.Files, machine.File{Name: "spread/" + file.name, Read: func(*cpu.CPU) string { return file.read() }})
	}
	return mod
}

type dealer affinity.SpreadFunc

// reserved shows the masks of those vectors that are not spread.
func (s dealer) reserved() string {
	var b strings.Builder
	top, all := affinity.Flat(4), affinity.MaskOf(0, 1, 2, 3, 5)
	for _, r := range []struct{ n, pre, post int }{{5, 1, 0}, {5, 0, 1}, {6, 1, 1}, {8, 1, 3}, {4, 0, 0}} {
		masks := s(affinity.Request{Vectors: r.n, Pre: r.pre, Post: r.post, Default: all, Topology: &top})
		fmt.Fprintf(&b, "%d vectors, %d before and %d behind:", r.n, r.pre, r.post)
		for i, m := range masks {
			switch reserved := i < r.pre || i >= r.n-r.post; {
			case !reserved && m != all:
				b.WriteString(" spread")
			default:
				b.WriteString(" " + list(masks[i:i+1]))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cover counts the machines on which each CPU is in one group, and tells of
// the first on which one is not.
func (s dealer) cover() string {
	right, all, first := 0, 0, ""
	for _, cpus := range []int{1, 2, 3, 4, 5, 8, 12, 31, 64, 65, 200, 256} {
		for _, n := range []int{1, 2, 3, 4, 7, 8, 16, 33, 64, 256} {
			top := affinity.Flat(cpus)
			wrong := uncovered(s(affinity.Request{Vectors: n, Default: top.Possible, Topology: &top}), n, &top)
			if all++; wrong == "" {
				right++
			} else if first == "" {
				first = fmt.Sprintf("%d CPUs, %d vectors: %s\n", cpus, n, wrong)
			}
		}
	}
	return fmt.Sprintf("every CPU in one group: on %d of %d machines\n%s", right, all, first)
}

// uncovered says what is wrong with n groups.
func uncovered(masks []affinity.CPUMask, n int, top *affinity.Topology) string {
	if len(masks) != n {
		return fmt.Sprintf("%d masks", len(masks))
	}
	var all affinity.CPUMask
	for i, m := range masks {
		switch {
		case m.Intersects(all):
			return fmt.Sprintf("CPU %d is in two groups, the second time in group %d", m.And(all).First(), i)
		case !m.Subset(top.Possible):
			return fmt.Sprintf("group %d has CPU %d, which this machine does not have", i, m.AndNot(top.Possible).First())
		case m.Empty() && n <= top.Possible.Count():
			return fmt.Sprintf("group %d is empty, and there are CPUs enough", i)
		}
		all = all.Or(m)
	}
	if all != top.Possible {
		return fmt.Sprintf("CPU %d is in no group", top.Possible.AndNot(all).First())
	}
	return ""
}

// groups shows how CPUs of one thread each are dealt.
func (s dealer) groups() string {
	var b strings.Builder
	for _, r := range []struct{ cpus, n int }{{4, 4}, {4, 3}, {4, 2}, {4, 1}, {6, 4}, {8, 3}, {8, 5}, {12, 5}, {2, 4}, {66, 2}} {
		top := affinity.Flat(r.cpus)
		masks := s(affinity.Request{Vectors: r.n, Default: top.Possible, Topology: &top})
		fmt.Fprintf(&b, "%d CPUs, %d vectors: %s\n", r.cpus, r.n, list(masks))
	}
	return b.String()
}

// cores shows how cores of two threads are dealt: the second one of each core
// has a number that is higher by a stride.
func (s dealer) cores() string {
	var b strings.Builder
	for _, r := range []struct{ stride, n int }{{4, 4}, {4, 3}, {4, 6}, {4, 8}, {1, 3}, {1, 4}} {
		top := threads(8, r.stride)
		masks := s(affinity.Request{Vectors: r.n, Default: top.Possible, Topology: &top})
		fmt.Fprintf(&b, "8 CPUs, threads %d apart, %d vectors: %s\n", r.stride, r.n, list(masks))
	}
	return b.String()
}

// threads is n CPUs in cores of two threads.
func threads(n, stride int) affinity.Topology {
	t := affinity.Flat(n)
	for id := range n {
		first := id - id/stride%2*stride
		t.Siblings = append(t.Siblings, affinity.MaskOf(first, first+stride))
	}
	return t
}

// absent shows how CPUs are dealt of which some may come later.
func (s dealer) absent() string {
	var b strings.Builder
	for _, r := range []struct {
		present affinity.CPUMask
		n       int
	}{{affinity.FirstN(4), 4}, {affinity.FirstN(4), 6}, {affinity.FirstN(4), 8}, {affinity.FirstN(4), 3},
		{affinity.MaskOf(0, 2, 4, 6), 4}, {affinity.MaskOf(0, 2, 4, 6), 3}, {affinity.FirstN(1), 2}} {
		top := affinity.Flat(8)
		top.Present = r.present
		masks := s(affinity.Request{Vectors: r.n, Default: top.Possible, Topology: &top})
		fmt.Fprintf(&b, "8 CPUs, present %s, %d vectors: %s\n", r.present, r.n, list(masks))
	}
	return b.String()
}

// list shows masks.
func list(masks []affinity.CPUMask) string {
	var text []string
	for _, m := range masks {
		if m.Empty() {
			text = append(text, "none")
			continue
		}
		text = append(text, m.String())
	}
	return strings.Join(text, " · ")
}
