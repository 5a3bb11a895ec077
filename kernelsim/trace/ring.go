// Package trace records what the machine does: fixed-size records in a ring,
// without formatting anything while the machine runs. Text, JSON and pictures
// are made from the records afterwards.
package trace

import (
	"encoding/binary"
	"hash/fnv"
	"iter"
)

// A Record is one trace event. The meaning of A to D depends on the kind.
type Record struct {
	Time    int64 // virtual nanoseconds
	A, B, C uint32
	D       uint32
	Task    uint16 // pid of the task that was interrupted or that ran
	CPU     uint8
	Kind    Kind
	Flags   Flags
	Preempt uint8 // depth of preempt_disable
}

// Flags are the context that ftrace prints before the time stamp.
type Flags uint8

// The flags of a record, as in enum trace_flag_type
// (include/linux/trace_events.h).
const (
	IRQsOff Flags = 1 << iota
	NeedResched
	HardIRQ
	SoftIRQ
	NMI
	PreemptResched
	BHOff
)

// A Ring keeps the last records. It grows on demand up to its limit and then
// overwrites the oldest, so that a short run costs little.
type Ring struct {
	recs  []Record
	total uint64 // records ever added
	limit int
	names *Names
}

const firstSize = 1 << 10

// NewRing returns a ring for at most limit records, a power of two not below
// 1024.
func NewRing(limit int) *Ring {
	size := firstSize
	for size < limit {
		size *= 2
	}
	return &Ring{recs: make([]Record, firstSize), limit: size, names: newNames()}
}

// Add appends a record.
func (r *Ring) Add(rec Record) {
	if r.total >= uint64(len(r.recs)) && len(r.recs) < r.limit {
		r.grow()
	}
	r.recs[r.total&uint64(len(r.recs)-1)] = rec
	r.total++
}

// Next is the slot for the next record, for a writer that fills it in place.
func (r *Ring) Next() *Record {
	if r.total >= uint64(len(r.recs)) && len(r.recs) < r.limit {
		r.grow()
	}
	rec := &r.recs[r.total&uint64(len(r.recs)-1)]
	r.total++
	return rec
}

// grow doubles the ring while nothing has been overwritten yet, so the
// records keep their order.
func (r *Ring) grow() {
	bigger := make([]Record, 2*len(r.recs))
	copy(bigger, r.recs)
	r.recs = bigger
}

// Names is the table of strings that records refer to by number.
func (r *Ring) Names() *Names { return r.names }

// Total is the number of records ever added. It names the position of the
// next one.
func (r *Ring) Total() uint64 { return r.total }

// Len is the number of records that the ring still holds.
func (r *Ring) Len() int { return int(min(r.total, uint64(len(r.recs)))) }

// From yields the records still held from position pos on, oldest first, with
// their positions.
func (r *Ring) From(pos uint64) iter.Seq2[uint64, *Record] {
	return func(yield func(uint64, *Record) bool) {
		for i := max(pos, r.total-uint64(r.Len())); i < r.total; i++ {
			if !yield(i, &r.recs[i&uint64(len(r.recs)-1)]) {
				return
			}
		}
	}
}

// Sum is a number for all records that the ring still holds: two runs that are
// the same have the same.
func (r *Ring) Sum() uint64 {
	h := fnv.New64a()
	for _, rec := range r.From(0) {
		_ = binary.Write(h, binary.LittleEndian, rec) // a hash takes everything
	}
	return h.Sum64()
}

// Names numbers strings in the order in which they are first seen.
type Names struct {
	text  []string
	index map[string]uint32
	comms []string // by pid
	hz    int
}

func newNames() *Names {
	return &Names{text: []string{""}, index: map[string]uint32{"": 0}, hz: 250}
}

// ID is the number of s.
func (n *Names) ID(s string) uint32 {
	id, ok := n.index[s]
	if !ok {
		id = uint32(len(n.text))
		n.text = append(n.text, s)
		n.index[s] = id
	}
	return id
}

// Text is the string with a number, empty for an unknown one.
func (n *Names) Text(id uint32) string {
	if int(id) >= len(n.text) {
		return ""
	}
	return n.text[id]
}

// SetHZ tells how many jiffies a second has, for records that count in them.
func (n *Names) SetHZ(hz int) { n.hz = hz }

// InitialJiffies is INITIAL_JIFFIES (include/linux/jiffies.h): where jiffies
// begin, five minutes before a counter of 32 bits overflows.
func (n *Names) InitialJiffies() uint64 { return 1<<32 - 300*uint64(n.hz) }

// SetComm remembers the name of a pid, for records that give only the pid.
func (n *Names) SetComm(pid uint16, comm string) {
	for int(pid) >= len(n.comms) {
		n.comms = append(n.comms, "")
	}
	n.comms[pid] = comm
}

// Comm is the name of a pid: "<...>" for one that was never seen, as ftrace
// prints it.
func (n *Names) Comm(pid uint16) string {
	if int(pid) >= len(n.comms) || n.comms[pid] == "" {
		return "<...>"
	}
	return n.comms[pid]
}
