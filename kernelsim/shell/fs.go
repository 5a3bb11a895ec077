package shell

import (
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
)

// A fileSystem is what the shell needs of /proc, /sys and tracefs.
type fileSystem interface {
	Read(path string) (string, error)
	Write(path string, data []byte, appendTo bool) error
	List(path string) ([]string, error)
}

// files is the file system of a machine.
func files(*machine.Machine) fileSystem { return noFiles{} }

type noFiles struct{}

func (noFiles) Read(string) (string, error)      { return "", errno.ENOENT }
func (noFiles) Write(string, []byte, bool) error { return errno.ENOENT }
func (noFiles) List(string) ([]string, error)    { return nil, errno.ENOENT }
