package build

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// front is what stands between the two "---" lines at the top of a page.
type front struct {
	Title   string
	Summary string
	Part    string
	Minutes int // 0 if it is to be computed
}

// splitFront takes the front matter off a source. offset is where the
// Markdown begins. Mistakes are reported with their line.
func splitFront(src []byte, report func(line int, what, do string)) (f front, offset int) {
	if !bytes.HasPrefix(src, []byte("---\n")) {
		return f, 0
	}
	end := bytes.Index(src[3:], []byte("\n---\n")) // the opening line's end may be the closing one's beginning
	if end < 0 {
		report(1, "the front matter has no end", "close it with a line of three dashes")
		return f, 0
	}
	seen := map[string]bool{}
	for i, line := range strings.Split(string(src[3:3+end]), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		key, _, _ := strings.Cut(line, ":")
		err := f.set(line)
		if seen[key] && err == nil {
			err = fmt.Errorf("front matter: %s stands there twice", key)
		}
		seen[key] = true
		if err != nil {
			report(i+1, err.Error(), "the front matter knows title, summary, part and minutes, one `key: value` a line")
		}
	}
	return f, 3 + end + 5
}

func (f *front) set(line string) error {
	key, value, ok := strings.Cut(line, ":")
	value = strings.Trim(strings.TrimSpace(value), `"`)
	if !ok {
		return fmt.Errorf("front matter: %q is not `key: value`", line)
	}
	switch strings.TrimSpace(key) {
	case "title":
		f.Title = value
	case "summary":
		f.Summary = value
	case "part":
		f.Part = value
	case "minutes":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return fmt.Errorf("front matter: minutes: %q is not a positive number", value)
		}
		f.Minutes = n
	default:
		return fmt.Errorf("front matter: unknown key %q", key)
	}
	return nil
}
