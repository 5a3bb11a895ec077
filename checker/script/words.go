package script

import "errors"

// Words splits a line as testscript does: blanks part, single quotes group, a
// doubled quote inside quotes is a quote, # ends the line.
func Words(line string) ([]string, error) {
	var words []string
	var word []byte
	open, quoted := false, false
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case quoted && b == '\'' && i+1 < len(line) && line[i+1] == '\'':
			word = append(word, b)
			i++
		case b == '\'':
			quoted, open = !quoted, true
		case quoted:
			word = append(word, b)
		case b == '#':
			i = len(line)
		case b == ' ' || b == '\t' || b == '\r':
			if open {
				words = append(words, string(word))
				word, open = word[:0], false
			}
		default:
			word, open = append(word, b), true
		}
	}
	if quoted {
		return nil, errors.New("a single quote is not closed")
	}
	if open {
		words = append(words, string(word))
	}
	return words, nil
}
