package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"bothhalves/checker/script"
	"bothhalves/kernelsim/machine"
)

// Parts are a lab's parts by task: TASK for the student's, TASK/NAME for the
// others that a script may ask for by name.
type Parts = map[string][]machine.Part

// Serve does what was asked, in the worker's process.
func Serve(req *Request, parts Parts) error {
	task, err := script.Parse(req.Lab, req.Task, req.Text)
	if err != nil {
		return err
	}
	if req.Shell != nil {
		return serveShell(req, task, parts)
	}
	out, err := os.OpenFile(req.Results, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	s := &server{req: req, out: json.NewEncoder(out)}
	return s.run(task, parts)
}

type server struct {
	req *Request
	mu  sync.Mutex // the watchdog writes, too
	out *json.Encoder
}

func (s *server) send(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Encode(e)
}

// maxStack ends a recursion without an end soon: Go's own limit is a GiB.
const maxStack = 64 << 20

func (s *server) run(task *script.Task, parts Parts) error {
	debug.SetMaxStack(maxStack)
	dog := newWatchdog(s, task.File())
	go dog.weigh()
	r := &script.Runner{
		Task:       task,
		Open:       dog.opener(opener(task.ID, parts)),
		Vocabulary: Vocabulary(),
		Student:    s.req.Student,
		FirstOnly:  s.req.FirstOnly,
		Begin:      dog.begin,
		Learned:    make(map[string]string),
		LearnAll:   s.req.All,
	}
	defer r.Close()
	if _, ok := parts[task.ID]; !ok && task.Kind.Ext() == ".go" {
		s.send(Event{Fault: fmt.Sprintf("Parts() has no entry %q", task.ID)})
		return nil
	}
	for i, c := range task.Checks {
		if s.req.Only != "" && s.req.Only != c.Name {
			continue
		}
		res := r.Check(i)
		dog.rest()
		s.send(Event{Check: &res})
		if s.req.FirstOnly && res.Status != script.Passed {
			break
		}
	}
	s.send(Event{Learned: r.Learned, End: true})
	return nil
}

// opener opens sessions for one task of the lab.
func opener(task string, parts Parts) script.Opener {
	return func(part string) (script.Machine, error) {
		key := task
		switch part {
		case script.Own:
		case script.Reference:
			key = task + "/" + part
			if _, ok := parts[key]; !ok {
				return newSession(nil), nil
			}
		default:
			key = task + "/" + part
			if _, ok := parts[key]; !ok {
				return nil, fmt.Errorf("the lab has no part %q for %s: it has %s", part, task, names(task, parts))
			}
		}
		return newSession(parts[key]), nil
	}
}

func names(task string, parts Parts) string {
	var out []string
	for _, key := range sortedKeys(parts) {
		if name, ok := strings.CutPrefix(key, task+"/"); ok {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}
