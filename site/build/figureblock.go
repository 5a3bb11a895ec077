package build

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/site/console"
	"bothhalves/site/internal/figure"
	"bothhalves/site/internal/near"
)

// A Layouter is a session that can say how its machine's first chunk was
// laid out.
type Layouter interface {
	PercpuLayout() (percpu.Layout, error)
}

// A Timeliner is a session that can say what its CPUs did, as far as the
// trace remembers.
type Timeliner interface {
	Timeline() (figure.Timeline, error)
}

// A Clock is a session that knows its machine's virtual time.
type Clock interface {
	Now() (int64, error)
}

// A figureSpec is a ```figure block taken apart: `key: value` lines, and the
// other lines as the text that some kinds draw from.
type figureSpec struct {
	kind    string
	keys    map[string]string
	caption span
	text    string
}

// figureKeys are the keys of a kind's block; its other lines are its text.
func figureKeys(kind string) []string {
	keys := []string{"run", "layout", "caption", "name", "from", "to", "events", "cpus"}
	if kind == "grid" {
		keys = append(keys, "cpu")
	}
	return keys
}

// figureBlock renders ```figure blocks.
func figureBlock(p *page, f *fence) string {
	if !f.flat {
		p.drawn++
		return p.indented(f)
	}
	s := f.figure()
	p.drawn++
	n := p.drawn
	id := fmt.Sprintf("fig-%d", n)
	if name := s.keys["name"]; name != "" {
		id = "fig-" + slug(name)
	}
	p.ids[id] = p.line(f.pos)
	if s.caption.stop == 0 {
		p.problem(f.pos, "a figure without a caption", "add `caption: ` and the point that the figure makes")
		return ""
	}
	d, err := s.draw(p, f)
	if err != nil {
		p.problem(f.pos, "figure "+s.kind+": "+err.Error(), "")
		return ""
	}
	caption := plain(s.keys["caption"])
	return fmt.Sprintf(`<figure class="drawn" id="%s"><div class="drawing" tabindex="0" role="region" aria-label="Figure %d">%s</div>`+
		`<figcaption><b>Figure %d.</b> %s</figcaption><details class="twin"><summary>The same as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Table of figure %d">%s</div></details></figure>`+"\n",
		id, n, d.HTML(id, firstSentence(caption), caption), n, p.inline(s.caption.start, s.caption.stop), n, d.Table.HTML())
}

// figure reads the block's lines.
func (f *fence) figure() figureSpec {
	s := figureSpec{keys: map[string]string{}}
	for kind := range f.attrs {
		if kind != "continue" {
			s.kind = kind
		}
	}
	at := f.start
	for _, line := range strings.SplitAfter(f.body, "\n") {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ":")
		if ok && slices.Contains(figureKeys(s.kind), key) {
			s.keys[key] = strings.TrimSpace(value)
			if key == "caption" {
				s.caption = span{at + len(key) + 1, at + len(strings.TrimRight(line, "\n"))}
			}
		} else {
			s.text += line
		}
		at += len(line)
	}
	return s
}

// numberFigures gives all figures of the page their numbers, so that the text
// can refer to a later one.
func (p *page) numberFigures(doc ast.Node) {
	n := 0
	_ = ast.Walk(doc, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if e, ok := node.(*element); ok && entering && e.fence.lang == "figure" {
			n++
			if name := e.fence.figure().keys["name"]; name != "" {
				if _, twice := p.figures[name]; twice {
					p.problem(e.fence.pos, "two figures named "+name, "give one of them another name")
				}
				p.figures[name] = n
			}
		}
		return ast.WalkContinue, nil
	})
}

func (s figureSpec) draw(p *page, f *fence) (figure.Drawing, error) {
	kinds := map[string]func() (figure.Drawing, error){
		"timeline": func() (figure.Drawing, error) { return s.timeline(p, f) },
		"units":    func() (figure.Drawing, error) { return s.chunk(p, f, figure.Units) },
		"bits":     func() (figure.Drawing, error) { return s.bits(p) },
		"layout":   func() (figure.Drawing, error) { return s.layout(p, f) },
		"map":      func() (figure.Drawing, error) { return figure.MemoryMap(s.text) },
		"sequence": func() (figure.Drawing, error) { return s.sequence(p, f) },
		"grid":     func() (figure.Drawing, error) { return s.grid(p, f) },
		"flow":     func() (figure.Drawing, error) { return figure.Flow(s.text) },
	}
	draw, ok := kinds[s.kind]
	if !ok {
		return figure.Drawing{}, fmt.Errorf("no such kind%s; there are %s", near.Hint(s.kind, sortedKeys(kinds)), strings.Join(sortedKeys(kinds), ", "))
	}
	return draw()
}

// layout draws a named layout: a register's bits, or one per-CPU unit.
func (s figureSpec) layout(p *page, f *fence) (figure.Drawing, error) {
	if s.keys["layout"] == "percpu-unit" {
		return s.chunk(p, f, figure.Unit)
	}
	return s.bits(p)
}

// sequence draws what the author wrote, or with `run:` what a machine did.
func (s figureSpec) sequence(p *page, f *fence) (figure.Drawing, error) {
	text := s.text
	if _, ran := s.keys["run"]; ran {
		var err error
		if text, err = s.sequenceText(p, f); err != nil {
			return figure.Drawing{}, err
		}
	}
	return figure.Sequence(text)
}

func (s figureSpec) bits(p *page) (figure.Drawing, error) {
	name := s.keys["layout"]
	l, ok := p.env.layouts[name]
	if !ok {
		known := append(sortedKeys(p.env.layouts), "percpu-unit")
		return figure.Drawing{}, fmt.Errorf("no layout %q%s; there are %s", name, near.Hint(name, known), strings.Join(known, ", "))
	}
	return l.Draw(), nil
}

func (s figureSpec) chunk(p *page, f *fence, draw func(percpu.Layout) figure.Drawing) (figure.Drawing, error) {
	var l percpu.Layout
	err := s.ask(p, f, "percpu layout", &l, func(session console.Session) (any, error) {
		if x, ok := session.(Layouter); ok {
			return x.PercpuLayout()
		}
		return nil, fmt.Errorf("this session cannot describe a first chunk")
	})
	return draw(l), err
}

// timeline draws what happened during the last command, or between the
// commands trace start and trace stop.
func (s figureSpec) timeline(p *page, f *fence) (figure.Drawing, error) {
	var t figure.Timeline
	m := s.machine(p, f)
	since, until, err := s.window(m)
	if err != nil {
		return figure.Drawing{}, err
	}
	err = answer(m, "timeline", &t, func(session console.Session) (any, error) {
		if x, ok := session.(Timeliner); ok {
			return x.Timeline()
		}
		return nil, fmt.Errorf("this session keeps no trace")
	})
	if err != nil {
		return figure.Drawing{}, err
	}
	if t, err = t.Window(since, until).Cut(s.keys["from"], s.keys["to"], s.keys["cpus"], s.keys["events"]); err != nil {
		return figure.Drawing{}, err
	}
	return t.Draw(), nil
}

// window runs the figure's commands and returns the stretch of virtual time
// that it is about.
func (s figureSpec) window(m *console.Machine) (since, until int64, err error) {
	cmds := console.Commands(s.keys["run"])
	started := slices.ContainsFunc(cmds, func(c string) bool { return strings.HasPrefix(c, "trace start") })
	for i, cmd := range cmds {
		if strings.HasPrefix(cmd, "trace stop") {
			until = now(m)
		}
		if strings.HasPrefix(cmd, "trace start") || !started && i > 0 && i == len(cmds)-1 {
			since = now(m)
		}
		if res := m.Run(cmd); res.Failed {
			return 0, 0, fmt.Errorf("`%s` failed: %s", cmd, strings.TrimSpace(res.Out))
		}
	}
	return since, until, nil
}

// now is the machine's time, 0 where it cannot say.
func now(m *console.Machine) (at int64) {
	_ = answer(m, "now", &at, func(session console.Session) (any, error) {
		if c, ok := session.(Clock); ok {
			return c.Now()
		}
		return int64(0), nil
	})
	return at
}

// machine is a fresh one, or with `continue` a copy of the section's.
func (s figureSpec) machine(p *page, f *fence) *console.Machine {
	if _, carryOn := f.attrs["continue"]; carryOn {
		return p.machines.fork()
	}
	return p.machines.open()
}

// ask runs the figure's commands, a plain boot if there are none, and puts a
// question to the session.
func (s figureSpec) ask(p *page, f *fence, name string, into any, question func(console.Session) (any, error)) error {
	m := s.machine(p, f)
	run := s.keys["run"]
	if _, carryOn := f.attrs["continue"]; run == "" && !carryOn {
		run = "boot"
	}
	if res, failed := m.RunAll(console.Commands(run)); failed != "" {
		return fmt.Errorf("`%s` failed: %s", failed, strings.TrimSpace(res.Out))
	}
	return answer(m, name, into, question)
}

// answer puts a question to a machine's session. Answers are kept as JSON
// beside the console's results.
func answer(m *console.Machine, name string, into any, question func(console.Session) (any, error)) error {
	res := m.Probe(name, func(session console.Session) (string, error) {
		answer, err := question(session)
		if err != nil {
			return "", err
		}
		data, err := json.Marshal(answer)
		return string(data), err
	})
	if res.Failed {
		return fmt.Errorf("%s", strings.TrimSpace(res.Out))
	}
	return json.Unmarshal([]byte(res.Out), into)
}
