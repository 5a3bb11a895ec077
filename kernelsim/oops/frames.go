package oops

import (
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strings"
)

// A Frame is one call of a Go stack, named as it reads in this repository.
type Frame struct {
	Func string // package and function: "lock.(*Spin).Lock"
	File string // "kernelsim/kernel/lock/spin.go:41"
	pkg  string // import path
	test bool   // it stands in a _test.go file
}

// String is the frame as a call trace prints it.
func (f Frame) String() string { return f.Func + "  " + f.File }

// module is the path of this repository's module.
const module = "bothhalves/"

// newFrame names a function of the runtime's form
// "bothhalves/kernelsim/kernel/lock.(*Spin).Lock" and its place. Where the
// repository lies on the host does not show.
func newFrame(function, file string, line int) Frame {
	dir, base := path.Split(function)
	name, _, _ := strings.Cut(base, ".")
	f := Frame{Func: literal(base), pkg: dir + name, test: strings.HasSuffix(file, "_test.go")}
	shown := strings.TrimPrefix(strings.TrimSuffix(f.pkg, "_test"), module)
	f.File = fmt.Sprintf("%s/%s:%d", shown, path.Base(file), line)
	return f
}

// literal names a function literal by the function that it stands in. The
// compiler's own name, "pkg.caller.outer.func2.1", changes with what it
// inlines.
func literal(name string) string {
	parts := strings.Split(strings.ReplaceAll(name, "[...]", ""), ".")
	for i, p := range parts {
		if number := strings.TrimPrefix(p, "func"); i < 2 || number == p || strings.Trim(number, "0123456789") != "" {
			continue
		}
		outer := parts[i-1]
		if strings.HasPrefix(parts[i-2], "(") {
			outer = parts[i-2] + "." + outer
		}
		return parts[0] + "." + outer + ".func"
	}
	return strings.Join(parts, ".")
}

// Name names a function value, with its place.
func Name(fn any) string {
	f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
	if f == nil {
		return "?"
	}
	file, line := f.FileLine(f.Entry())
	name, method := strings.CutSuffix(f.Name(), "-fm") // bound to its receiver by the compiler
	frame := newFrame(name, file, line)
	if method {
		return frame.Func
	}
	return frame.String()
}

// Hidden says whether the frame belongs to what makes the machine go, not to
// what runs on it: Go's runtime, the engine, and the raising of the report.
func (f Frame) Hidden() bool {
	switch f.pkg {
	case "runtime", "iter", "runtime/debug", "testing", module + "kernelsim/sim", module + "kernelsim/oops":
		return true
	case module + "kernelsim/machine":
		return strings.HasSuffix(f.Func, ".func") || strings.Contains(f.Func, "(*loaded)")
	case module + "kernelsim/kernel/lock":
		last := f.Func[strings.LastIndexByte(f.Func, '.')+1:]
		return !f.test && last != "" && last[0] >= 'a' && last[0] <= 'z' // the inside of Lock and Unlock
	}
	return strings.HasPrefix(f.pkg, "internal/")
}

// Kernel says whether the frame is the simulator's own code, as against a
// module's, a sample's, a lab's or a test's.
func (f Frame) Kernel() bool {
	return strings.HasPrefix(f.pkg, module+"kernelsim/") && !f.test && f.pkg != module+"kernelsim/samples"
}

// Gate says whether the frame is the way through an interrupt gate, or that to
// the interrupt stack for softirqs: what stands above it ran there, what stands
// below was interrupted or let them run.
func (f Frame) Gate() bool {
	return f.Func == "cpu.(*CPU).tryGate" || f.Func == "entry.OnOwnStack"
}

// Core says whether the frame belongs to the processor model: time passing
// and interrupts being taken.
func (f Frame) Core() bool { return f.pkg == module+"kernelsim/hw/cpu" }

// Callers remembers who called the caller's caller, skip frames further up.
func Callers(skip int) []uintptr {
	pcs := make([]uintptr, 24)
	return pcs[:runtime.Callers(skip+3, pcs)]
}

// Frames names remembered callers, the innermost first.
func Frames(pcs []uintptr) []Frame {
	var list []Frame
	if len(pcs) == 0 {
		return nil
	}
	for it := runtime.CallersFrames(pcs); ; {
		f, more := it.Next()
		if f.Function != "" {
			list = append(list, newFrame(f.Function, f.File, f.Line))
		}
		if !more {
			return list
		}
	}
}

// ParseStack reads the text of runtime/debug.Stack, taken where a panic was
// recovered: the frames below the panic, the innermost first.
func ParseStack(text string) []Frame {
	var list []Frame
	lines := strings.Split(text, "\n")
	for i := 1; i+1 < len(lines); i++ {
		call, at := lines[i], lines[i+1]
		if !strings.HasPrefix(at, "\t") {
			continue
		}
		i++
		if strings.HasPrefix(call, "panic(") {
			list = nil
			continue
		}
		list = append(list, parseFrame(call, strings.TrimPrefix(at, "\t")))
	}
	return list
}

// parseFrame reads "pkg.f(0x1, {…})" and "/dir/file.go:12 +0x34".
func parseFrame(call, at string) Frame {
	call = strings.TrimPrefix(call, "created by ")
	if i := strings.LastIndexByte(call, '('); i > 0 && strings.HasSuffix(call, ")") {
		call = call[:i]
	}
	at, _, _ = strings.Cut(at, " ")
	file, number, _ := cutLast(at, ":")
	line := 0
	fmt.Sscan(number, &line)
	return newFrame(call, file, line)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
