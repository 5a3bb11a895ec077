package grade

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"bothhalves/checker/internal/verdict"
	"bothhalves/checker/script"
)

// solved is a lab's solutions as the files of a tree.
func solved(t *testing.T, l *Lab) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	for _, task := range l.Tasks {
		src, err := Solved(l, task)
		if err != nil {
			t.Fatal(err)
		}
		files[task.File()] = src
	}
	return files
}

func starters(t *testing.T, l *Lab) map[string][]byte {
	t.Helper()
	files, err := Starters(l)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestLabsUntouched: a fresh clone has nothing to grade.
func TestLabsUntouched(t *testing.T) {
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		results, err := c.Grade(l, Options{Files: starters(t, l)})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Status != script.NotStarted {
				t.Errorf("%s as shipped: %s %s", r.Task, r.Status, r.Message)
			}
		}
	})
}

// TestLabsForced: what is shipped fails at least one check of every task, and
// a gap says what is to be written.
func TestLabsForced(t *testing.T) {
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		results, err := c.Grade(l, Options{Files: starters(t, l), Force: true, Name: l.Name + ".forced"})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Status != script.Failed {
				t.Errorf("%s as shipped, forced: %s %s", r.Task, r.Status, r.Message)
			}
			if first := r.Checks[max(r.FirstFailed(), 0)].First(); l.Tasks[i].Kind == script.Implement && (first == nil || first.Gap == "") {
				t.Errorf("%s as shipped does not say what is still to write: %+v", r.Task, first)
			}
		}
	})
}

// TestLabsSolved: the solutions pass every check, twice with the same result
// to the byte, and the points of a lab add up to 100.
func TestLabsSolved(t *testing.T) {
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		files := solved(t, l)
		var first string
		for range 2 {
			results, err := c.Grade(l, Options{Files: files, Force: true, Name: l.Name + ".solved"})
			if err != nil {
				t.Fatal(err)
			}
			sum := 0
			for _, r := range results {
				sum += r.Tenths
				if r.Status != script.Passed {
					var text strings.Builder
					verdict.Write(&text, &r)
					t.Errorf("the solution of %s:\n%s", r.Task, text.String())
				}
			}
			if sum != 1000 && !t.Failed() {
				t.Errorf("all passed and %s points", verdict.Points(sum))
			}
			data, err := json.Marshal(results)
			if err != nil {
				t.Fatal(err)
			}
			if first == "" {
				first = string(data)
			} else if first != string(data) {
				t.Errorf("two runs, two results:\n%s\n%s", first, data)
			}
		}
	})
}

// TestLabsSolvedRace runs the solutions under the race detector.
func TestLabsSolvedRace(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("SKIPPED: no C compiler, so no race detector")
	}
	if testing.Short() {
		t.Skip("short")
	}
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		results, err := c.Grade(l, Options{Files: solved(t, l), Force: true, Name: l.Name + ".race", Race: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Status != script.Passed || strings.Contains(r.Output, "DATA RACE") {
				t.Errorf("%s under -race: %s %s\n%s", r.Task, r.Status, r.Message, r.Output)
			}
		}
	})
}

// mutantLimit is how long a wrong solution may take for one attempt: a loop
// without an end counts as caught. One written by hand has twice as long, since
// its signature is of all checks, on a busy computer too.
const mutantLimit = 4 * time.Second

// TestLabsMutants: every wrong solution is caught: one written by hand at the
// check that it names, nine of ten made by machine at any; every survivor is
// explained. The kill table and the signatures are what the tree holds.
func TestLabsMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	eachLab(t, func(t *testing.T, c *Course, l *Lab) {
		written, made := mutants(t, l)
		b, err := c.NewBatch(l, variants(written, made))
		if err != nil {
			t.Fatal(err)
		}
		results := runBatch(t, b)
		table := &KillTable{Lab: l.Name}
		var signatures []Signature
		for _, m := range written {
			r, ok := results[m.Name]
			if !ok {
				t.Errorf("mutant %s does not compile: %s", m.Name, b.Refused[m.Name])
				continue
			}
			judgeWritten(t, table, m, &r)
			signatures = append(signatures, Signature{Task: m.Task.ID, Hash: signatureOf(&r), Mutant: m.Name, Misconception: m.Misconception})
		}
		signatures = append(signatures, asShipped(t, c, l)...)
		judgeMade(t, l, table, made, results)
		compare(t, KillPath(l), table)
		compare(t, signaturePath(l), signatures)
		t.Logf("%d written, %d made by machine (%d did not compile), %d survive", len(written), table.Made, len(b.Refused), table.Survivors)
	})
}

// asShipped are the signatures of the files as they are shipped. They name no
// misconception, and so keep a mutant that fails as a shipped file does from
// lending it its own.
func asShipped(t *testing.T, c *Course, l *Lab) (out []Signature) {
	t.Helper()
	results, err := c.Grade(l, Options{Files: starters(t, l), Force: true, Name: l.Name + ".forced"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		out = append(out, Signature{Task: r.Task, Hash: signatureOf(&r), Mutant: "as shipped"})
	}
	return out
}

func mutants(t *testing.T, l *Lab) (written, made []Mutant) {
	t.Helper()
	written, err := Mutants(l)
	if err != nil {
		t.Fatal(err)
	}
	if made, err = MachineMutants(l); err != nil {
		t.Fatal(err)
	}
	for _, task := range l.Tasks {
		n := 0
		for _, m := range written {
			if m.Task == task {
				n++
			}
		}
		if task.Kind.Ext() == ".go" && n < 4 {
			t.Errorf("%s has %d mutants: at least four", task.ID, n)
		}
	}
	return written, made
}

func variants(lists ...[]Mutant) []Variant {
	var out []Variant
	for _, list := range lists {
		for _, m := range list {
			out = append(out, Variant{Name: m.Name, Task: m.Task, Files: map[string][]byte{m.Task.File(): m.Src}})
		}
	}
	return out
}

// runBatch runs every variant, as many at a time as there are processors. The
// written ones run to their end, for their signatures.
func runBatch(t *testing.T, b *Batch) map[string]script.TaskResult {
	results := make(map[string]script.TaskResult)
	var mu sync.Mutex
	var wait sync.WaitGroup
	slots := make(chan bool, runtime.NumCPU())
	for i, v := range b.Variants {
		wait.Add(1)
		slots <- true
		go func() {
			defer func() { <-slots; wait.Done() }()
			o := Options{Limit: 2 * mutantLimit}
			if strings.Contains(v.Name, ": line ") {
				o = Options{Limit: mutantLimit, FirstOnly: true}
			}
			r, err := b.Run(i, o)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			results[v.Name] = r
		}()
	}
	wait.Wait()
	return results
}

func judgeWritten(t *testing.T, table *KillTable, m Mutant, r *script.TaskResult) {
	got := ""
	if i := r.FirstFailed(); i >= 0 {
		got = r.Checks[i].Name
	}
	if got != m.Check {
		var text strings.Builder
		verdict.Write(&text, r)
		t.Errorf("mutant %s fails first at %q, and names %q\n%s", m.Name, got, m.Check, text.String())
	}
	table.Written = append(table.Written, Kill{Mutant: m.Name, Task: m.Task.ID, Check: got, Misconception: m.Misconception})
}

func judgeMade(t *testing.T, l *Lab, table *KillTable, made []Mutant, results map[string]script.TaskResult) {
	why, err := Survivors(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range made {
		r, compiled := results[m.Name]
		if !compiled {
			continue
		}
		table.Made++
		if r.Status != script.Passed {
			if why[m.Name] != "" {
				t.Errorf("testdata/survivors.txt explains %q, which is caught", m.Name)
			}
			continue
		}
		table.Survivors++
		if why[m.Name] == "" {
			t.Errorf("mutant %q survives, and testdata/survivors.txt does not say why that is right\n%s", m.Name, m.Src)
		}
		table.Machine = append(table.Machine, Kill{Mutant: m.Name, Task: m.Task.ID, Survives: why[m.Name]})
	}
	if table.Survivors*10 > table.Made {
		t.Errorf("%d of %d mutants made by machine survive: more than one in ten", table.Survivors, table.Made)
	}
}

// compare holds a generated file to the tree, or writes it.
func compare(t *testing.T, path string, v any) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, '\n')
	if *update {
		write(t, path, data)
		return
	}
	if old := read(t, path); old != string(data) {
		t.Errorf("%s is stale: go test ./checker/grade -run Labs -update\n%s", path, fmt.Sprint(string(data)))
	}
}
