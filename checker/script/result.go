package script

// A Status is how a check or a task ended.
type Status string

// A check passes, fails, or is not run to its end. A task is also one of the
// others.
const (
	Passed     Status = "passed"
	Failed     Status = "failed"
	NotRun     Status = "not run"
	NotStarted Status = "not started" // the file is the shipped one
	Rejected   Status = "rejected"    // the file uses what the lab does not allow
	NoBuild    Status = "build error" // the file does not compile
	Broken     Status = "broken"      // the lab itself is at fault
)

// A TaskResult is the outcome of one task. It holds no wall-clock time and no
// host name: the same file gets the same result, byte for byte.
type TaskResult struct {
	Lab     string        `json:"lab"`
	Task    string        `json:"task"`
	Status  Status        `json:"status"`
	Message string        `json:"message,omitempty"`
	Output  string        `json:"output,omitempty"` // what the student's code printed, cut
	Checks  []CheckResult `json:"checks,omitempty"`
	Tenths  int           `json:"points_tenths"`
	Of      int           `json:"of_tenths"`
	Mistake string        `json:"misconception,omitempty"`
}

// A CheckResult is the outcome of one check over all shapes and seeds.
type CheckResult struct {
	Name     string    `json:"name"`
	Status   Status    `json:"status"`
	Tenths   int       `json:"points_tenths"`
	Of       int       `json:"of_tenths"`
	Why      string    `json:"why,omitempty"`
	See      string    `json:"see,omitempty"`
	Attempts []Attempt `json:"attempts,omitempty"` // the failed ones
}

// First returns the first failed attempt, nil if there is none.
func (c *CheckResult) First() *Attempt {
	if len(c.Attempts) == 0 {
		return nil
	}
	return &c.Attempts[0]
}

// An Attempt is one run of a check: one shape, one seed.
type Attempt struct {
	Status  Status `json:"status"`
	Shape   string `json:"shape,omitempty"`
	Seed    uint64 `json:"seed,omitempty"`
	Line    int    `json:"line,omitempty"` // of the script
	Command string `json:"command,omitempty"`
	Message string `json:"message,omitempty"`
	Want    string `json:"want,omitempty"`
	Got     string `json:"got,omitempty"`
	Gap     string `json:"gap,omitempty"`   // a gap that was reached
	Where   string `json:"where,omitempty"` // the line of the student's file
	Stack   string `json:"stack,omitempty"` // what a loop without an end was doing
	Differs string `json:"first_difference,omitempty"`
	Cut     int    `json:"cut,omitempty"`    // the decision point at which the script cut in
	Event   int    `json:"event,omitempty"`  // where to replay to
	Trace   string `json:"trace,omitempty"`  // the last lines, when nothing else tells
	Report  bool   `json:"report,omitempty"` // the kernel stopped, and said why itself
	Asked   bool   `json:"asked,omitempty"`  // an answer was wrong: a replay would print the right one
}

// FirstFailed returns the index of the first check that did not pass, or -1.
func (r *TaskResult) FirstFailed() int {
	for i, c := range r.Checks {
		if c.Status != Passed {
			return i
		}
	}
	return -1
}

// Settle sets the task's status and points from its checks.
func (r *TaskResult) Settle() {
	r.Status, r.Tenths = Passed, 0
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Status == Passed {
			c.Tenths = c.Of
			r.Tenths += c.Of
			continue
		}
		r.Status = Failed
	}
}
