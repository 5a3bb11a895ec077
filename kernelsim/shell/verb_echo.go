package shell

import "strings"

func echoVerb() *Verb {
	return &Verb{
		Name: "echo", Group: GroupBox, Args: "[TEXT…] [> PATH]",
		Summary: "prints its words, or writes them to a file of the kernel",
		Detail: `echo TEXT > PATH hands TEXT and a newline to the function that the kernel has
behind PATH. What it refuses, it refuses with the errno that it gives a program.
echo without > needs no machine.`,
		Run: runEcho, Raw: true, ReadOnly: true, NoMachine: true,
	}
}

func runEcho(c *Call) error {
	c.Printf("%s\n", strings.Join(c.Args, " "))
	return nil
}
