// Checker grades the labs: go run ./checker VERB. See checker help.
package main

import (
	"os"

	"bothhalves/checker/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Std()))
}
