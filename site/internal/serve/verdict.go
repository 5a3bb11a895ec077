package serve

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// verdicts grades tasks with the checker, built once and again when its
// sources change. A new save of a task ends the run that the last one began.
type verdicts struct {
	root string
	say  func(string, ...any)

	mu      sync.Mutex
	built   bool
	running map[string]context.CancelFunc
	wait    sync.WaitGroup
}

func newVerdicts(root string, say func(string, ...any)) *verdicts {
	return &verdicts{root: root, say: say, running: map[string]context.CancelFunc{}}
}

// forget has the checker built again before the next verdict.
func (v *verdicts) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.built = false
}

// stop ends what is running and waits for it.
func (v *verdicts) stop() {
	v.mu.Lock()
	for _, cancel := range v.running {
		cancel()
	}
	v.mu.Unlock()
	v.wait.Wait()
}

// check prints the verdict on LAB/TASK as soon as there is one. A file that
// is no task's is passed over.
func (v *verdicts) check(ctx context.Context, task string) {
	lab, name, _ := strings.Cut(task, "/")
	if _, err := os.Stat(filepath.Join(v.root, "labs", lab, "testdata", name+".txtar")); err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	v.mu.Lock()
	if end := v.running[task]; end != nil {
		end()
	}
	v.running[task] = cancel
	v.mu.Unlock()
	v.wait.Go(func() {
		defer cancel()
		v.grade(ctx, task)
	})
}

func (v *verdicts) grade(ctx context.Context, task string) {
	began := time.Now()
	program, err := v.program(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		v.say("%s: the checker does not build: %v", task, err)
		return
	}
	cmd := exec.CommandContext(ctx, program, "check", task)
	cmd.Dir, cmd.WaitDelay = v.root, time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends the student's code with it
	text, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return
	}
	out := strings.TrimRight(string(text), "\n")
	if out == "" && err != nil {
		out = err.Error()
	}
	v.say("── %s (%.1f s)\n%s", task, time.Since(began).Seconds(), out)
}

// program builds the checker if that has to be done and returns its path.
func (v *verdicts) program(ctx context.Context) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	name := filepath.Join(v.root, ".bothhalves", "bin", "checker"+exeSuffix())
	if v.built {
		return name, nil
	}
	if err := goBuild(ctx, v.root, name, "./checker"); err != nil {
		return "", err
	}
	v.built = true
	return name, nil
}

// goBuild compiles a package of the repository; the error is what the
// compiler says.
func goBuild(ctx context.Context, root, name, pkg string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", name, pkg)
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v\n%s", err, strings.TrimSpace(string(text)))
	}
	return nil
}
