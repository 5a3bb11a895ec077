// Package serve shows the book while it is being written: it builds it,
// serves it on localhost, follows every save, reloads the open page, and
// prints the verdict on a lab's file when that is saved.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"bothhalves/site/build"
)

// Options say what to serve and where.
type Options struct {
	Config build.Config
	Addr   string
	Out    io.Writer
	Err    io.Writer
	Args   []string // of this program, for starting it anew
}

// A session is one run of site start.
type session struct {
	Options
	builder *build.Builder
	pages   *pages
	listen  net.Listener
	labs    *verdicts

	mu sync.Mutex // guards Out
}

// Run builds and serves until the user interrupts it.
func Run(o Options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, o)
}

func run(ctx context.Context, o Options) error {
	s := &session{Options: o, pages: newPages()}
	s.labs = newVerdicts(o.Config.Root, s.say)
	var err error
	if s.builder, err = build.New(o.Config); err != nil {
		return err
	}
	if s.listen, err = listen(o.Addr); err != nil {
		return err
	}
	saves, err := watch(ctx, o.Config.Root, []string{"book", "labs", "kernelsim", "checker", "site"})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.pages, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(s.listen) }()
	s.rebuild(true)
	s.say("reading at http://%s/  (Ctrl-C ends it)", s.address())
	return s.follow(ctx, server, saves, failed)
}

// follow reacts to saves until the context ends.
func (s *session) follow(ctx context.Context, server *http.Server, saves <-chan []string, failed <-chan error) error {
	defer s.labs.stop()
	for {
		select {
		case <-ctx.Done():
			s.pages.close()
			short, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = server.Shutdown(short)
			fmt.Fprintln(s.Err)
			return nil
		case err := <-failed:
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		case files := <-saves:
			if err := s.saved(ctx, server, files); err != nil {
				return err
			}
		}
	}
}

// saved does what a batch of saves asks for.
func (s *session) saved(ctx context.Context, server *http.Server, files []string) error {
	c := classify(files)
	if len(c.program) > 0 {
		return s.startAnew(ctx, server, c.program[0])
	}
	if c.checker {
		s.labs.forget()
	}
	for _, task := range c.tasks {
		s.labs.check(ctx, task)
	}
	if len(c.book) > 0 {
		if err := s.builder.Changed(c.book...); err != nil {
			s.report(err)
			return nil
		}
		s.rebuild(false)
	}
	return nil
}

// rebuild builds the book and publishes it. When something is wrong with it
// the last good pages stay, under a list of what is wrong; recorded output
// that is merely out of date does not hold a page back.
func (s *session) rebuild(first bool) {
	began := time.Now()
	site, err := s.builder.Build()
	if site == nil {
		s.report(err)
		return
	}
	if err == nil || first || onlyDrift(err) {
		s.pages.publish(site.Files)
		if werr := site.Write(filepath.Join(s.Config.Root, "site", "public")); werr != nil {
			s.say("%v", werr)
		}
	}
	s.report(err)
	for _, f := range s.builder.Rendered() {
		if !first {
			s.say("%s: %d ms", f, time.Since(began).Milliseconds())
		}
	}
}

func onlyDrift(err error) bool {
	var ps build.Problems
	if !errors.As(err, &ps) {
		return false
	}
	for _, p := range ps {
		if !p.Drift {
			return false
		}
	}
	return true
}

// report shows an error in the terminal and over the open pages; nil clears
// the pages.
func (s *session) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
		s.say("%s", text)
	}
	s.pages.trouble(text)
}

func (s *session) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.Out, format+"\n", args...)
}

func (s *session) address() string {
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil || host == "" {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(s.listen.Addr().(*net.TCPAddr).Port))
}

// listen takes the port that was asked for, or one of the next twenty.
func listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr %s: want HOST:PORT, as localhost:8080", addr)
	}
	first, err := strconv.Atoi(port)
	if err != nil || first < 0 || first > 65535 {
		return nil, fmt.Errorf("-addr %s: %s is not a port number", addr, port)
	}
	for n := first; n <= first+20; n++ {
		l, lerr := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(n)))
		if lerr == nil {
			return l, nil
		}
		if err = lerr; !errors.Is(lerr, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, fmt.Errorf("cannot listen on %s: %v", addr, err)
}
