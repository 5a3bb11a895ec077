package tasklet

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/softirq"
)

// A head is one processor's list of tasklets that wait (struct tasklet_head):
// where the next one is to be hung in is kept, so that adding one takes the
// same time however many wait.
type head struct {
	first *Tasklet
	tail  **Tasklet
}

// The per-CPU variables of those names.
var (
	vec   = percpu.New[head]("tasklet_vec")
	hiVec = percpu.New[head]("tasklet_hi_vec")
)

// A priority is one of the two kinds of tasklets.
type priority bool

const (
	low  priority = false
	high priority = true
)

// head is c's list.
func (p priority) head(c *cpu.CPU) *head {
	if p == high {
		return hiVec.Raw(c)
	}
	return vec.Raw(c)
}

// softirq is the vector that runs it.
func (p priority) softirq() softirq.Nr {
	if p == high {
		return softirq.HI
	}
	return softirq.Tasklet
}

func (h *head) empty() { h.first, h.tail = nil, &h.first }

// append hangs t in at the end. Context: IF clear.
func (h *head) append(t *Tasklet) {
	t.next = nil
	*h.tail = t
	h.tail = &t.next
}

// detach takes the whole list. Context: IF clear.
func (h *head) detach() *Tasklet {
	first := h.first
	h.empty()
	return first
}

// join hangs all of from in at the end. Context: IF clear, and from's processor
// has gone.
func (h *head) join(from *head) {
	if from.first == nil {
		return
	}
	*h.tail, h.tail = from.first, from.tail
	from.empty()
}

// Takeover models takeover_tasklets: what waits on processor n, which has gone,
// waits on this one. Both softirqs are raised even if there was nothing.
// Context: process context.
func Takeover(c *cpu.CPU, n int) {
	c.CLI()
	vec.Raw(c).join(vec.On(c, n))
	softirq.RaiseIRQOff(c, softirq.Tasklet)
	hiVec.Raw(c).join(hiVec.On(c, n))
	softirq.RaiseIRQOff(c, softirq.HI)
	c.STI()
}
