package shell

import "strings"

// String prints a command so that Parse reads the same one.
func (cmd Command) String() string {
	var b strings.Builder
	if cmd.Negated {
		b.WriteString("! ")
	}
	for i, words := range cmd.Stages {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(Quote(words))
	}
	if cmd.To != "" {
		if cmd.Append {
			b.WriteString(" >> ")
		} else {
			b.WriteString(" > ")
		}
		b.WriteString(quoteWord(cmd.To))
	}
	return b.String()
}

// Quote joins words to a command line, quoting where the grammar needs it.
func Quote(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quoteWord(w)
	}
	return strings.Join(quoted, " ")
}

func quoteWord(w string) string {
	if w != "" && !strings.ContainsAny(w, " \t\r\n';#|>") {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", "''") + "'"
}
