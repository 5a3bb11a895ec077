package samples_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// withRaiser is a machine with the module raiser, whose softirqs are traced.
func withRaiser(t *testing.T, cfg machine.Config) *lab {
	t.Helper()
	x := withHalves(t, cfg)
	x.load("raiser")
	if err := x.fs.Write("/sys/kernel/tracing/set_event", []byte("irq:softirq_raise irq:softirq_entry\n"), false); err != nil {
		t.Fatal(err)
	}
	return x
}

var softirqLine = regexp.MustCompile(`(?m)^ *(\S+)-\d+ +\[001\] (\S+) .*: softirq_(raise|entry): vec=(\d)`)

// served lets lines be written on CPU 1, and says which softirqs were raised
// there, as r3, and served, as 3 or, by ksoftirqd, as k3. What ticks raise does
// not count.
func (x *lab) served(lines ...string) string {
	x.t.Helper()
	if err := x.fs.Write("/sys/kernel/tracing/trace", []byte("\n"), false); err != nil {
		x.t.Fatal(err)
	}
	x.write("raiser", lines...)
	x.run(50 * sim.Millisecond)
	text, err := x.fs.Read("/sys/kernel/tracing/trace")
	if err != nil {
		x.t.Fatal(err)
	}
	var list []string
	for _, f := range softirqLine.FindAllStringSubmatch(text, -1) {
		word := f[4]
		switch {
		case strings.Contains("1789", word):
			continue
		case f[3] == "raise":
			word = "r" + word
		case strings.HasPrefix(f[1], "ksoftirqd"):
			word = "k" + word
		}
		list = append(list, word)
	}
	return strings.Join(list, " ")
}

// storm is what a vector that raises itself n times shows.
func storm(vec, n int, by string) string {
	return strings.TrimSpace(strings.Repeat(fmt.Sprintf("%s%d r%d ", by, vec, vec), n))
}

// The rules of raising and of the loop, one by one.
func TestRaiser(t *testing.T) {
	for _, tt := range []struct{ name, kernel, lines, want string }{
		{"in a task ksoftirqd is woken", "", "raise 3", "r3 k3"},
		{"all before it comes to run", "", "raise 3 2 6", "r3 r2 r6 k2 k3 k6"},
		{"in an interrupt, the lowest bit first", "", "raise irq 6 3 2 0", "r6 r3 r2 r0 0 2 3 6"},
		{"at the end of a section without bottom halves", "", "raise bh 6 3 2", "r6 r3 r2 2 3 6"},
		{"one that is pending is raised again in vain", "", "raise irq 3 3 3", "r3 r3 r3 3"},
		{"raised by a softirq, a higher one waits for the next pass", "",
			"action 2 then=6\nraise irq 3 2", "r3 r2 2 r6 3 6"},
		{"raised by an interrupt in the middle of one, too", "",
			"action 2 len=20us irq=3,6\nraise irq 2", "r2 2 r3 r6 3 6"},
		{"ten passes, then ksoftirqd, which makes ten and ten", "",
			"action 3 again=24\nraise irq 3", "r3 " + storm(3, 10, "") + " " + storm(3, 14, "k") + " k3"},
		{"others that wait come in the same passes", "",
			"action 3 again=2\nraise irq 3 2", "r3 r2 2 3 r3 3 r3 3"},
		{"while ksoftirqd is runnable, an interrupt leaves it what is pending", "6.1", "raise 3; raise irq 2", "r3 r2 k2 k3"},
		{"and so does a section's end", "6.1", "raise 3; raise bh 2", "r3 r2 k2 k3"},
		{"unless that cannot wait", "6.1", "raise 3; raise irq 6", "r3 r6 3 6"},
		{"older ones too", "4.9", "raise 3; raise irq 2", "r3 r2 k2 k3"},
		{"newer ones do not ask", "6.12", "raise 3; raise irq 2", "r3 r2 2 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := withRaiser(t, machine.Config{Kernel: tt.kernel})
			if got := x.served(strings.Split(tt.lines, "\n")...); got != tt.want {
				t.Errorf("%s:\ngot  %s\nwant %s", tt.lines, got, tt.want)
			}
		})
	}
}

// The limit of time is looked at between passes: a pass that is longer than a
// jiffy is the last one.
func TestRaiserOneJiffy(t *testing.T) {
	x := withRaiser(t, machine.Config{})
	got := x.served("action 3 len=5ms again=2", "raise irq 3")
	if want := "r3 3 r3 k3 r3 k3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	x = withRaiser(t, machine.Config{HZ: 1000})
	if n := strings.Count(" "+x.served("action 3 len=900us again=50", "raise irq 3"), " 3"); n < 2 || n > 4 {
		t.Errorf("at HZ=1000: %d passes of 0.9 ms before ksoftirqd, want what two jiffies hold", n)
	}
}

func TestRaiserRefusals(t *testing.T) {
	x := withRaiser(t, machine.Config{})
	for _, bad := range []string{"", "raise", "raise 10", "raise irq", "raise bh x", "action", "action 6 len=1us", "action 3 len=1", "action 3 then=11",
		"action 3 irq=", "action 3 again=-1", "lower 3", "raise 3; raise 10", "action 3 len=1us; raise"} {
		if err := x.fs.Write("/proc/raiser", []byte(bad+"\n"), false); !errors.Is(err, errno.EINVAL) {
			t.Errorf("%q: %v, want EINVAL", bad, err)
		}
	}
	if got := x.read("raiser"); strings.Count(got, "len=0s again=0 runs=0 ") != 2 {
		t.Errorf("refused lines changed the file:\n%s", got)
	}
	if err := x.Rmmod("raiser"); err != nil {
		t.Fatal(err)
	}
	x.load("raiser")
}
