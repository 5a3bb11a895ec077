//go:build unix

package serve

import (
	"os"
	"syscall"
)

// become replaces this process by another program.
func become(name string, args []string, dir string) error {
	if err := os.Chdir(dir); err != nil {
		return err
	}
	return syscall.Exec(name, append([]string{name}, args...), os.Environ())
}
