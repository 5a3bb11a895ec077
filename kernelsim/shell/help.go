package shell

import (
	"fmt"
	"io"
	"strings"
)

func helpVerb() *Verb {
	return &Verb{
		Name: "help", Group: GroupSession, Args: "[VERB]",
		Summary: "lists the verbs, or explains one",
		Run:     runHelp, ReadOnly: true, NoMachine: true,
	}
}

func runHelp(c *Call) error {
	switch len(c.Args) {
	case 0:
		return helpAll(c, c.Session.verbs)
	case 1:
	default:
		return c.Misuse("%s: one verb at a time", c.Args[1])
	}
	name := c.Args[0]
	if v := c.Session.verb(name); v != nil {
		return helpOne(c, v)
	}
	if comes := later(name); comes != "" {
		return c.Fail(name+": comes with "+comes+": not in this build", nil)
	}
	return c.Fail(name+": no such verb"+didYouMean(name, c.Session.verbNames()), nil)
}

// A group is a heading of help.
type group struct{ name, title string }

func groups() []group {
	return []group{
		{GroupBench, "From outside the machine"},
		{GroupBox, "At the machine's root prompt"},
		{GroupFilter, "Behind a |"},
		{GroupSession, "The session"},
	}
}

// helpAll lists the verbs under their groups.
func helpAll(w io.Writer, verbs []*Verb) error {
	for i, g := range groups() {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, g.title+":")
		for _, v := range verbs {
			if v.Group == g.name {
				fmt.Fprintf(w, "  %-10s %s\n", v.Name, v.Summary)
			}
		}
	}
	_, err := fmt.Fprint(w, `
help VERB explains one. Words are separated by blanks; 'single quotes' group
them, # begins a comment, ; separates commands, > and >> write to a file of the
machine, | leads into a filter, ! before a command asserts that it fails.
`)
	return err
}

// helpOne explains a verb: its usage, what it does, its flags.
func helpOne(w io.Writer, v *Verb) error {
	for i, line := range v.usageLines() {
		if i == 0 {
			fmt.Fprintln(w, "usage: "+line)
		} else {
			fmt.Fprintln(w, "       "+line)
		}
	}
	fmt.Fprintf(w, "\n%s %s.\n", v.Name, v.Summary)
	if v.Detail != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(v.Detail))
	}
	if len(v.flagNames()) > 0 {
		fmt.Fprintln(w)
	}
	for _, f := range v.Flags {
		if !f.Held {
			fmt.Fprintf(w, "  %-22s %s\n", strings.TrimSpace("-"+f.Name+" "+f.Arg), f.Help)
		}
	}
	return nil
}

// Markdown renders the verbs as the book's appendix: a table a group, then
// each verb's explanation.
func Markdown(w io.Writer) {
	verbs := Commands()
	for _, g := range groups() {
		fmt.Fprintf(w, "## %s\n\n| verb | what it does |\n| --- | --- |\n", g.title)
		for _, v := range verbs {
			if v.Group == g.name {
				fmt.Fprintf(w, "| [`%s`](#%s) | %s |\n", v.Name, v.Name, cell(v.Summary))
			}
		}
		fmt.Fprintln(w)
		for _, v := range verbs {
			if v.Group == g.name {
				markdownVerb(w, v)
			}
		}
	}
}

func markdownVerb(w io.Writer, v *Verb) {
	fmt.Fprintf(w, "### %s\n\n```text\n%s\n```\n\n", v.Name, strings.Join(v.usageLines(), "\n"))
	fmt.Fprintf(w, "`%s` %s.\n\n", v.Name, v.Summary)
	if v.Detail != "" {
		fmt.Fprintf(w, "%s\n\n", strings.TrimSpace(v.Detail))
	}
	if len(v.flagNames()) == 0 {
		return
	}
	fmt.Fprint(w, "| flag | meaning |\n| --- | --- |\n")
	for _, f := range v.Flags {
		if !f.Held {
			fmt.Fprintf(w, "| `%s` | %s |\n", cell(strings.TrimSpace("-"+f.Name+" "+f.Arg)), cell(f.Help))
		}
	}
	fmt.Fprintln(w)
}

// cell keeps a text inside its table cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
