// Package witness finds what stands behind a claim about real Linux or the
// hardware: a line of a recorded run, a function of the 6.1 tree, a section
// of a manual. All of it is data in the repository.
package witness

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bothhalves/site/internal/near"
)

// A Note is a resolved witness.
type Note struct {
	Kind   string // "oracle", "src" or "manual"
	Name   string // short, for the running text
	Where  string // the full place
	Text   string // what the witness says, if it says something
	Target string // path in the repository, if it can be shown
	Line   int    // in Target, from 1, or 0
}

// Data is everything that a claim can be held against.
type Data struct {
	root    string // of the repository
	runs    string // folder of the recordings, slash path from root
	index   string // the list of functions, likewise
	shelf   string // the list of manuals
	sources map[string][]function
	release string
	manuals map[string]*manual
	titles  map[string]string // of scenarios and runs
}

type function struct {
	name, line string
}

type manual struct {
	title    string
	sections map[string]string // lower-case number or title to title
	names    []string
}

// Load reads the indexes. A missing file is no error yet: the first witness
// that needs it names it.
func Load(root, book string) (*Data, error) {
	d := &Data{
		root: root,
		runs: path.Join(book, "testdata/oracle"), index: path.Join(book, "testdata/src-index.txt"), shelf: path.Join(book, "manuals.txt"),
		sources: map[string][]function{}, manuals: map[string]*manual{}, titles: map[string]string{},
	}
	if err := d.eachLine(d.index, d.addSource); err != nil {
		return nil, err
	}
	if err := d.eachLine(d.shelf, d.manualAdder()); err != nil {
		return nil, err
	}
	return d, d.eachLine(path.Join(d.runs, "index.txt"), d.addTitle)
}

func (d *Data) eachLine(name string, add func(string) error) error {
	f, err := os.Open(filepath.Join(d.root, filepath.FromSlash(name)))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		if err := add(in.Text()); err != nil {
			return fmt.Errorf("%s:%d: %v", name, n, err)
		}
	}
	return in.Err()
}

func (d *Data) addSource(line string) error {
	if rest, ok := strings.CutPrefix(line, "# Linux "); ok {
		d.release, _, _ = strings.Cut(rest, ". ")
		return nil
	}
	file, names, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("want PATH: NAME@LINE …")
	}
	d.sources[file] = []function{}
	for _, f := range strings.Fields(names) {
		name, at, _ := strings.Cut(f, "@")
		d.sources[file] = append(d.sources[file], function{name, at})
	}
	return nil
}

func (d *Data) addTitle(line string) error {
	name, title, ok := strings.Cut(line, ": ")
	if !ok && strings.TrimSpace(line) != "" {
		return fmt.Errorf("want SCENARIO/RUN: what it shows")
	}
	d.titles[name] = title
	return nil
}

// manualAdder reads "SHORT: full title" lines and, indented under each, the
// sections: a title, and after " | " other names for it.
func (d *Data) manualAdder() func(string) error {
	var current *manual
	return func(line string) error {
		if text := strings.TrimSpace(line); text == "" || text[0] == '#' {
			return nil
		}
		if line[0] != ' ' && line[0] != '\t' {
			short, title, ok := strings.Cut(line, ": ")
			if !ok {
				return fmt.Errorf("want SHORT NAME: full title")
			}
			current = &manual{title: title, sections: map[string]string{}}
			d.manuals[short] = current
			return nil
		}
		if current == nil {
			return fmt.Errorf("a section before the first manual")
		}
		title, aliases, _ := strings.Cut(strings.TrimSpace(line), " | ")
		current.names = append(current.names, title)
		for _, name := range append(strings.Split(aliases, " | "), title) {
			current.sections[strings.ToLower(strings.TrimSpace(name))] = title
		}
		return nil
	}
}

// Resolve finds the witness "kind:ref", with the pattern that a recording's
// line has to match, or "".
func (d *Data) Resolve(kind, ref, pattern string) (Note, error) {
	switch kind {
	case "oracle":
		return d.oracle(ref, pattern)
	case "src":
		return d.source(ref)
	case "manual":
		return d.manual(ref)
	}
	return Note{}, fmt.Errorf("no witness of kind %q: write oracle, src or manual", kind)
}

func (d *Data) source(ref string) (Note, error) {
	file, name, named := strings.Cut(ref, ":")
	functions, ok := d.sources[file]
	if !ok {
		return Note{}, fmt.Errorf("%s is not in %s%s", file, d.index, near.Hint(file, keys(d.sources)))
	}
	n := Note{Kind: "src", Name: path.Base(file), Where: file + " in Linux " + d.release}
	if !named {
		return n, nil
	}
	var all []string
	for _, f := range functions {
		if f.name == name {
			n.Name = name
			n.Where = fmt.Sprintf("%s, line %s in Linux %s", file, f.line, d.release)
			return n, nil
		}
		all = append(all, f.name)
	}
	return Note{}, fmt.Errorf("%s defines no %s%s", file, name, near.Hint(name, all))
}

func (d *Data) manual(ref string) (Note, error) {
	short, section, _ := strings.Cut(ref, ",")
	m, ok := d.manuals[strings.TrimSpace(short)]
	if !ok {
		return Note{}, fmt.Errorf("no manual %q in %s%s", short, d.shelf, near.Hint(short, keys(d.manuals)))
	}
	n := Note{Kind: "manual", Name: short, Where: m.title}
	section = strings.TrimSpace(section)
	if section == "" {
		return n, nil
	}
	title, ok := m.sections[strings.ToLower(section)]
	if !ok {
		return Note{}, fmt.Errorf("%s has no section %q in %s%s", short, section, d.shelf, near.Hint(section, m.names))
	}
	n.Name = short + ", “" + title + "”"
	n.Where = m.title + ", section “" + title + "”"
	return n, nil
}

func (d *Data) oracle(ref, pattern string) (Note, error) {
	place := path.Join(d.runs, path.Clean("/"+ref))
	info, err := os.Stat(filepath.Join(d.root, filepath.FromSlash(place)))
	if err != nil {
		return Note{}, fmt.Errorf("no recording %s; copy it there from the recorded runs, or cite another", place)
	}
	n := Note{Kind: "oracle", Name: "a recorded run", Where: ref, Target: place, Text: d.title(ref)}
	if pattern == "" {
		return n, nil
	}
	if info.IsDir() {
		return Note{}, fmt.Errorf("%s is a folder: a pattern needs one file of it", place)
	}
	n.Text, n.Line, err = d.match(place, pattern)
	return n, err
}

// title is what the index says of the longest prefix of ref that it knows.
func (d *Data) title(ref string) string {
	for ref != "." && ref != "/" && ref != "" {
		if t, ok := d.titles[ref]; ok {
			return t
		}
		ref = path.Dir(ref)
	}
	return ""
}

func (d *Data) match(place, pattern string) (text string, line int, err error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "", 0, fmt.Errorf("pattern %q: %v", pattern, err)
	}
	n := 0
	err = d.eachLine(place, func(l string) error {
		if n++; line == 0 && re.MatchString(l) {
			text, line = strings.TrimSpace(l), n
		}
		return nil
	})
	if err == nil && line == 0 {
		err = fmt.Errorf("no line of %s matches %q", place, pattern)
	}
	return text, line, err
}

func keys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
