package samples

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// raiserVector is the interrupt that a processor sends itself where something
// is to be raised in a hard interrupt.
const raiserVector cpu.Vector = 0x41

// raiserModule raises softirqs by hand. No module of Linux can give a softirq
// its action; this one takes NET_TX and NET_RX of a machine without a network.
func raiserModule() machine.Module {
	return machine.Module{Name: "raiser", Init: probeRaiser, Exit: removeRaiser,
		Files: []machine.File{{Name: "raiser", Read: showRaiser, Write: commandRaiser}}}
}

// A raiserState is what the module's actions are to do, and have done.
type raiserState struct {
	act   [softirq.NumSoftIRQs]act
	inIRQ []softirq.Nr // what the next interrupt raises
}

// An act is what the action of a test vector does.
type act struct {
	len   sim.Time     // of its own work
	again int          // how often it raises itself at its end
	then  []softirq.Nr // what it raises then, once
	irq   []softirq.Nr // what an interrupt in its middle raises, once

	runs, byThread int
}

var theRaiser = percpu.Shared[raiserState]("raiser")

// tests are the vectors whose actions are the module's own.
func tests() []softirq.Nr { return []softirq.Nr{softirq.NetTX, softirq.NetRX} }

func probeRaiser(c *cpu.CPU) error {
	if err := entry.Request(c, raiserVector, "raiser", raiseInIRQ); err != nil {
		return err
	}
	*theRaiser.Of(c) = raiserState{}
	softirq.Open(c, softirq.NetTX, func(c *cpu.CPU) { perform(c, softirq.NetTX) })
	softirq.Open(c, softirq.NetRX, func(c *cpu.CPU) { perform(c, softirq.NetRX) })
	if theHalves.Of(c).dev == nil {
		softirq.Open(c, softirq.IRQPoll, nothing)
	}
	return nil
}

func removeRaiser(c *cpu.CPU) {
	entry.Free(c, raiserVector)
	for _, nr := range tests() {
		softirq.Open(c, nr, nothing)
	}
	*theRaiser.Of(c) = raiserState{}
}

// perform is the action of a test vector. Context: softirq.
func perform(c *cpu.CPU, nr softirq.Nr) {
	a := &theRaiser.Of(c).act[nr]
	a.runs++
	if sched.Current(c) == softirq.Ksoftirqd(c) {
		a.byThread++
	}
	busy(c, a.len/2)
	if a.irq != nil {
		interrupt(c, a.irq)
		a.irq = nil
	}
	busy(c, a.len-a.len/2)
	for _, other := range a.then {
		softirq.Raise(c, other)
	}
	a.then = nil
	if a.again > 0 {
		a.again--
		softirq.Raise(c, nr)
	}
}

// interrupt lets a hard interrupt come to this processor, which raises the list
// in its order, and waits until it has come. Context: IF set.
func interrupt(c *cpu.CPU, list []softirq.Nr) {
	r := theRaiser.Of(c)
	r.inIRQ = list
	apic.SendSelf(c, raiserVector)
	for r.inIRQ != nil {
		c.Spend(cost.CPURelax)
	}
}

// interruptTask is the same in process context: the task stays until it has
// come.
func interruptTask(c *cpu.CPU, list []softirq.Nr) {
	preempt.Disable(c)
	interrupt(c, list)
	preempt.Enable(c)
}

// raiseInIRQ is the handler.
func raiseInIRQ(c *cpu.CPU, _ cpu.Vector) {
	r := theRaiser.Of(c)
	for _, nr := range r.inIRQ {
		softirq.RaiseIRQOff(c, nr)
	}
	r.inIRQ = nil
}

// commandRaiser does what a line written to the file says, or several with ;
// between them, one right after the other:
//
//	raise 3 6 1                in the task that writes
//	raise irq 6 3 1            in a hard interrupt
//	raise bh 3 2               in the task, in a section without bottom halves
//	action 3 len=50us again=20 then=1 irq=6
//
// The last one says what the action of a test vector is to do from now on: so
// much work; at its end to raise itself, so many times; once to raise others;
// once to be interrupted, by what raises others. Context: process context.
func commandRaiser(c *cpu.CPU, text string) error {
	var orders []func(c *cpu.CPU)
	for line := range strings.SplitSeq(text, ";") {
		order, err := parseOrder(strings.Fields(line))
		if err != nil {
			return err
		}
		orders = append(orders, order)
	}
	self := sched.Current(c)
	for _, order := range orders {
		order(self.CPU())
	}
	return nil
}

// parseOrder reads one order.
func parseOrder(words []string) (func(c *cpu.CPU), error) {
	if len(words) > 1 && words[0] == "action" {
		return parseAct(words[1], words[2:])
	}
	if len(words) < 2 || words[0] != "raise" {
		return nil, wrong(strings.Join(words, " "), "write raise 3, raise irq 6 3 1, raise bh 3 or action 3 len=50us")
	}
	how, rest := raiseInTask, words[1:]
	switch words[1] {
	case "irq":
		how, rest = interruptTask, rest[1:]
	case "bh":
		how, rest = raiseBH, rest[1:]
	}
	list, err := vectors(rest)
	return func(c *cpu.CPU) { how(c, list) }, err
}

// raiseInTask raises one after the other in process context: each time ksoftirqd
// is woken.
func raiseInTask(c *cpu.CPU, list []softirq.Nr) {
	for _, nr := range list {
		softirq.Raise(sched.Current(c).CPU(), nr)
	}
}

// raiseBH raises all in a section without bottom halves, at whose end they run.
func raiseBH(c *cpu.CPU, list []softirq.Nr) {
	softirq.BHDisable(c)
	raiseInTask(c, list)
	softirq.BHEnable(c)
}

// vectors reads the numbers of softirqs.
func vectors(words []string) (list []softirq.Nr, err error) {
	if len(words) == 0 {
		return nil, wrong("", "name softirqs by their numbers, 0 to 9")
	}
	for _, w := range words {
		more, ok := numbers(w, int(softirq.NumSoftIRQs)-1)
		if !ok {
			return nil, wrong(w, "name softirqs by their numbers, 0 to 9")
		}
		for _, nr := range more {
			list = append(list, softirq.Nr(nr))
		}
	}
	return list, nil
}

// parseAct reads what a test vector's action is to do.
func parseAct(vector string, words []string) (func(c *cpu.CPU), error) {
	nr, ok := whole(vector, int(softirq.NetTX), int(softirq.NetRX))
	if !ok {
		return nil, fmt.Errorf("softirq %s: the actions of 2 (NET_TX) and 3 (NET_RX) are this module's: %w", vector, errno.EINVAL)
	}
	var a act
	for _, w := range words {
		if !a.set(w) {
			return nil, wrong(w, "there are len=50us, again=20, then=2,1 and irq=6")
		}
	}
	return func(c *cpu.CPU) {
		now := &theRaiser.Of(c).act[nr]
		a.runs, a.byThread = now.runs, now.byThread
		*now = a
	}, nil
}

// set reads one word of it.
func (a *act) set(word string) (ok bool) {
	var err error
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "len":
		a.len, ok = span(value)
		return ok
	case "again":
		a.again, ok = whole(value, 0, 1_000_000)
		return ok
	case "then":
		a.then, err = vectors([]string{value})
		return err == nil
	case "irq":
		a.irq, err = vectors([]string{value})
		return err == nil
	}
	return false
}

// showRaiser is the file: of each test vector what it has still to do, and how
// often it ran, inline and in ksoftirqd.
func showRaiser(c *cpu.CPU) string {
	var b strings.Builder
	for _, nr := range tests() {
		a := &theRaiser.Of(c).act[nr]
		fmt.Fprintf(&b, "%d %-6s len=%s again=%d runs=%d inline=%d ksoftirqd=%d\n", nr, nr, ascii(a.len), a.again, a.runs, a.runs-a.byThread, a.byThread)
	}
	return b.String()
}
