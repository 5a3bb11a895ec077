package oops

import "runtime"

// A Section is the calls of one context.
type Section struct {
	Name   string // as the kernel's stack dumper names it: IRQ, NMI, TASK
	Frames []Frame
}

// Sections cuts a stack at the gates of interrupts, the innermost first, and
// takes out what only makes the machine go.
func Sections(frames []Frame) []Section {
	var list []Section
	now := Section{Name: "TASK"}
	for _, f := range frames {
		switch {
		case f.Gate():
			now.Name = "IRQ"
			if f.Func == "cpu.(*CPU).takeNMI" {
				now.Name = "NMI"
			}
			list = append(list, now)
			now = Section{Name: "TASK"}
		case !f.Hidden() && !f.Core():
			now.Frames = append(now.Frames, f)
		}
	}
	if len(now.Frames) > 0 {
		list = append(list, now)
	}
	return list
}

// CallTrace is how the caller came here, skip calls left out, as show_stack
// prints it (arch/x86/kernel/dumpstack.c): a section for each context.
func CallTrace(skip int) []string {
	pcs := make([]uintptr, 64)
	lines := []string{"Call Trace:"}
	for _, s := range Sections(Frames(pcs[:runtime.Callers(skip+2, pcs)])) {
		lines = append(lines, " <"+s.Name+">")
		for _, f := range s.Frames {
			lines = append(lines, " "+f.String())
		}
		lines = append(lines, " </"+s.Name+">")
	}
	return lines
}
