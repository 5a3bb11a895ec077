package script

import (
	"fmt"
	"runtime/debug"
	"strings"

	"bothhalves/labs/lab"
)

// guard calls f and turns a panic in it into a Fault that names the line of
// the student's file.
func guard(f func() error) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		stack := string(debug.Stack())
		err = &Fault{Title: panicTitle(r), Where: StudentLine(stack), Text: stack}
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
		return "panic: " + v
	case interface{ RuntimeError() }:
		return "panic: " + fmt.Sprint(v)
	default:
		return fmt.Sprintf("panic with a value of type %T", r)
	}
}

// StudentLine finds the innermost frame of a goroutine stack that lies in a
// lab's folder: "percpu_carve.go:41 (SetupAreas)", or "".
func StudentLine(stack string) string {
	lines := strings.Split(stack, "\n")
	for i := 1; i < len(lines); i++ {
		path, ok := strings.CutPrefix(lines[i], "\t")
		if !ok {
			continue
		}
		path, _, _ = strings.Cut(path, " +0x")
		dir, file := cutLast(path, "/")
		if !strings.Contains(dir+"/", "/labs/") && !strings.HasPrefix(dir, "bothhalves/labs/") {
			continue
		}
		if strings.HasSuffix(dir, "/labs/lab") || strings.HasPrefix(file, "lab.go:") {
			continue
		}
		return file + " (" + funcName(lines[i-1]) + ")"
	}
	return ""
}

func cutLast(s, sep string) (before, after string) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):]
	}
	return "", s
}

// funcName cuts a frame's "bothhalves/labs/percpu.(*areas).Offset(0x1, …)" to
// what a reader would call it.
func funcName(frame string) string {
	frame = strings.TrimPrefix(frame, "panic(")
	if i := strings.LastIndexByte(frame, '('); i > 0 {
		frame = frame[:i]
	}
	_, frame = cutLast(frame, "/")
	_, name, ok := strings.Cut(frame, ".")
	if !ok {
		return frame
	}
	return name
}
