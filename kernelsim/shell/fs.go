package shell

import (
	"slices"

	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
)

// files is the file system of a machine.
func files(m *machine.Machine) *procfs.FS { return procfs.New(m) }

// isDir tells a directory from a file: a file's list is the file.
func isDir(m *machine.Machine, path string) bool {
	names, err := files(m).List(path)
	return err == nil && !slices.Equal(names, []string{path})
}
