package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"bothhalves/kernelsim/shell"
)

const usage = `usage: ksim [-c COMMANDS | SCRIPT]

ksim boots and drives a simulated x86-64 machine with the interrupt half of a
Linux kernel. Without arguments it reads commands from the terminal, or from
standard input if that is none. A script and -c stop at the first failure; a !
before a command asserts that it fails. Type help for the commands.

  -c COMMANDS  run these, separated by ; or line ends
  -version     print which build this is
  -h           print this

The exit status is that of the failed command: 1, 2 for bad arguments, 127 for
an unknown command.
`

// options are what the command line asks for.
type options struct {
	commands string
	given    bool // -c was given
	version  bool
	script   string
}

// run is the program without its process.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	opts, err := parseArgs(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return shell.StatusOK
	case err != nil:
		fmt.Fprintf(stderr, "ksim: %v\nusage: ksim [-c COMMANDS | SCRIPT]\n", err)
		return shell.StatusUsage
	case opts.version:
		fmt.Fprintf(stdout, "ksim build %s, %s %s/%s\n", buildID(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return shell.StatusOK
	}
	h := newHost()
	s := shell.New(h)
	defer s.Close()
	out := &pipeWriter{w: bufio.NewWriterSize(stdout, 1<<16)}
	ended := drive(s, h, &opts, stdin, out, stderr)
	out.Flush()
	if out.failed != nil {
		fmt.Fprintf(stderr, "ksim: standard output: %v\n", plain(out.failed))
		return max(ended, shell.StatusFailed)
	}
	return ended
}

// drive runs what the command line asks for.
func drive(s *shell.Session, h *host, opts *options, stdin io.Reader, out *pipeWriter, stderr io.Writer) int {
	switch {
	case opts.given:
		return status(runText(s, out, stderr, opts.commands))
	case opts.script != "":
		return runScript(s, out, stderr, opts.script)
	case !isTerminal(stdin):
		return status(runLines(s, out, stderr, "standard input", stdin))
	}
	return interact(s, h, out, stderr)
}

// parseArgs reads the command line.
func parseArgs(args []string) (opts options, err error) {
	flags := flag.NewFlagSet("ksim", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&opts.commands, "c", "", "")
	flags.BoolVar(&opts.version, "version", false, "")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	flags.Visit(func(f *flag.Flag) { opts.given = opts.given || f.Name == "c" })
	rest := flags.Args()
	switch {
	case len(rest) > 1:
		return opts, fmt.Errorf("%s: one script at a time", rest[1])
	case len(rest) == 1 && opts.given:
		return opts, fmt.Errorf("%s: a script and -c exclude each other", rest[0])
	case opts.version && (len(rest) > 0 || opts.given):
		return opts, errors.New("-version stands alone")
	case len(rest) == 1:
		opts.script = rest[0]
	}
	return opts, nil
}

// runText runs the commands of -c.
func runText(s *shell.Session, out *pipeWriter, stderr io.Writer, text string) error {
	return s.Line(text, out, &flushFirst{out, stderr})
}

// runScript runs a file.
func runScript(s *shell.Session, out *pipeWriter, stderr io.Writer, name string) int {
	f, err := os.Open(name)
	if err != nil {
		fmt.Fprintf(stderr, "ksim: %s: %s\n", name, plain(err))
		return shell.StatusNotFound
	}
	defer f.Close()
	return status(runLines(s, out, stderr, name, f))
}

// runLines runs a script line by line. Where it stops, it says so.
func runLines(s *shell.Session, out *pipeWriter, stderr io.Writer, name string, r io.Reader) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, lineLimit)
	n := 0
	for in.Scan() {
		n++
		line := in.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff") // some editors' mark of UTF-8
		}
		if failed := s.Line(line, out, &flushFirst{out, stderr}); failed != nil {
			if !errors.Is(failed, errGone) {
				out.Flush()
				fmt.Fprintf(stderr, "%s:%d: stopped here, status %d\n", name, n, shell.ErrorStatus(failed))
			}
			return failed
		}
	}
	switch err := in.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		fmt.Fprintf(stderr, "ksim: %s:%d: a line of more than %d MiB: this is no script\n", name, n+1, lineLimit>>20)
		return err
	case err != nil:
		fmt.Fprintf(stderr, "ksim: %s: %s\n", name, plain(err))
		return err
	}
	return nil
}

// lineLimit is how long a script's line may be.
const lineLimit = 16 << 20

// status is the exit status for how the commands ended. That nobody reads the
// output any more ends the program quietly, as SIGPIPE would.
func status(err error) int {
	if errors.Is(err, errGone) {
		return shell.StatusOK
	}
	return shell.ErrorStatus(err)
}

// plain is an error without the name of the file and the system call.
func plain(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
