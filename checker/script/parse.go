package script

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// A SyntaxError is a fault in a task file.
type SyntaxError struct {
	File string
	Line int
	Msg  string
}

// Error names the file and the line.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// Parse reads a task of a lab. The task's id is given, as it is a file name.
func Parse(lab, id string, data []byte) (*Task, error) {
	// txtar's own parser panics on a file mark without room for a name.
	for i, line := range strings.Split(string(data), "\n") {
		if strings.TrimRight(line, "\r") == "-- --" {
			return nil, &SyntaxError{File: id + ".txtar", Line: i + 1, Msg: "a file without a name: want -- NAME --"}
		}
	}
	a := txtar.Parse(data)
	p := &parser{task: &Task{Lab: lab, ID: id}}
	for i, line := range strings.Split(strings.TrimSuffix(string(a.Comment), "\n"), "\n") {
		p.line = i + 1
		if err := p.parseLine(strings.TrimRight(line, " \t\r")); err != nil {
			return nil, &SyntaxError{File: id + ".txtar", Line: p.line, Msg: err.Error()}
		}
	}
	p.files(a.Files)
	return p.task, nil
}

type parser struct {
	task *Task
	line int
	text *string // the text that an indented comment continues
}

// parseLine takes one line in front of the archive's files.
func (p *parser) parseLine(line string) error {
	comment, ok := strings.CutPrefix(line, "#")
	if !ok {
		return p.body(line)
	}
	if p.text != nil && strings.HasPrefix(comment, "   ") {
		*p.text += " " + strings.TrimSpace(comment)
		if c := p.check(); c != nil {
			c.Body = append(c.Body, "")
		}
		return nil
	}
	p.text = nil
	comment = strings.TrimSpace(comment)
	if c := p.check(); c != nil {
		if done := p.checkText(c, comment); done {
			c.Body = append(c.Body, "")
			return nil
		}
	}
	if rest, ok := strings.CutPrefix(comment, "Check:"); ok {
		return p.newCheck(strings.TrimSpace(rest))
	}
	if c := p.check(); c != nil {
		c.Body = append(c.Body, line)
		return nil
	}
	return p.header(comment)
}

// check is the check being read, nil in the header.
func (p *parser) check() *Check {
	if n := len(p.task.Checks); n > 0 {
		return &p.task.Checks[n-1]
	}
	return nil
}

func (p *parser) checkText(c *Check, comment string) bool {
	if rest, ok := strings.CutPrefix(comment, "Why:"); ok {
		c.Why = strings.TrimSpace(rest)
		p.text = &c.Why
		return true
	}
	if rest, ok := strings.CutPrefix(comment, "See:"); ok {
		c.See = strings.TrimSpace(rest)
		return true
	}
	if rest, ok := strings.CutPrefix(comment, "Hints:"); ok {
		c.Hints = strings.TrimSpace(rest)
		return true
	}
	return false
}

func (p *parser) body(line string) error {
	p.text = nil
	c := p.check()
	if c == nil {
		if line == "" {
			return nil
		}
		return fmt.Errorf("a command in front of the first check: %q would belong to no check", line)
	}
	c.Body = append(c.Body, line)
	return nil
}

var checkForm = regexp.MustCompile(`^(.+?)\s*\(weight (\d+)(, seeds)?\)$`)

func (p *parser) newCheck(text string) error {
	m := checkForm.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("want Check: NAME (weight N) or (weight N, seeds), have %q", text)
	}
	weight, err := strconv.Atoi(m[2])
	if err != nil || weight < 1 || weight > 100 {
		return fmt.Errorf("weight %s: want 1 to 100", m[2])
	}
	for _, c := range p.task.Checks {
		if c.Name == m[1] {
			return fmt.Errorf("two checks are called %q", m[1])
		}
	}
	p.task.Checks = append(p.task.Checks, Check{
		Name: m[1], Weight: weight, Seeds: m[3] != "", Line: p.line,
	})
	return nil
}

// headerField splits "Kind: fix   Size: S" at the next word with a colon
// behind at least two blanks.
var headerField = regexp.MustCompile(`\s{2,}([A-Z][a-z]+):\s`)

func (p *parser) header(comment string) error {
	if comment == "" {
		return nil
	}
	var fields []string
	last := 0
	for _, m := range headerField.FindAllStringSubmatchIndex(comment, -1) {
		fields = append(fields, comment[last:m[0]])
		last = m[2]
	}
	for _, f := range append(fields, comment[last:]) {
		key, value, ok := strings.Cut(f, ":")
		if !ok {
			return fmt.Errorf("%q: want KEY: VALUE", f)
		}
		if err := p.field(key, strings.TrimSpace(value)); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) field(key, value string) (err error) {
	t := p.task
	switch key {
	case "Task":
		t.Title = value
	case "Kind":
		t.Kind = Kind(value)
	case "Size":
		t.Size = value
	case "Minutes":
		if t.Minutes, err = strconv.Atoi(value); err != nil {
			return fmt.Errorf("Minutes: %q is not a number", value)
		}
	case "Chapter":
		t.Chapter = value
	case "Shapes":
		t.Shapes, err = parseShapes(value)
	case "Seeds":
		t.Seeds, err = parseRange(value)
	case "Imports":
		var more []Import
		more, err = parseImports(value)
		t.Imports = append(t.Imports, more...)
	default:
		return fmt.Errorf("unknown header %q: the headers are Task Kind Size Minutes Chapter Shapes Seeds Imports", key)
	}
	return err
}

var shapeVar = regexp.MustCompile(`^([a-z][a-z0-9]*)=([A-Za-z0-9_.,-]+)$`)

func parseShapes(text string) ([]Shape, error) {
	var shapes []Shape
	for _, part := range strings.Split(text, ";") {
		var s Shape
		for _, w := range strings.Fields(part) {
			m := shapeVar.FindStringSubmatch(w)
			if m == nil {
				return nil, fmt.Errorf("Shapes: %q: want name=value", w)
			}
			if s.Get(m[1]) != "" {
				return nil, fmt.Errorf("Shapes: %s stands twice in one shape", m[1])
			}
			s = append(s, Var{m[1], m[2]})
		}
		if len(s) == 0 {
			return nil, fmt.Errorf("Shapes: an empty shape in %q", text)
		}
		shapes = append(shapes, s)
	}
	return shapes, nil
}

func parseRange(text string) (Range, error) {
	a, b, ok := strings.Cut(text, "..")
	first, err1 := strconv.ParseUint(a, 10, 32)
	last, err2 := strconv.ParseUint(b, 10, 32)
	if !ok || err1 != nil || err2 != nil || first < 1 || last < first {
		return Range{}, fmt.Errorf("Seeds: %q: want FIRST..LAST, from 1 on", text)
	}
	return Range{first, last}, nil
}

var importForm = regexp.MustCompile(`([^\s()]+)(?:\(([^()]*)\))?`)

// parseImports reads paths, each with the names that may be used in brackets.
func parseImports(text string) ([]Import, error) {
	var out []Import
	for _, m := range importForm.FindAllStringSubmatch(text, -1) {
		out = append(out, Import{Path: m[1], Names: strings.Fields(m[2])})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("Imports: no path in %q", text)
	}
	return out, nil
}

// hintName is hint-1 for the task, hint-NAME-1 for the checks that say so.
var hintName = regexp.MustCompile(`^hint-(?:([a-z]+)-)?\d+$`)

// files sorts the archive's files into hints and others.
func (p *parser) files(files []txtar.File) {
	for _, f := range files {
		m := hintName.FindStringSubmatch(f.Name)
		if m == nil {
			p.task.Files = append(p.task.Files, f)
			continue
		}
		at := &p.task.Hints
		if m[1] != "" {
			at = p.task.series(m[1])
		}
		*at = append(*at, strings.TrimSpace(string(f.Data)))
	}
}

// series is where the hints of a name go.
func (t *Task) series(name string) *[]string {
	for i := range t.Series {
		if t.Series[i].Name == name {
			return &t.Series[i].Hints
		}
	}
	t.Series = append(t.Series, HintSeries{Name: name})
	return &t.Series[len(t.Series)-1].Hints
}
