package affinity

import "bothhalves/kernelsim/hw/cpu"

// MaxSets is IRQ_AFFINITY_MAX_SETS.
const MaxSets = 4

// An Affinity is what a driver says about the spreading of its vectors
// (struct irq_affinity).
type Affinity struct {
	PreVectors  int // at the beginning, not spread
	PostVectors int // at the end, not spread
	Sets        int
	SetSize     [MaxSets]int
	// CalcSets divides n vectors into sets; nil: one set.
	CalcSets func(a *Affinity, n int)
}

// A Desc is the mask of one vector (struct irq_affinity_desc). A managed
// interrupt belongs to the kernel: no user may move it, and it is shut down
// with its last CPU.
type Desc struct {
	Mask    CPUMask
	Managed bool
}

// A Request is what a spreader is asked for.
type Request struct {
	Vectors   int     // how many masks
	Pre, Post int     // of these, how many at each end are not spread
	Default   CPUMask // the mask of those
	Topology  *Topology
}

// A SpreadFunc answers a Request with one mask a vector. This is the seam of
// the lab task msix-spread.
type SpreadFunc func(r Request) []CPUMask

// Spread is the kernel's SpreadFunc: the vectors between the reserved ones
// share all possible CPUs evenly.
func Spread(r Request) []CPUMask {
	masks := make([]CPUMask, 0, r.Vectors)
	for range r.Pre {
		masks = append(masks, r.Default)
	}
	masks = append(masks, GroupCPUsEvenly(r.Topology, r.Vectors-r.Pre-r.Post)...)
	for len(masks) < r.Vectors {
		masks = append(masks, r.Default)
	}
	return masks
}

// SetSpread installs a SpreadFunc in place of Spread; nil takes it out.
func SetSpread(c *cpu.CPU, f SpreadFunc) { of(c).spread = f }

func spreadOf(c *cpu.CPU) SpreadFunc {
	if f := of(c).spread; f != nil {
		return f
	}
	return Spread
}

// CreateMasks models irq_create_affinity_masks (kernel/irq/affinity.c): the
// masks for n vectors. It is nil if the reserved ones leave nothing to spread,
// or if the driver's sets make no sense.
func CreateMasks(c *cpu.CPU, n int, a *Affinity) []Desc {
	spread := max(n-a.PreVectors-a.PostVectors, 0)
	if a.CalcSets != nil {
		a.CalcSets(a, spread)
	} else {
		a.Sets, a.SetSize[0] = 1, spread
	}
	if spread == 0 || a.Sets > MaxSets {
		return nil
	}
	masks := createSets(c, n, a)
	if len(masks) != n {
		return nil
	}
	list := make([]Desc, n)
	for i, m := range masks {
		list[i] = Desc{m, i >= a.PreVectors && i < n-a.PostVectors}
	}
	return list
}

// createSets spreads each set on its own; what the sets do not take keeps the
// default mask.
func createSets(c *cpu.CPU, n int, a *Affinity) []CPUMask {
	r := Request{Vectors: n, Pre: a.PreVectors, Post: a.PostVectors, Default: Default(c), Topology: TopologyOf(c)}
	if a.Sets == 1 && a.SetSize[0] == n-r.Pre-r.Post {
		return spreadOf(c)(r)
	}
	var masks []CPUMask
	for range r.Pre {
		masks = append(masks, r.Default)
	}
	for _, size := range a.SetSize[:a.Sets] {
		set := spreadOf(c)(Request{Vectors: size, Default: r.Default, Topology: r.Topology})
		masks = append(masks, set...)
	}
	for len(masks) < n {
		masks = append(masks, r.Default)
	}
	return masks[:min(len(masks), n)]
}

// CalcVectors models irq_calc_affinity_vectors: how many vectors are worth
// asking for, between least and most. More than one a CPU are not, and 0 says
// that the reserved ones alone are too many.
func CalcVectors(c *cpu.CPU, least, most int, a *Affinity) int {
	reserved := a.PreVectors + a.PostVectors
	if reserved > least {
		return 0
	}
	spread := TopologyOf(c).Possible.Count()
	if a.CalcSets != nil {
		spread = most - reserved
	}
	return reserved + min(spread, most-reserved)
}
