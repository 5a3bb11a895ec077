package drivers

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/apic/icrabi"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"
)

// ICR plugs in what sends interprocessor interrupts, with the module icr,
// which looks at what it writes. A kernel cannot start on one that breaks the
// rules: it keeps its own then.
func ICR(send icrabi.Send) []machine.Part {
	s := &sender{send: send}
	return []machine.Part{machine.WithSendIPI(s.message), machine.WithModule(machine.Module{Name: "icr",
		Init: startICR, Exit: func(c *cpu.CPU) { entry.Free(c, icrVector) },
		Files: []machine.File{{Name: "icr/writes", Read: func(*cpu.CPU) string { return sends(send, writes) }},
			{Name: "icr/waits", Read: func(*cpu.CPU) string { return sends(send, waits) }},
			{Name: "icr/kernel", Read: s.kernel}, {Name: "icr/send", Read: showICR, Write: sendICR}}})}
}

// A sender holds a part to the rules before the first message is sent with it.
type sender struct {
	send          icrabi.Send
	tried, lawful bool
}

func (s *sender) keepsRules() bool {
	if !s.tried {
		s.tried = true
		s.lawful = sends(s.send, writes) == sends(DefaultSend, writes) && sends(s.send, waits) == sends(DefaultSend, waits)
	}
	return s.lawful
}

// message is what the kernel sends with.
func (s *sender) message(p icrabi.Port, to icrabi.Dest, vec uint8) {
	if s.keepsRules() {
		s.send(p, to, vec)
	} else {
		DefaultSend(p, to, vec)
	}
}

func (s *sender) kernel(*cpu.CPU) string {
	if s.keepsRules() {
		return "the kernel sends with it\n"
	}
	return "it breaks a rule (cat /proc/icr/writes /proc/icr/waits): the kernel sends with its own\n"
}

// DefaultSend is the reference.
func DefaultSend(p icrabi.Port, to icrabi.Dest, vec uint8) {
	const logical, self = 1 << 11, 1 << 18
	names := uint32(0)
	switch {
	case to.CPUs == cpumask.Of(p.CPU()):
		wait(p)
		p.Write(lapicreg.RegICR, self|uint32(vec))
		return
	case !to.Logical:
		for cpu := range to.CPUs.All() {
			put(p, cpu, p.ID(cpu), uint32(vec))
		}
		return
	}
	last := 0
	for cpu := range to.CPUs.All() {
		if p.Online(cpu) {
			names |= p.LogicalID(cpu)
			last = cpu
		}
	}
	if names != 0 {
		put(p, last, names, logical|uint32(vec))
	}
}

func wait(p icrabi.Port) {
	for p.Read(lapicreg.RegICR)&icrBusy != 0 {
	}
}

func put(p icrabi.Port, cpu int, dest, low uint32) {
	if !p.Online(cpu) {
		return
	}
	wait(p)
	p.Write(lapicreg.RegICRHigh, dest<<24)
	p.Write(lapicreg.RegICR, low)
}

const icrBusy = 1 << 12

// A scribe is a port that writes down what is done to it. Its last message is
// still being sent for a while.
type scribe struct {
	busy  int // reads until it has been sent
	icr   uint32
	text  []string
	read  int
	looks int    // reads of the ICR since it was written
	early string // the first message that did not wait for the one before
}

// tooMany reads of a register say that somebody waits for ever.
const tooMany = 1000

// Read implements icrabi.Port.
func (s *scribe) Read(off uint32) uint32 {
	if s.read++; s.read > tooMany {
		panic(fmt.Sprintf("register %#03x has been read %d times", off, tooMany))
	}
	if off != lapicreg.RegICR {
		return 0
	}
	s.looks++
	if s.busy > 0 {
		s.busy--
		return s.icr | icrBusy
	}
	return s.icr
}

// Write implements icrabi.Port. What is written to the ICR while it is busy is
// noted: the message that is being sent is lost.
func (s *scribe) Write(off, v uint32) {
	note := fmt.Sprintf("%#03x=%#08x", off, v)
	if off == lapicreg.RegICR {
		if s.busy > 0 && s.early == "" {
			s.early = fmt.Sprintf("%s is written while the last message is still being sent (looked %d times)", note, s.looks)
		}
		s.icr, s.busy, s.looks = v, 3, 0
	}
	s.text = append(s.text, note)
}

// CPU implements icrabi.Port: CPU 1 sends.
func (s *scribe) CPU() int { return 1 }

// Online implements icrabi.Port: CPUs 3 and 6 are not.
func (s *scribe) Online(cpu int) bool { return cpu >= 0 && cpu < 8 && cpu != 3 && cpu != 6 }

// ID implements icrabi.Port: CPU n has ID 2n, as where each core has a second
// thread that is switched off.
func (s *scribe) ID(cpu int) uint32 { return uint32(2 * cpu) }

// LogicalID implements icrabi.Port.
func (s *scribe) LogicalID(cpu int) uint32 { return 1 << cpu }

// sends is what is to be seen of a part for several destinations.
func sends(send icrabi.Send, look func(s *scribe) string) string {
	var b strings.Builder
	for _, t := range []struct {
		name string
		cpus []int
	}{
		{"one", []int{4}}, {"two", []int{0, 5}}, {"with itself", []int{1, 2}}, {"itself", []int{1}},
		{"some offline", []int{3, 4, 6}}, {"one offline", []int{3}}, {"nobody", nil},
	} {
		for _, logical := range []bool{false, true} {
			mode := "physical"
			if logical {
				mode = "logical"
			}
			to := icrabi.Dest{CPUs: cpumask.Of(t.cpus...), Logical: logical}
			fmt.Fprintf(&b, "%s, %s: %s\n", t.name, mode, notes(send, to, look))
		}
	}
	return b.String()
}

// notes is what is to be seen of it for one.
func notes(send icrabi.Send, to icrabi.Dest, look func(s *scribe) string) (text string) {
	s := &scribe{busy: 2}
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("panic: %v", v)
		}
	}()
	send(s, to, 0x41)
	return look(s)
}

// writes is what was written.
func writes(s *scribe) string {
	if s.text == nil {
		return "nothing"
	}
	return strings.Join(s.text, " ")
}

// waits says whether the messages waited for each other.
func waits(s *scribe) string {
	if s.early == "" {
		return "each message waits for the one before"
	}
	return s.early
}

// icrVector is the vector that the module sends.
const icrVector cpu.Vector = 0x91

// arrived counts on each CPU.
var arrived = percpu.Shared[[machine.MaxCPUs]int]("icr_arrived")

func startICR(c *cpu.CPU) error {
	*arrived.Of(c) = [machine.MaxCPUs]int{}
	return entry.Request(c, icrVector, "icr", func(c *cpu.CPU, _ cpu.Vector) { arrived.Of(c)[c.ID]++ })
}

// sendICR takes CPUs, and sends to all of them.
func sendICR(c *cpu.CPU, text string) error {
	var m cpumask.Mask
	for _, w := range strings.Fields(text) {
		n, err := strconv.Atoi(w)
		if err != nil || n < 0 || n >= len(c.Peers) {
			return errno.EINVAL
		}
		m.Add(n)
	}
	if m == cpumask.Of(c.ID) {
		apic.SendSelf(c, icrVector)
	} else {
		apic.SendMask(c, m, icrVector)
	}
	work(c)
	return nil
}

func showICR(c *cpu.CPU) string {
	var b strings.Builder
	for n := range c.Peers {
		fmt.Fprintf(&b, "cpu %d: %d\n", n, arrived.Of(c)[n])
	}
	return b.String()
}
