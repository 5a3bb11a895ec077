package shell

// filterVerb registers a tool that stands behind a pipe, so that help and
// completion know it. In first place it is refused: a lab's script would run
// its host's own grep there, on the host's files.
func filterVerb(name, summary string) *Verb {
	return &Verb{
		Name: name, Group: GroupFilter, Args: filterUsage(name),
		Summary: summary, Detail: filterDetail(name),
		Raw: true, ReadOnly: true, NoMachine: true,
		Run: func(c *Call) error {
			return &Error{Status: StatusUsage, Msg: name + ": stands behind a pipe, as in: cat PATH | " + name + "\nusage: CMD | " + name + " " + filterUsage(name)}
		},
	}
}

func filterDetail(name string) string {
	return map[string]string{
		"head": "-n N prints N lines instead of 10, -n -N all but the last N.",
		"tail": "-n N prints N lines instead of 10, -n +N everything from line N on.",
		"grep": `RE is a basic regular expression; -E makes it an extended one, -F a plain text.
-v chooses the lines that do not match, -i ignores case, -w and -x match whole
words and whole lines; -c counts, -n numbers the lines, -o prints the matches
alone, -q prints nothing; -A, -B and -C add lines after, before and around;
-m stops after N lines. The status is 1 if no line was chosen.`,
		"wc": "-l, -w, -c and -m count lines, words, bytes and characters; all but -m when none is given.",
		"sort": `Lines compare byte by byte. -n compares numbers, -r turns the order round, -u
drops equal lines, -f ignores case, -b leading blanks, -s keeps equal lines in
their order; -k chooses the fields to compare, -t the character between them.`,
	}[name]
}
