// Package fake is a machine made of nothing but files, for the tests of
// programs that read them.
package fake

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Files are a machine's files at some moment, by path.
type Files map[string]string

// Parse reads files that stand one behind the other, each below a line
// -- PATH --.
func Parse(text string) Files {
	f := Files{}
	path := ""
	for line := range strings.Lines(text) {
		if name, ok := strings.CutSuffix(strings.TrimPrefix(line, "-- "), " --\n"); ok && strings.HasPrefix(line, "-- ") {
			path = name
			f[path] = ""
		} else if path != "" {
			f[path] += line
		}
	}
	return f
}

// ErrNotExist is what Read says of a file that is not there.
var ErrNotExist = errors.New("No such file or directory (ENOENT)")

// Read is a file's text.
func (f Files) Read(path string) (string, error) {
	text, ok := f[path]
	if !ok {
		return "", ErrNotExist
	}
	return text, nil
}

// List names what lies in a directory, sorted.
func (f Files) List(path string) ([]string, error) {
	var names []string
	for _, p := range slices.Sorted(maps.Keys(f)) {
		rest, ok := strings.CutPrefix(p, path+"/")
		if name, _, _ := strings.Cut(rest, "/"); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return nil, ErrNotExist
	}
	return names, nil
}
