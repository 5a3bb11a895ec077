//go:build !unix

package serve

import (
	"os"
	"os/exec"
)

// become runs another program in the place of this one and ends with it.
func become(name string, args []string, dir string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
