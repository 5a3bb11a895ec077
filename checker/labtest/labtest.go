// Package labtest is what a lab's own test calls: with it go test ./labs/LAB
// is the whole loop for someone who likes plain Go.
package labtest

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"bothhalves/checker/internal/gate"
	"bothhalves/checker/internal/labs"
	"bothhalves/checker/internal/verdict"
	"bothhalves/checker/internal/worker"
	"bothhalves/checker/script"
	"bothhalves/kernelsim/machine"
)

// Run runs a subtest for every task of the lab in the present folder. Parts
// holds, by task, what the lab's package plugs into the machine; TASK/NAME
// are parts that the task's script asks for by name.
//
// A task whose file is as shipped is skipped. Any other is run in a process
// of its own, so that a loop without an end, a crash or a flood of output in
// one task costs the others nothing.
func Run(t *testing.T, parts map[string][]machine.Part) {
	t.Helper()
	req, err := worker.Asked()
	if err != nil {
		t.Fatal(err)
	}
	if req != nil {
		err := worker.Serve(req, parts)
		if req.Shell != nil {
			leave(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	lab, err := labs.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := lab.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range lab.Tasks {
		t.Run(task.ID, func(t *testing.T) { runTask(t, lab, task, shipped[task.File()]) })
	}
}

// leave ends a worker that was a shell, without the words of package testing.
func leave(err error) {
	if err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func runTask(t *testing.T, lab *labs.Lab, task *labs.Task, shipped []string) {
	src, err := lab.Student(task)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatalf("%v\n%s is gone; go run ./checker reset %s brings the shipped one back", err, task.File(), task.Name())
	}
	if len(shipped) > 0 && labs.Hash(src) == shipped[0] {
		t.Skipf("not started: %s is as shipped", task.File())
	}
	req := worker.Request{Lab: lab.Name, Task: task.ID, Text: task.Text}
	if task.Kind.Ext() == ".go" {
		if err := gate.Check(lab.Name, task.File(), src, task.Imports); err != nil {
			t.Fatal(err)
		}
	} else {
		req.Student = src
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	reply, err := worker.Launch(worker.TestBinary(self, test, lab.Dir), req)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Fault != "" {
		t.Fatalf("%s\n%s", reply.Fault, reply.Output)
	}
	res := task.Merge(reply.Checks)
	res.Message, res.Output = reply.Crash, reply.Output
	if res.Status == script.Passed {
		t.Logf("%s of %s points", verdict.Points(res.Tenths), verdict.Points(res.Of))
		return
	}
	var text strings.Builder
	verdict.Write(&text, &res)
	t.Errorf("\n%s", text.String())
}
