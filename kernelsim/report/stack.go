package report

import (
	"bothhalves/kernelsim/oops"
)

// culprit is what the line of the call that broke the rule begins with.
const culprit = "=> "

// CallTrace makes the call trace of a report out of the Go stack that was
// taken where the rule was broken: a section for what ran in an interrupt and
// one for the task below it, without the engine and the runtime. The innermost
// call that is not the kernel's own is marked; below an interrupt it is looked
// for only if deep is set, because what was interrupted has usually nothing to
// do with it.
func CallTrace(stack string, deep bool) []string {
	lines := []string{"Call Trace:"}
	marked := false
	sections := split(oops.ParseStack(stack))
	for i, s := range sections {
		lines = append(lines, " <"+s.name+">")
		for _, f := range s.frames {
			mark := "   "
			if !marked && !f.Kernel() && (deep || i == 0) {
				mark, marked = culprit, true
			}
			lines = append(lines, " "+mark+f.String())
		}
		lines = append(lines, " </"+s.name+">")
	}
	if len(sections) == 0 {
		return nil
	}
	return lines
}

// A section is the calls of one context.
type section struct {
	name   string // as the kernel's stack dumper names it
	frames []oops.Frame
}

// split cuts a stack at the gates of interrupts and takes out what only makes
// the machine go.
func split(frames []oops.Frame) []section {
	var list []section
	now := section{name: "TASK"}
	for _, f := range frames {
		switch {
		case f.Gate():
			now.name = "IRQ"
			if f.Func == "cpu.(*CPU).takeNMI" {
				now.name = "NMI"
			}
			list = append(list, now)
			now = section{name: "TASK"}
		case !f.Hidden() && !f.Core():
			now.frames = append(now.frames, f)
		}
	}
	if len(now.frames) > 0 {
		list = append(list, now)
	}
	return list
}
