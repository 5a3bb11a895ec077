package shell

import (
	"fmt"
	"strings"
)

// parseFlags takes the flags out of a verb's words, wherever they stand.
func parseFlags(v *Verb, words []string) (args []string, flags map[string][]string, err error) {
	flags = map[string][]string{}
	for i := 0; i < len(words); i++ {
		w := words[i]
		if v.Raw || v.Command && len(args) > 0 || !looksLikeFlag(w) {
			args = append(args, w)
			continue
		}
		f, ok := v.flag(w[1:])
		if !ok {
			return nil, nil, unknownFlag(v, w)
		}
		if len(flags[f.Name]) > 0 && !f.Many {
			return nil, nil, misuse(v, fmt.Sprintf("%s: given twice", w))
		}
		value := ""
		if f.Arg != "" {
			if i++; i == len(words) {
				return nil, nil, misuse(v, fmt.Sprintf("%s: %s is missing", w, f.Arg))
			}
			value = words[i]
		}
		flags[f.Name] = append(flags[f.Name], value)
	}
	return args, flags, checkForm(v, args, flags)
}

// looksLikeFlag tells a flag from an argument: -x, but not - or -5.
func looksLikeFlag(w string) bool {
	return len(w) > 1 && w[0] == '-' && (w[1] < '0' || w[1] > '9')
}

// checkForm refuses a flag that belongs to another form of the verb.
func checkForm(v *Verb, args []string, flags map[string][]string) error {
	for _, f := range v.Flags {
		if f.With != "" && len(flags[f.Name]) > 0 && (len(args) == 0 || args[0] != f.With) {
			return misuse(v, fmt.Sprintf("-%s: goes with %s %s only", f.Name, v.Name, f.With))
		}
	}
	return nil
}

// unknownFlag says which flag is unknown and what may have been meant: another
// flag, or single quotes instead of double ones.
func unknownFlag(v *Verb, w string) error {
	names := v.flagNames()
	if name, _, ok := strings.Cut(w, "="); ok {
		if _, known := v.flag(strings.TrimLeft(name, "-")); known {
			return misuse(v, fmt.Sprintf("%s: a flag's value is the next word, without =", w))
		}
	}
	if len(names) == 0 {
		return misuse(v, fmt.Sprintf("%s: %s has no flags", w, v.Name))
	}
	return misuse(v, fmt.Sprintf("%s: no such flag%s", w, didYouMean(w, names)))
}
