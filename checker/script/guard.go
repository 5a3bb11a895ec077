package script

import (
	"fmt"
	"runtime/debug"
	"strings"

	"bothhalves/labs/lab"
)

// guard calls f and turns a panic in it into a Fault that names the line of
// the student's file.
func guard(file string, f func() error) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		stack := string(debug.Stack())
		err = &Fault{Title: panicTitle(r), Where: StudentLine(stack, file), Text: stack}
	}()
	return f()
}

// panicTitle prints a panic value without calling a method that a student
// could have written, the gap's and the runtime's own apart.
func panicTitle(r any) string {
	switch v := r.(type) {
	case lab.Gap:
		return v.Error()
	case string:
		return "panic: " + OneLine(v)
	case interface{ RuntimeError() }:
		return "panic: " + fmt.Sprint(v)
	default:
		return fmt.Sprintf("panic with a value of type %T", r)
	}
}

// OneLine is a text that a student's code may have made up, fit for a message:
// its first line, cut.
func OneLine(s string) string {
	first, rest, more := strings.Cut(strings.TrimSpace(s), "\n")
	const long = 300
	switch {
	case len(first) > long:
		return strings.ToValidUTF8(first[:long], "") + "…"
	case more && strings.TrimSpace(rest) != "":
		return strings.TrimSpace(first) + " …"
	}
	return strings.TrimSpace(first)
}

// StudentLine finds the innermost frame of a stack that lies in the student's
// file: "percpu_carve.go:41 (SetupAreas)", or "". It reads Go's own form, a
// function and its place on two lines, and that of a kernel report, both on
// one.
func StudentLine(stack, file string) string {
	prev := ""
	for line := range strings.Lines(stack) {
		before, number, ok := place(line, file)
		if ok {
			name := prev
			if fields := strings.Fields(before); len(fields) > 0 && !strings.HasPrefix(line, "\t") {
				name = fields[len(fields)-1]
			}
			name = funcName(strings.TrimSpace(name))
			if number == "1" { // the package clause: an empty loop has no line of its own
				return file + " (" + name + ")"
			}
			return file + ":" + number + " (" + name + ")"
		}
		prev = line
	}
	return ""
}

// place finds FILE:NUMBER in a line, and what stands before its path.
func place(line, file string) (before, number string, ok bool) {
	i := strings.Index(line, "/"+file+":")
	if i < 0 || !strings.HasSuffix(file, ".go") {
		return "", "", false
	}
	number = line[i+len(file)+2:]
	if n := strings.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' }); n >= 0 {
		number = number[:n]
	}
	before = line[:strings.LastIndexAny(line[:i], " \t")+1]
	return before, number, number != ""
}

// funcName cuts a frame's "bothhalves/labs/percpu.(*areas).Offset(0x1, …)" to
// what a reader would call it.
func funcName(frame string) string {
	if i := strings.LastIndexByte(frame, '('); i > 0 && strings.HasSuffix(frame, ")") {
		frame = frame[:i]
	}
	frame = frame[strings.LastIndexByte(frame, '/')+1:]
	_, name, ok := strings.Cut(frame, ".")
	if !ok {
		return frame
	}
	return name
}
