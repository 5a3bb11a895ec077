package shell

import (
	"slices"
	"strings"
)

// Complete offers what the word that ends at pos may become, for a line
// editor: verbs, a verb's flags and words, events, CPU-independent names, and
// paths of the simulated kernel. head and tail are the line around the word.
func (s *Session) Complete(line string, pos int) (head string, words []string, tail string) {
	start := strings.LastIndexAny(line[:pos], " \t;|>") + 1
	word := line[start:pos]
	for _, c := range s.candidates(strings.TrimLeft(line[:start], " \t"), word) {
		if strings.HasPrefix(c, word) {
			words = append(words, c)
		}
	}
	return line[:start], words, line[pos:]
}

// candidates lists what may stand behind a text, before filtering.
func (s *Session) candidates(before, word string) []string {
	before = before[strings.LastIndex(before, ";")+1:]
	if strings.HasPrefix(word, "/") || strings.HasSuffix(strings.TrimSpace(before), ">") {
		return s.paths(word)
	}
	if at := strings.LastIndex(before, "|"); at >= 0 {
		if strings.TrimSpace(before[at+1:]) == "" {
			return []string{"head ", "tail ", "grep ", "wc ", "sort "}
		}
		return nil
	}
	words := strings.Fields(before)
	if len(words) > 0 && words[0] == "!" {
		words = words[1:]
	}
	if len(words) == 0 {
		return withBlank(s.verbNames())
	}
	v := s.verb(words[0])
	if v == nil {
		return nil
	}
	if strings.HasPrefix(word, "-") {
		return withBlank(v.flagNames())
	}
	return s.arguments(v, words[1:])
}

// arguments lists what may follow a verb and the words behind it.
func (s *Session) arguments(v *Verb, words []string) []string {
	m := s.Machine()
	switch {
	case v.Name == "help" && len(words) == 0, v.Name == "taskset" && len(words) == 2:
		return withBlank(s.verbNames())
	case v.Name == "trace" && len(words) > 0 && words[0] == "start":
		return withBlank(eventNames())
	case v.Name == "trace" && len(words) > 0 && words[len(words)-1] == "-format":
		return withBlank([]string{"ftrace", "perfetto", "timeline", "json"})
	case v.Name == "cpu" && len(words) == 1:
		return withBlank(cpuWords())
	case v.Name == "cpu" && len(words) == 2 && words[1] == "local":
		return withBlank(localSources())
	case len(words) == 0 && len(v.Words) > 0:
		return withBlank(v.Words)
	case m != nil && v.Name == "modprobe" && len(words) == 0:
		return withBlank(m.Modules())
	case m != nil && v.Name == "info" && slices.Equal(words, []string{"percpu"}):
		return s.symbolNames()
	case v.Name == "cat" || v.Name == "ls":
		return s.paths("")
	}
	return nil
}

func (s *Session) symbolNames() []string {
	var names []string
	for _, sym := range s.Machine().Symbols() {
		names = append(names, sym.Name)
	}
	return names
}

// paths lists the directory that a word is in.
func (s *Session) paths(word string) []string {
	if s.Machine() == nil {
		return nil
	}
	dir := word[:strings.LastIndex(word, "/")+1]
	if dir == "" {
		dir = "/"
	}
	names, err := files(s.Machine()).List(dir)
	if err != nil {
		return nil
	}
	for i, name := range names {
		names[i] = dir + name
		if isDir(s.Machine(), names[i]) {
			names[i] += "/"
		}
	}
	return names
}

// withBlank adds the blank that separates a whole word from the next.
func withBlank(words []string) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w + " "
	}
	return list
}
