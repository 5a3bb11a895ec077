package shell

import "strings"

// A Verb is one command of the shell. Everything that is said about it (help,
// usage, completion, the book's appendix) is said here once.
type Verb struct {
	Name    string
	Group   string // one of the Group constants: where help lists it
	Args    string // what follows the flags; forms are separated by " | "
	Summary string // one line, for the list
	Detail  string // for help VERB: paragraphs, wrapped by hand
	Flags   []Flag

	Run func(*Call) error

	// ReadOnly verbs leave the machine as it is: replay leaves them out.
	ReadOnly bool
	// Runs verbs let time pass, or change machines: a cut cannot be one.
	Runs bool
	// NoMachine verbs work before the first boot.
	NoMachine bool
	// Kernel verbs ask a kernel: the bare machine has none.
	Kernel bool
	// Words are what may stand as first argument, for completion and for
	// the suggestion after a typing error; see oneOf.
	Words []string
	// Raw verbs take every word as an argument, Command ones every word
	// from the first argument on.
	Raw, Command bool
}

// The groups of help, in its order.
const (
	GroupBench   = "bench"
	GroupBox     = "box"
	GroupFilter  = "filter"
	GroupSession = "session"
)

// A Flag is one option of a verb.
type Flag struct {
	Name string // without the dash
	Arg  string // what the value is called, "" for a flag without one
	Help string
	With string // the form it belongs to, by its first word; "" for all
	Many bool   // may be given again
	Must bool   // has to be given; the verb sees to it
	Held bool   // of the contract but not of this build: refused, not listed
	Told bool   // the verb's Args name it where it goes
}

// Usage is the verb's command line with all flags, form by form.
func (v *Verb) Usage() string { return strings.Join(v.usageLines(), " | ") }

// usageOf is the usage of one form: its words and the flags that go with it.
// Flags of a form stand behind it, flags of the whole verb before.
func (v *Verb) usageOf(form string) string {
	before, behind := []string{v.Name}, []string(nil)
	sub, _, _ := strings.Cut(form, " ")
	for _, f := range v.Flags {
		switch {
		case f.Held || f.Told:
		case f.With == "":
			before = append(before, f.usage())
		case f.With == sub:
			behind = append(behind, f.usage())
		}
	}
	if form != "" {
		before = append(before, form)
	}
	return strings.Join(append(before, behind...), " ")
}

func (f Flag) usage() string {
	text := "-" + f.Name
	if f.Arg != "" {
		text += " " + f.Arg
	}
	if !f.Must {
		text = "[" + text + "]"
	}
	if f.Many {
		text += "…"
	}
	return text
}

// flag finds a flag by name; the Held ones too.
func (v *Verb) flag(name string) (Flag, bool) {
	for _, f := range v.Flags {
		if f.Name == name {
			return f, true
		}
	}
	return Flag{}, false
}

// flagNames lists the flags with their dash, in the order of declaration.
func (v *Verb) flagNames() []string {
	var names []string
	for _, f := range v.Flags {
		if !f.Held {
			names = append(names, "-"+f.Name)
		}
	}
	return names
}

// usageLines is the usage with one form a line.
func (v *Verb) usageLines() []string {
	var lines []string
	for form := range strings.SplitSeq(v.Args, " | ") {
		lines = append(lines, v.usageOf(form))
	}
	return lines
}
