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
	sections := oops.Sections(oops.ParseStack(stack))
	for i, s := range sections {
		lines = append(lines, " <"+s.Name+">")
		for _, f := range s.Frames {
			mark := "   "
			if !marked && !f.Kernel() && (deep || i == 0) {
				mark, marked = culprit, true
			}
			lines = append(lines, " "+mark+f.String())
		}
		lines = append(lines, " </"+s.Name+">")
	}
	if len(sections) == 0 {
		return nil
	}
	return lines
}
