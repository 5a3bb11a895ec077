package grade

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bothhalves/checker/internal/verdict"
	"bothhalves/checker/script"
)

const (
	carveHead = `package percpu

import "bothhalves/kernelsim/kernel/percpu"

type areas struct{}

func (areas) Offset(cpu int) percpu.Addr              { return 0 }
func (areas) Addr(cpu int, sym percpu.Off) percpu.Addr { return 0 }

`
	lostHead = `package percpu

import (
	"bothhalves/kernelsim/hw/cpu"

	"bothhalves/labs/percpu/rx"
)

`
	lostGood = lostHead + "func countRx(c *cpu.CPU) { rx.Packets.Inc(c) }\n"
)

// TestStudents grades what students write when things go wrong: each gets one
// clear message, and the other task of the lab is graded all the same.
func TestStudents(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	c := open(t)
	l, err := c.Lab("percpu")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, carve string
		status      script.Status
		want        []string // in the verdict
	}{
		{"does not parse", "package percpu\n\nfunc SetupAreas( {\n", script.NoBuild, []string{"percpu_carve.go:3:"}},
		{"does not compile", carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\treturn undefined, nil\n}\n",
			script.NoBuild, []string{"percpu_carve.go:11: undefined: undefined"}},
		{"keeps the import of a gap", strings.Replace(carveHead, "import \"bothhalves/kernelsim/kernel/percpu\"", "import (\n\t\"bothhalves/kernelsim/kernel/percpu\"\n\t\"bothhalves/labs/lab\"\n)", 1) +
			"func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\treturn areas{}, nil\n}\n",
			script.NoBuild, []string{"percpu_carve.go:5: \"bothhalves/labs/lab\" imported and not used: it was for the gaps, and goes with the last one"}},
		{"another signature", carveHead + "func SetupAreas() {}\n", script.NoBuild, []string{"keep the shipped signatures", "parts.go:"}},
		{"forbidden import", "package percpu\n\nimport \"os\"\n\nfunc SetupAreas() { os.Exit(0) }\n", script.Rejected,
			[]string{`percpu_carve.go:3: import "os"`, "may import"}},
		{"another package", "package other\n", script.Rejected, []string{"percpu_carve.go:1: package other"}},
		{"empty", "", script.NoBuild, []string{"percpu_carve.go:1:"}},
		{"binary", "\x00\x01\x02", script.NoBuild, []string{"percpu_carve.go:1:"}},
		{"huge", "package percpu // " + strings.Repeat("x", 300<<10), script.Rejected, []string{"is not read"}},
		{"panics", carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\tvar p *int\n\t*p = 1\n\treturn areas{}, nil\n}\n",
			script.Failed, []string{"nil pointer", "in your file: percpu_carve.go:12 (SetupAreas)"}},
		{"loops", carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\tfor i := 0; ; i++ {\n\t}\n}\n",
			script.Failed, []string{"no end after 2s: a loop", "in your file: percpu_carve.go", "(SetupAreas)", "not run"}}, // the line is where the loop was met
		{"prints megabytes", carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\tfor range 20000 {\n\t\tprintln(\"here I am, and here, and here, and here\")\n\t}\n\treturn areas{}, nil\n}\n",
			script.Failed, []string{"here I am", "bytes more"}},
		{"recurses", carveHead + "func deep(n int) int { return deep(n+1) + 1 }\n\nfunc SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\t_ = deep(0)\n\treturn areas{}, nil\n}\n",
			script.Failed, []string{"the program died", "stack"}},
		{"calls before any machine", carveHead + "var x = boom()\n\nfunc boom() int { panic(1) }\n\nfunc SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\treturn areas{}, nil\n}\n",
			script.Rejected, []string{"percpu_carve.go:10: boom(…): a variable of the package gets its value before any machine exists"}},
		{"waits for ever", carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\t<-make(chan int)\n\treturn areas{}, nil\n}\n",
			script.Failed, []string{"it waits (chan receive)", "in your file: percpu_carve.go:11 (SetupAreas)"}},
		{"takes all memory", carveHead + "var all [][]byte\n\nfunc SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\tfor {\n\t\tb := make([]byte, 64<<20)\n\t\tall = append(all, b)\n\t}\n}\n",
			script.Failed, []string{"ended at 2 GiB of memory", "in your file: percpu_carve.go:1"}},
		{"prints for ever", carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\tfor {\n\t\tprintln(\"here I am, and here, and here, and here, and here, and here, and here, and here, and here\", \"and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here, and here\")\n\t}\n}\n",
			script.Failed, []string{"MiB of output", "here I am"}},
		{"panics with a poem", carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\ts := \"verse\\n\"\n\tfor range 10 {\n\t\ts += s\n\t}\n\tpanic(s)\n}\n",
			script.Failed, []string{"verse …", "in your file: percpu_carve.go:15 (SetupAreas)"}},
		{"returns nothing", carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\treturn nil, nil\n}\n",
			script.Failed, []string{"no areas and no error"}},
		{"recovers from a gap", carveHead[:strings.Index(carveHead, "import")] + "import (\n\t\"bothhalves/kernelsim/kernel/percpu\"\n\t\"bothhalves/labs/lab\"\n)\n" + carveHead[strings.Index(carveHead, "type areas"):] +
			"func SetupAreas(req *percpu.SetupRequest) (a percpu.Areas, err error) {\n\tdefer func() { recover(); a = areas{} }()\n\tpanic(lab.TODO(\"all of it\"))\n}\n",
			script.Failed, []string{"still to write: all of it"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			results, err := c.Grade(l, Options{
				Tasks: []string{"percpu-carve", "percpu-lostupdate"}, Limit: 2 * time.Second, Name: "percpu.students",
				Files: map[string][]byte{"percpu_carve.go": []byte(tc.carve), "percpu_lostupdate.go": []byte(lostGood)},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				var b strings.Builder
				verdict.Write(&b, &r)
				text := b.String()
				if r.Task == "percpu-lostupdate" {
					if r.Status != script.Passed {
						t.Errorf("the other task suffers:\n%s", text)
					}
					continue
				}
				if r.Status != tc.status || r.Tenths != 0 && r.Status != script.Failed {
					t.Errorf("status %s, want %s", r.Status, tc.status)
				}
				for _, want := range tc.want {
					if !strings.Contains(text, want) {
						t.Errorf("no %q in\n%s", want, text)
					}
				}
				if len(text) > 16<<10 {
					t.Errorf("a verdict of %d bytes", len(text))
				}
			}
		})
	}
}

// TestStopped: who stops a grading does not wait for a loop's end.
func TestStopped(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	c := open(t)
	l, err := c.Lab("percpu")
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	close(stop)
	loop := carveHead + "func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {\n\tfor {\n\t}\n}\n"
	_, err = c.Grade(l, Options{Tasks: []string{"percpu-carve"}, Name: "percpu.stopped", Stop: stop,
		Files: map[string][]byte{"percpu_carve.go": []byte(loop)}})
	if !errors.Is(err, ErrStopped) {
		t.Errorf("error %v, want ErrStopped", err)
	}
}

// TestBuildErrorsOfThisComputer: what is wrong with the computer is told apart
// from what is wrong with the code.
func TestBuildErrorsOfThisComputer(t *testing.T) {
	for text, want := range map[string]string{
		"go: inconsistent vendoring in /x:\n\ta: is explicitly required\n":       "unset GOFLAGS",
		"a.go:1:2: module lookup disabled by GOPROXY=off\n":                      "go mod download",
		"go: x: Get \"https://x\": dial tcp: lookup x: no such host\n":           "go mod download",
		"a.go:4:2: cannot find package \"b\" in any of:\n\t/go (from $GOROOT)\n": "unset GO111MODULE",
		"copying a to b: write b: no space left on device\n":                     "make room",
		"a.go:4:2: undefined: x\n":                                               "",
	} {
		if got := help(text); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("help(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestMistakeIsNamed: a student who makes a known mistake is told its name.
func TestMistakeIsNamed(t *testing.T) {
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		list, err := Mutants(l)
		if err != nil {
			t.Fatal(err)
		}
		m := list[0]
		results, err := c.Grade(l, Options{Tasks: []string{m.Task.ID}, Files: map[string][]byte{m.Task.File(): m.Src}, Name: l.Name + ".mistake"})
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Mistake != m.Misconception {
			t.Errorf("mistake %q, want %q", results[0].Mistake, m.Misconception)
		}
	})
}

// TestReplayShowsTheEvent: the command below a verdict shows the event that
// the verdict names, also where the check boots another machine behind the
// line that failed.
func TestReplayShowsTheEvent(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	c := open(t)
	l, err := c.Lab("irq")
	if err != nil {
		t.Fatal(err)
	}
	list, err := Mutants(l)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(m Mutant) bool { return m.Name == "irq-edge/disabled-dropped" })
	if i < 0 {
		t.Fatal("no mutant irq-edge/disabled-dropped")
	}
	m := list[i]
	files := map[string][]byte{m.Task.File(): m.Src}
	results, err := c.Grade(l, Options{Tasks: []string{m.Task.ID}, Files: files, Name: "irq.replay"})
	if err != nil {
		t.Fatal(err)
	}
	check := results[0].Checks[results[0].FirstFailed()]
	a := check.First()
	_, yours, ok := strings.Cut(a.Differs, "yours:           ")
	if !ok || a.Event == 0 {
		t.Fatalf("the verdict names no event: %+v", a)
	}
	var out, errw bytes.Buffer
	if err := c.Shell(l, m.Task, ShellOptions{Seed: a.Seed, Event: a.Event, Files: files}, strings.NewReader(""), &out, &errw); err != nil {
		t.Fatalf("%v\n%s", err, &errw)
	}
	if text := out.String(); !strings.Contains(text, "\n> "+yours+"\n") {
		t.Errorf("event %d is %q; the replay shows\n%s", a.Event, yours, text)
	}
	booted := 0
	for _, body := range m.Task.Checks[results[0].FirstFailed()].Body {
		booted += strings.Count(body, "boot ")
	}
	if again := strings.Count(out.String(), "# boot "); again >= booted {
		t.Errorf("the replay boots %d of the check's %d machines: it does not stop where the check failed", again, booted)
	}
}
