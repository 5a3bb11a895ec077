package cli

import (
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"strings"
)

func runDoctor(c *call) error {
	if err := c.parse(0, 0); err != nil {
		return err
	}
	bad := false
	say := func(good bool, what, note string) {
		mark := "ok  "
		if !good {
			mark = "--  "
		}
		fmt.Fprintf(c.Out, "%s%-28s %s\n", mark, what, note)
	}
	version, err := exec.Command("go", "env", "GOVERSION").Output()
	need := err == nil
	say(need, "Go", strings.TrimSpace(string(version))+" (the course needs 1.26 or later)")
	bad = bad || !need
	co, err := c.course()
	say(err == nil, "working tree", text(err, func() string { return fmt.Sprintf("%s, %d labs", co.Root, len(co.Labs)) }))
	bad = bad || err != nil
	l, err := net.Listen("tcp", "127.0.0.1:0")
	say(err == nil, "a port on localhost", text(err, func() string { return "for make start" }))
	if err == nil {
		l.Close()
	}
	for _, tool := range []struct{ what, why string }{
		{"git", "to follow new releases"},
		{"make", "optional: go run ./site start and go test ./... do the same"},
		{"gcc", "optional: tests under the race detector"},
		{"node", "optional: tests of the page's terminal"},
	} {
		path, err := exec.LookPath(tool.what)
		say(err == nil, tool.what, firstOf(path, "not found; ")+" "+tool.why)
	}
	browser := findBrowser()
	say(browser != "", "browser", firstOf(browser, "none found: open the address that make start prints yourself"))
	if bad {
		return errFailed
	}
	return nil
}

func text(err error, f func() string) string {
	if err != nil {
		return err.Error()
	}
	return f()
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// findBrowser names what opens a page on this system.
func findBrowser() string {
	tools := []string{"xdg-open", "firefox", "chromium", "chromium-browser", "google-chrome"}
	switch runtime.GOOS {
	case "darwin":
		tools = []string{"open"}
	case "windows":
		tools = []string{"rundll32"}
	}
	for _, t := range tools {
		if path, err := exec.LookPath(t); err == nil {
			return path
		}
	}
	return ""
}
