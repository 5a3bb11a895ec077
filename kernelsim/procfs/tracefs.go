package procfs

import (
	"slices"
	"strings"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/trace"
	"bothhalves/kernelsim/trace/view"
)

// tracefs lists /sys/kernel/tracing (kernel/trace/trace.c, trace_events.c).
func (fs *FS) tracefs() []node {
	list := []node{
		show("available_events", availableEvents),
		show("available_tracers", func() string { return "nop\n" }),
		setting("current_tracer", func() string { return "nop\n" }, setTracer),
		sealed("events", fs.systems),
		setting("set_event", fs.enabledEvents, fs.setEvent),
		setting("trace", fs.trace, fs.clearTrace),
		setting("tracing_on", func() string { return digit(!fs.tracing().off) }, fs.setTracingOn),
	}
	for i := range list {
		if list[i].write == nil {
			list[i].refuse = errno.EINVAL // opened, but there is no write function
		}
	}
	return list
}

func digit(on bool) string {
	if on {
		return "1\n"
	}
	return "0\n"
}

// eventKinds are the tracepoints that can be enabled: not ftrace's own.
func eventKinds() []trace.Kind {
	return slices.DeleteFunc(trace.Kinds(), func(k trace.Kind) bool { return k.Info().System == "ftrace" })
}

func availableEvents() string { return lines(eventKinds()) }

func (fs *FS) enabledEvents() string {
	t := fs.tracing()
	return lines(slices.DeleteFunc(eventKinds(), func(k trace.Kind) bool { return !t.events[k].enabled }))
}

func lines(kinds []trace.Kind) string {
	var b strings.Builder
	for _, k := range kinds {
		b.WriteString(k.Info().System + ":" + k.Info().Event + "\n")
	}
	return b.String()
}

// setTracer models tracing_set_trace_write: this kernel has the tracer nop.
func setTracer(text string, _ bool) error {
	if strings.TrimSpace(text) != "nop" {
		return errno.EINVAL
	}
	return nil
}

// setTracingOn models rb_simple_write.
func (fs *FS) setTracingOn(text string, _ bool) error {
	n, err := number(text)
	if err == nil {
		fs.tracing().setOn(n != 0, fs.m.Ring().Total())
	}
	return err
}

// trace models the file trace: tracing_open and print_trace_line.
func (fs *FS) trace() string {
	t, ring := fs.tracing(), fs.m.Ring()
	var body strings.Builder
	held := 0
	for pos, r := range ring.From(t.start) {
		if t.shows(pos, r.Kind) {
			held++
			body.WriteString(view.Line(r, ring.Names()) + "\n")
		}
	}
	return view.Header(held, held, len(fs.m.CPUs())) + body.String()
}

// clearTrace models tracing_open for writing: opening with O_TRUNC clears,
// and what is then written is dropped (tracing_write_stub).
func (fs *FS) clearTrace(_ string, appendTo bool) error {
	if !appendTo {
		fs.tracing().clear(fs.m.Ring().Total())
	}
	return nil
}

// systems lists events/.
func (fs *FS) systems() []node {
	list := []node{fs.enableFile(eventKinds())}
	var names []string
	for _, k := range eventKinds() {
		if name := k.Info().System; !slices.Contains(names, name) {
			names = append(names, name)
			list = append(list, sealed(name, func() []node { return fs.system(name) }))
		}
	}
	return list
}

func (fs *FS) system(name string) []node {
	kinds := slices.DeleteFunc(eventKinds(), func(k trace.Kind) bool { return k.Info().System != name })
	list := []node{fs.enableFile(kinds)}
	for _, k := range kinds {
		list = append(list, sealed(k.Info().Event, func() []node { return []node{fs.enableFile([]trace.Kind{k})} }))
	}
	return list
}

// enableFile models event_enable_read and system_enable_read: 1, 0, or X
// where some of several are on.
func (fs *FS) enableFile(kinds []trace.Kind) node {
	return setting("enable", func() string {
		t, on := fs.tracing(), 0
		for _, k := range kinds {
			if t.events[k].enabled {
				on++
			}
		}
		if on > 0 && on < len(kinds) {
			return "X\n"
		}
		return digit(on > 0)
	}, func(text string, _ bool) error {
		n, err := number(text)
		if err != nil || n > 1 {
			return errno.EINVAL
		}
		fs.enable(kinds, n == 1)
		return nil
	})
}

func (fs *FS) enable(kinds []trace.Kind, on bool) {
	for _, k := range kinds {
		fs.tracing().set(k, on, fs.m.Ring().Total())
	}
}

// setEvent models ftrace_event_write: words of the form [!]SYSTEM:EVENT,
// either of which may be left out or *, or one name that is either. > turns all
// others off, >> leaves them.
func (fs *FS) setEvent(text string, appendTo bool) error {
	words := strings.Fields(text)
	for _, w := range words {
		if len(matching(strings.TrimPrefix(w, "!"))) == 0 {
			return errno.EINVAL
		}
	}
	if !appendTo {
		fs.enable(eventKinds(), false)
	}
	for _, w := range words {
		name, off := strings.CutPrefix(w, "!")
		fs.enable(matching(name), !off)
	}
	return nil
}

// matching models __ftrace_set_clr_event_nolock.
func matching(word string) []trace.Kind {
	system, event, both := strings.Cut(word, ":")
	return slices.DeleteFunc(eventKinds(), func(k trace.Kind) bool {
		info := k.Info()
		if !both {
			return word != info.System && word != info.Event
		}
		return system != "" && system != "*" && system != info.System ||
			event != "" && event != "*" && event != info.Event
	})
}
