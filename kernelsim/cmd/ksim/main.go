// Command ksim is the simulated machine's shell at a terminal.
//
//	ksim                     interactive
//	ksim -c 'boot; run 1ms'  commands
//	ksim script.ks           a script
//	... | ksim               commands from standard input
package main

import (
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
