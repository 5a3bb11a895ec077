package shell

import "fmt"

func loadVerb() *Verb {
	return &Verb{
		Name: "load", Group: GroupBench, Args: "FILE",
		Summary: "replays a saved machine",
		Detail:  "It takes the place of the current machine. A file of another build is refused.",
		Run:     runLoad, ReadOnly: true, Runs: true, NoMachine: true,
	}
}

func runLoad(c *Call) error {
	if len(c.Args) != 1 {
		return c.Misuse("wants one FILE")
	}
	name, s := c.Args[0], c.Session
	data, err := s.host.ReadFile(name)
	if err != nil {
		return c.Fail(name, err)
	}
	file, err := decode(data)
	if err != nil {
		return c.Fail(name, err)
	}
	if file.build != s.build() {
		return c.Fail(fmt.Sprintf("%s: it was saved by build %s, this is build %s: only the same build replays a machine bit for bit",
			name, file.build, s.build()), nil)
	}
	b, err := s.replay(file.recipe, forever)
	if err != nil {
		return c.Fail(name, err)
	}
	if b.m.Events() != file.event {
		b.m.Close()
		return c.Fail(fmt.Sprintf("%s: the replay ended at event %d instead of %d: the file was changed, or the machine has other parts than here",
			name, b.m.Events(), file.event), nil)
	}
	if s.box == nil {
		s.install(b.m)
	}
	s.box.m = nil
	s.box.replace(b)
	return nil
}
