package build

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// manifest names the files that the last Write put into a folder, so that the
// next one can remove those that the book no longer has, and no others.
const manifest = ".files"

// Write puts the site into a folder. A file that is the same already is left
// alone.
func (s *Site) Write(dir string) error {
	names := sortedKeys(s.Files)
	for _, name := range names {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if old, err := os.ReadFile(full); err == nil && bytes.Equal(old, s.Files[name]) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, s.Files[name], 0o644); err != nil {
			return err
		}
	}
	if err := s.sweep(dir); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifest), []byte(strings.Join(names, "\n")+"\n"), 0o644)
}

// sweep removes what an earlier Write put there and this one did not.
func (s *Site) sweep(dir string) error {
	list, err := os.ReadFile(filepath.Join(dir, manifest))
	if err != nil {
		return nil // nothing was written here before
	}
	for _, name := range lines(string(list)) {
		if _, ok := s.Files[name]; ok || !filepath.IsLocal(filepath.FromSlash(name)) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}
