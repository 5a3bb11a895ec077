package machine

import (
	"slices"

	"bothhalves/kernelsim/kernel/errno"
)

// A reserve hands out the reserved part of the first chunk, first fit.
type reserve struct {
	start, end int
	taken      []span
}

type span struct{ off, size int }

// Alloc finds room for size bytes, aligned.
func (r *reserve) Alloc(size, align int) (int, error) {
	off := alignUp(r.start, align)
	for i, s := range r.taken {
		if off+size <= s.off {
			r.taken = slices.Insert(r.taken, i, span{off, size})
			return off, nil
		}
		off = alignUp(s.off+s.size, align)
	}
	if off+size > r.end {
		return 0, errno.ENOMEM
	}
	r.taken = append(r.taken, span{off, size})
	return off, nil
}

// Free gives an allocation back.
func (r *reserve) Free(off int) {
	r.taken = slices.DeleteFunc(r.taken, func(s span) bool { return s.off == off })
}

func alignUp(n, align int) int { return (n + align - 1) / align * align }
