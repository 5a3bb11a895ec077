package memblock

import "slices"

// A region is an address range in use.
type region struct {
	start, end uint64
	held       bool   // in use, but without bytes here
	data       []byte // its bytes, once somebody has looked at them
	absent     []bool // by page: not mapped; nil when every page is there
}

// regions is sorted by address; none overlaps another.
type regions []region

// after is the index of the first region that ends above a.
func (rs regions) after(a uint64) int {
	lo, hi := 0, len(rs)
	for lo < hi {
		if mid := (lo + hi) / 2; rs[mid].end > a {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// insert adds a region. Reserving twice is no error in memblock: only what
// was free is added.
func (rs *regions) insert(r region) {
	i := rs.after(r.start)
	for i < len(*rs) && (*rs)[i].start < r.end {
		if old := (*rs)[i]; old.start > r.start {
			*rs = slices.Insert(*rs, i, region{start: r.start, end: old.start, held: r.held})
			i++
		}
		r.start = (*rs)[i].end
		i++
	}
	if r.end > r.start {
		*rs = slices.Insert(*rs, i, r)
	}
}

// remove takes a range out, and splits the regions that reach over it.
func (rs *regions) remove(start, end uint64) {
	for i := rs.after(start); i < len(*rs) && (*rs)[i].start < end; {
		r := (*rs)[i]
		var rest []region
		if r.start < start {
			rest = append(rest, r.part(r.start, start))
		}
		if r.end > end {
			rest = append(rest, r.part(end, r.end))
		}
		*rs = slices.Replace(*rs, i, i+1, rest...)
		i += len(rest)
	}
}

// part is a region's share of a range, bytes included.
func (r region) part(start, end uint64) region {
	p := region{start: start, end: end, held: r.held}
	if r.data != nil {
		p.data = r.data[start-r.start : end-r.start : end-r.start]
	}
	if r.absent != nil {
		p.absent = r.absent[(start-r.start)/Page : (end-r.start)/Page]
	}
	return p
}

// topDown is the highest aligned place of size free bytes in [low, high).
func (rs regions) topDown(low, high, size, align uint64) (uint64, bool) {
	for i := rs.after(high); high > low && high-low >= size; {
		bottom := low
		for i > 0 && (i == len(rs) || rs[i].start >= high) {
			i--
		}
		if i < len(rs) && rs[i].start < high {
			bottom = max(low, min(rs[i].end, high))
		}
		if a := (high - min(size, high)) &^ (align - 1); a >= bottom && high-bottom >= size {
			return a, true
		}
		if bottom == low {
			return 0, false
		}
		high = rs[i].start
	}
	return 0, false
}

// window is the bytes of a range, nil unless one region holds it all.
func (rs regions) window(a, n uint64) []byte {
	i := rs.after(a)
	if i == len(rs) || rs[i].start > a || n > rs[i].end-a || rs[i].held {
		return nil
	}
	r := &rs[i]
	if !r.present(a, n) {
		return nil
	}
	if r.data == nil {
		r.data = make([]byte, r.end-r.start)
	}
	off := a - r.start
	return r.data[off : off+n : off+n]
}

// present says whether every page of a range is mapped.
func (r *region) present(a, n uint64) bool {
	if r.absent == nil || n == 0 {
		return true
	}
	for p := (a - r.start) / Page; p <= (a+n-1-r.start)/Page; p++ {
		if r.absent[p] {
			return false
		}
	}
	return true
}

// overlap is how many bytes of a range are in use.
func (rs regions) overlap(start, end uint64) uint64 {
	sum := uint64(0)
	for i := rs.after(start); i < len(rs) && rs[i].start < end; i++ {
		sum += min(rs[i].end, end) - max(rs[i].start, start)
	}
	return sum
}
