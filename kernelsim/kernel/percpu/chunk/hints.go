package chunk

import "math/bits"

// hints models struct pcpu_block_md (mm/percpu-internal.h): what is known
// about the free areas of a stretch of bits without looking at the bits. Each
// page of a chunk has one, and the chunk itself. Counted in map bits.
type hints struct {
	contig, contigStart int // the largest free area
	scan, scanStart     int // a smaller one before it: where a scan may skip to
	left, right         int // free at the two ends
	first               int // the first free bit
	bits                int // how long the stretch is
}

func freeHints(n int) hints { return hints{contig: n, left: n, right: n, bits: n} }

// fits models pcpu_check_block_hint: would the largest area do, aligned?
func (h *hints) fits(n, align int) bool {
	return alignUp(h.contigStart, align)-h.contigStart+n <= h.contig
}

// next models pcpu_next_hint: where to begin to look for n bits. What lies
// before the end of the scan area is known to be too small for more than it.
func (h *hints) next(n int) int {
	if h.scan != 0 && h.contigStart > h.scanStart && n > h.scan {
		return h.scanStart + h.scan
	}
	return h.first
}

// update models pcpu_block_update: [start, end) is known to be a whole free
// area.
func (h *hints) update(start, end int) {
	n := end - start
	h.first = min(h.first, start)
	if start == 0 {
		h.left = n
	}
	if end == h.bits {
		h.right = n
	}
	switch {
	case n > h.contig:
		h.larger(start, n)
	case n == h.contig:
		h.equal(start, n)
	case start < h.contigStart && (n > h.scan || n == h.scan && start > h.scanStart):
		h.scan, h.scanStart = n, start
	}
}

// larger: the new area takes over; the old largest becomes the scan area if
// it lies before.
func (h *hints) larger(start, n int) {
	switch {
	case start <= h.contigStart:
		h.scan = 0
	case h.contig > h.scan:
		h.scan, h.scanStart = h.contig, h.contigStart
	case start < h.scanStart:
		h.scan = 0 // it equalled the old largest, and lies behind the new one
	}
	h.contig, h.contigStart = n, start
}

// equal: of two areas of one size the better aligned is the largest, the
// other may serve as scan area.
func (h *hints) equal(start, n int) {
	better := h.contigStart != 0 && alignment(start) > alignment(h.contigStart)
	switch {
	case better:
		h.contigStart = start
		if start < h.scanStart && h.contig > h.scan {
			h.scan = 0
		}
	case start > h.scanStart || h.contig > h.scan:
		h.scan, h.scanStart = n, start
	}
}

// alignment is the number of the lowest bit set; nought is aligned to all.
func alignment(n int) int { return bits.TrailingZeros(uint(n)) }

// promote makes the scan area the largest known, when the largest was broken,
// and says from where the rest must be looked at again.
func (h *hints) promote() (from int) {
	if h.scan == 0 {
		h.contig = 0
		return h.first
	}
	from = h.scanStart + h.scan
	h.contig, h.contigStart = h.scan, h.scanStart
	h.scan = 0
	return from
}

// breaks say whether taking [start, end) touches the largest or scan area.
func (h *hints) breaksContig(start, end int) bool {
	return start < h.contigStart+h.contig && h.contigStart < end
}

func (h *hints) breaksScan(start, end int) bool {
	return start < h.scanStart+h.scan && h.scanStart < end
}

func alignUp(n, align int) int { return (n + align - 1) &^ (align - 1) }
