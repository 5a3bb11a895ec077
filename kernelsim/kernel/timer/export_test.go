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
