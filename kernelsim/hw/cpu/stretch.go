package cpu

import "bothhalves/kernelsim/sim"

// A stretcher makes every charge 0 to 99 % longer, by a sequence that the
// seed and the processor's number decide. Different seeds so give different,
// equally possible interleavings of the processors, each of them repeatable.
// Seed 1 is the price list as it stands.
type stretcher struct {
	on    bool
	state uint64
	carry sim.Time // 128ths of a nanosecond not yet charged
}

func newStretcher(seed uint64, id int) stretcher {
	if seed <= 1 {
		return stretcher{}
	}
	s := stretcher{on: true, state: seed*0x9e3779b97f4a7c15 + uint64(id+1)*0xbf58476d1ce4e5b9 | 1}
	for range 4 {
		s.extra(0)
	}
	return s
}

// extra is what the next charge of d costs on top. Fractions of a nanosecond
// are carried over, or charges of one nanosecond would never stretch.
func (s *stretcher) extra(d sim.Time) sim.Time {
	s.state ^= s.state << 13
	s.state ^= s.state >> 7
	s.state ^= s.state << 17
	s.carry += d * sim.Time(s.state>>57) // 0 to 127 of 128
	whole := s.carry >> 7
	s.carry &= 127
	return whole
}
