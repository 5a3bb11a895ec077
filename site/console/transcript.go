package console

import "strings"

// A Step is one command of a console block and the output recorded under it.
type Step struct {
	Command string // as typed, without "$ " and without the "! "
	MayFail bool   // written "$ ! command": it has to fail
	Output  string // recorded, each line ended by a newline
	Line    int    // of the command in the block, from 0
}

// ParseTranscript splits the text of a console block into its steps. Text
// before the first "$ " is returned as stray: it belongs to no command.
func ParseTranscript(text string) (steps []Step, stray string) {
	for i, line := range splitLines(text) {
		if cmd, ok := command(line); ok {
			step := Step{Command: cmd, Line: i}
			if rest, ok := strings.CutPrefix(cmd, "! "); ok {
				step.Command, step.MayFail = strings.TrimSpace(rest), true
			}
			steps = append(steps, step)
			continue
		}
		if len(steps) == 0 {
			stray += line + "\n"
			continue
		}
		steps[len(steps)-1].Output += line + "\n"
	}
	return steps, stray
}

func command(line string) (string, bool) {
	if line == "$" {
		return "", true
	}
	return strings.CutPrefix(line, "$ ")
}

// FormatTranscript is the inverse of ParseTranscript.
func FormatTranscript(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(Prompt(s) + "\n")
		b.WriteString(s.Output)
		if s.Output != "" && !strings.HasSuffix(s.Output, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Prompt is a step's command line as a block shows it.
func Prompt(s Step) string {
	if s.MayFail {
		return "$ ! " + s.Command
	}
	return strings.TrimRight("$ "+s.Command, " ")
}

// Commands splits "boot -cpus 2; run 1ms" at the semicolons outside single
// quotes, as the shell does.
func Commands(text string) []string {
	var out []string
	quoted, start := false, 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] == '\'' {
			quoted = !quoted
		}
		if i == len(text) || (text[i] == ';' || text[i] == '\n') && !quoted {
			if cmd := strings.TrimSpace(text[start:i]); cmd != "" {
				out = append(out, cmd)
			}
			start = i + 1
		}
	}
	return out
}

// Value is what a command printed, as one value: its last line that is not
// blank, trimmed.
func Value(out string) string {
	lines := splitLines(out)
	for i := len(lines) - 1; i >= 0; i-- {
		if v := strings.TrimSpace(lines[i]); v != "" {
			return v
		}
	}
	return ""
}

func splitLines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
