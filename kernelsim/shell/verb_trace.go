package shell

import (
	"bytes"
	"io"
	"path"
	"regexp"
	"slices"

	"bothhalves/kernelsim/trace"
	"bothhalves/kernelsim/trace/view"
)

func traceVerb() *Verb {
	formats := "ftrace, perfetto, timeline or json (ftrace)"
	return &Verb{
		Name: "trace", Group: GroupBench, Args: "start [EVENT…] | stop | show",
		Summary: "shows what the machine did",
		Detail: `The machine always records its events; the oldest go when the ring is full. trace
show shows them all, or after trace start those from there on, up to trace stop.
trace start EVENT… keeps to these: a name as under events/ (sched_switch), several
with * (softirq_*), or a whole system (sched). ftrace is the text of
/sys/kernel/tracing/trace, json one object a line, timeline an SVG with a lane for
every CPU and context, perfetto a file for ui.perfetto.dev.`,
		Flags: []Flag{
			{Name: "format", Arg: "FORMAT", With: "show", Help: formats},
			{Name: "cpu", Arg: "N", With: "show", Help: "one CPU's events"},
			{Name: "match", Arg: "RE", With: "show", Help: "the events whose ftrace line matches"},
			{Name: "o", Arg: "FILE", With: "show", Help: "write to a file of the host"},
		},
		Words: []string{"start", "stop", "show"},
		Run:   runTrace, Kernel: true,
	}
}

// tracing is which part of the ring trace show shows.
type tracing struct {
	from, to uint64 // to 0: still going on
	kinds    []trace.Kind
}

func runTrace(c *Call) error {
	if len(c.Args) == 0 {
		return c.Misuse("wants start, stop or show")
	}
	if err := c.oneOf(c.Args[0]); err != nil {
		return err
	}
	t, rest := &c.Session.box.tracing, c.Args[1:]
	if c.Args[0] == "start" {
		kinds, err := c.kinds(rest)
		if err != nil {
			return err
		}
		*t = tracing{from: c.Machine().Ring().Total(), kinds: kinds}
		return nil
	}
	if len(rest) > 0 {
		return c.Misuse("%s: nothing goes behind %s", rest[0], c.Args[0])
	}
	if c.Args[0] == "stop" {
		t.to = c.Machine().Ring().Total()
		return nil
	}
	c.look = true
	return c.traceShow(t)
}

// kinds finds events by their name, system/name or system:name, or a whole
// system.
func (c *Call) kinds(words []string) ([]trace.Kind, error) {
	var list []trace.Kind
	for _, w := range words {
		found := matchKinds(w)
		if len(found) == 0 {
			return nil, c.Fail(w+": no such event"+didYouMean(w, eventNames()), nil)
		}
		list = append(list, found...)
	}
	return list, nil
}

func matchKinds(w string) []trace.Kind {
	var list []trace.Kind
	for _, k := range trace.Kinds() {
		i := k.Info()
		for _, name := range []string{i.Event, i.System, i.System + "/" + i.Event, i.System + ":" + i.Event} {
			if ok, _ := path.Match(w, name); ok { // a bad pattern matches nothing
				list = append(list, k)
				break
			}
		}
	}
	return list
}

// eventNames lists events and systems.
func eventNames() []string {
	var names []string
	for _, k := range trace.Kinds() {
		if i := k.Info(); slices.Contains(names, i.System) {
			names = append(names, i.Event)
		} else {
			names = append(names, i.System, i.Event)
		}
	}
	return names
}

func (c *Call) traceShow(t *tracing) error {
	sel, err := c.selection(t)
	if err != nil {
		return err
	}
	format := c.Flag("format", "ftrace")
	show, ok := c.formats()[format]
	if !ok {
		return c.Misuse("-format: %s: not one of ftrace, perfetto, timeline, json%s",
			format, didYouMean(format, []string{"ftrace", "perfetto", "timeline", "json"}))
	}
	if !c.Has("o") {
		return show(c, sel)
	}
	var file bytes.Buffer
	if err := show(&file, sel); err != nil {
		return err
	}
	if err := c.writeHost(c.Flag("o", ""), file.Bytes()); err != nil {
		return c.Fail(c.Flag("o", ""), err)
	}
	return nil
}

// formats are the forms in which the ring is shown.
func (c *Call) formats() map[string]func(io.Writer, view.Selection) error {
	ring, cpus := c.Machine().Ring(), len(c.Machine().CPUs())
	return map[string]func(io.Writer, view.Selection) error{
		"ftrace":   func(w io.Writer, s view.Selection) error { return view.FTrace(w, ring, cpus, s) },
		"json":     func(w io.Writer, s view.Selection) error { return view.JSON(w, ring, s) },
		"timeline": func(w io.Writer, s view.Selection) error { return view.Timeline(w, ring, cpus, s) },
		"perfetto": func(w io.Writer, s view.Selection) error { return view.Perfetto(w, ring, cpus, s) },
	}
}

// selection is what start, stop, -cpu and -match leave of the ring.
func (c *Call) selection(t *tracing) (view.Selection, error) {
	sel := view.Selection{From: t.from, To: t.to}
	if t.to == 0 { // still recording: what runs now runs until now
		sel.End = int64(c.Machine().Now())
	}
	var keep []func(*trace.Record) bool
	if len(t.kinds) > 0 {
		keep = append(keep, func(r *trace.Record) bool { return slices.Contains(t.kinds, r.Kind) })
	}
	if c.Has("cpu") {
		n, err := c.cpu("-cpu: ", c.Flag("cpu", ""))
		if err != nil {
			return sel, err
		}
		keep = append(keep, func(r *trace.Record) bool { return int(r.CPU) == n })
	}
	if c.Has("match") {
		re, err := regexp.Compile(c.Flag("match", ""))
		if err != nil {
			return sel, c.Misuse("-match: %s: %s", c.Flag("match", ""), plainRegexpError(err))
		}
		names := c.Machine().Ring().Names()
		keep = append(keep, func(r *trace.Record) bool { return re.MatchString(view.Line(r, names)) })
	}
	if len(keep) > 0 {
		sel.Keep = func(r *trace.Record) bool { return all(keep, r) }
	}
	return sel, nil
}

func all(tests []func(*trace.Record) bool, r *trace.Record) bool {
	for _, ok := range tests {
		if !ok(r) {
			return false
		}
	}
	return true
}
