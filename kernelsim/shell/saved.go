package shell

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// saveMagic is the first line of a saved machine.
const saveMagic = "Both Halves saved machine 1"

// encode is a saved machine: a text of lines, and the files among them by
// their length.
func (b *box) encode(build string) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\nbuild %s\nevent %d\n", saveMagic, build, b.m.Events())
	for _, name := range slices.Sorted(maps.Keys(b.recipe.files)) {
		data := b.recipe.files[name]
		fmt.Fprintf(&out, "file %d %s\n%s\n", len(data), name, data)
	}
	for _, e := range b.recipe.lines {
		switch {
		case e.cut != 0:
			fmt.Fprintf(&out, "cut %d ", e.cut)
		case e.stop != 0:
			fmt.Fprintf(&out, "stop %d ", e.stop)
		default:
			out.WriteString("do ")
		}
		fmt.Fprintf(&out, "%q\n", e.cmd)
	}
	fmt.Fprintf(&out, "end %d\n", len(b.recipe.lines))
	return out.Bytes()
}

// A saved machine as it is read.
type saved struct {
	build  string
	event  uint64
	recipe recipe
	end    bool // its last line was read: nothing is cut off
}

var (
	errNotSaved = errors.New("not a saved machine")
	errDamaged  = errors.New("the file is damaged")
)

// decode reads what encode wrote.
func decode(data []byte) (saved, error) {
	var f saved
	first, rest, _ := strings.Cut(string(data), "\n")
	if first != saveMagic {
		return f, errNotSaved
	}
	for rest != "" && !f.end {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		word, arg, _ := strings.Cut(line, " ")
		if word == "file" {
			var ok bool
			if rest, ok = f.file(arg, rest); !ok {
				return f, errDamaged
			}
			continue
		}
		if !f.line(word, arg) {
			return f, errDamaged
		}
	}
	if len(f.recipe.lines) == 0 || !f.end || rest != "" {
		return f, errDamaged
	}
	return f, nil
}

// line reads a line that is no file.
func (f *saved) line(word, arg string) bool {
	var err error
	switch word {
	case "build":
		f.build = arg
		return true
	case "event":
		f.event, err = strconv.ParseUint(arg, 10, 64)
		return err == nil
	case "end":
		f.end = arg == strconv.Itoa(len(f.recipe.lines))
		return f.end
	}
	var e item
	if word == "stop" || word == "cut" {
		number, text, _ := strings.Cut(arg, " ")
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return false
		}
		if arg = text; word == "stop" {
			e.stop = n
		} else {
			e.cut = n
		}
	} else if word != "do" {
		return false
	}
	text, err := strconv.Unquote(arg)
	cmds, perr := Parse(text)
	if err != nil || perr != nil || len(cmds) != 1 {
		return false
	}
	e.cmd = cmds[0]
	f.recipe.add(e)
	return true
}

// file takes a file's text out of what follows its line.
func (f *saved) file(arg, rest string) (string, bool) {
	number, name, _ := strings.Cut(arg, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n+1 > len(rest) {
		return "", false
	}
	f.recipe.keep(name, []byte(rest[:n]))
	return rest[n+1:], true
}
