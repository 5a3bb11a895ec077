package shell

import "fmt"

func forkVerb() *Verb {
	return &Verb{
		Name: "fork", Group: GroupBench, Args: "NAME",
		Summary: "makes a second machine that is like this one",
		Detail:  "The current machine stays the current one: machine NAME switches.",
		Run:     runFork, ReadOnly: true, Runs: true,
	}
}

func runFork(c *Call) error {
	if len(c.Args) != 1 || c.Args[0] == "" {
		return c.Misuse("wants one NAME")
	}
	s, name := c.Session, c.Args[0]
	if s.find(name) != nil {
		return c.Fail(fmt.Sprintf("%s: there is a machine of that name", name), nil)
	}
	b, err := s.replay(s.box.recipe, forever)
	if err != nil {
		return c.Fail(name, err)
	}
	b.name = name
	s.boxes = append(s.boxes, b)
	return nil
}

// find is the machine with a name, nil if there is none.
func (s *Session) find(name string) *box {
	for _, b := range s.boxes {
		if b.name == name {
			return b
		}
	}
	return nil
}
