package timer

import "bothhalves/kernelsim/hw/cpu"

// What tests look at of the wheel.
const (
	LvlSize  = lvlSize
	MaxDepth = maxDepth
	MaxDelta = maxDelta
)

// WheelIndex is wheelIndex.
func WheelIndex(expires, clk uint64, depth int) (int, uint64) { return wheelIndex(expires, clk, depth) }

// DepthOf is depthOf.
func DepthOf(hz int) int { return depthOf(hz) }

// A Map is a pendingMap.
type Map struct{ m pendingMap }

// Set marks a bucket, Clear takes the mark away.
func (m *Map) Set(idx int)   { m.m.set(idx) }
func (m *Map) Clear(idx int) { m.m.clear(idx) }

// Next is pendingMap.next.
func (m *Map) Next(clk uint64, depth int) uint64 { return m.m.next(clk, depth) }

// Clock is the clock of the wheel that t waits in.
func (t *Timer) Clock() uint64 { return t.base.clk }

// On is the processor whose wheel t waits in, or waited in last.
func (t *Timer) On() int { return t.base.cpu.ID }

// Idle says whether p's wheel says that it idles without a tick.
func Idle(p *cpu.CPU) bool { return bases.Raw(p)[std].idle }

// A State is what a wheel knows of itself.
type State struct {
	Clk, Next             uint64
	Recalc, Waiting, Idle bool
}

// StateOf is the state of p's wheel of plain timers; SetState changes it.
func StateOf(p *cpu.CPU) State {
	b := &bases.Raw(p)[std]
	return State{b.clk, b.next, b.recalc, b.waiting, b.idle}
}

// SetState sets it.
func SetState(p *cpu.CPU, s State) {
	b := &bases.Raw(p)[std]
	b.clk, b.next, b.recalc, b.waiting, b.idle = s.Clk, s.Next, s.Recalc, s.Waiting, s.Idle
}

// Forward is base.forward of c's wheel.
func Forward(c *cpu.CPU) { bases.Raw(c)[std].forward(c) }

// Marked says whether any bucket of p's wheel is marked.
func Marked(p *cpu.CPU) bool { return bases.Raw(p)[std].pending != pendingMap{} }

// ID is what the trace calls t.
func (t *Timer) ID() uint32 { return t.id }
