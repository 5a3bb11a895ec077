package lock

import (
	"math/bits"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
)

// usage is in what contexts locks of a class have been taken (enum
// lock_usage_bit, the write states).
type usage uint8

const (
	inHardIRQ usage = 1 << iota // LOCK_USED_IN_HARDIRQ: taken by an interrupt handler
	inSoftIRQ                   // LOCK_USED_IN_SOFTIRQ
	onHardIRQ                   // LOCK_ENABLED_HARDIRQ: held while interrupts were enabled
	onSoftIRQ                   // LOCK_ENABLED_SOFTIRQ
)

const numUsages = 4

// String is the state as usage_str prints it.
func (u usage) String() string {
	return [numUsages]string{"IN-HARDIRQ-W", "IN-SOFTIRQ-W", "HARDIRQ-ON-W", "SOFTIRQ-ON-W"}[u.index()]
}

func (u usage) index() int { return bits.TrailingZeros8(uint8(u)) }

// exclusive models exclusive_bit: what must never be seen together with u. An
// interrupt that takes the lock, and interrupts that may come while it is held,
// make a CPU wait for itself.
func (u usage) exclusive() usage {
	if u < onHardIRQ {
		return u << 2
	}
	return u >> 2
}

// enabled are the states that say that an interrupt may come.
const enabled = onHardIRQ | onSoftIRQ

const (
	hardIRQMask = 0xff << 16 // HARDIRQ_MASK | NMI_MASK
	softIRQMask = 0xff << 8  // SOFTIRQ_MASK
)

// usageNow is how a lock is used that c takes now (mark_usage). count is the
// preempt_count.
func usageNow(c *cpu.CPU, count uint32) usage {
	if count&(hardIRQMask|softIRQMask) != 0 {
		return usageInIRQ(c, count)
	}
	if c.IF() {
		return enabled
	}
	return 0
}

// usageInIRQ is usageNow where an interrupt is being handled, or softirqs are
// disabled.
func usageInIRQ(c *cpu.CPU, count uint32) (u usage) {
	if count&hardIRQMask != 0 {
		u = inHardIRQ
	}
	if count&preempt.SoftIRQOffset != 0 {
		u |= inSoftIRQ
	}
	if c.IF() {
		u |= onHardIRQ
	}
	return u
}

// mark models mark_lock: the class of m is now known to be used in the ways u
// too. It reports two ways that do not go together.
func (m *Map) mark(c *cpu.CPU, h *Held, u usage) {
	cl := m.class
	at := oops.Callers(1)
	for bit := inHardIRQ; bit <= onSoftIRQ; bit <<= 1 {
		if u&bit == 0 || cl.used&bit != 0 {
			continue
		}
		cl.used |= bit
		cl.firstAt[bit.index()] = at
		if cl.used&bit.exclusive() != 0 {
			inconsistent(c, h, m, bit.exclusive(), bit)
		}
		checkInversion(c, h, m, bit)
	}
}

// chars models get_usage_chars: four letters that reports print behind a
// class's name, for hard interrupts and softirqs, each writing and reading.
func (cl *class) chars() string {
	return string([]byte{cl.char(inHardIRQ), '.', cl.char(inSoftIRQ), '.'})
}

// char models get_usage_char.
func (cl *class) char(in usage) byte {
	switch on := in.exclusive(); {
	case cl.used&(in|on) == in|on:
		return '?'
	case cl.used&in != 0:
		return '-'
	case cl.used&on != 0:
		return '+'
	}
	return '.'
}
