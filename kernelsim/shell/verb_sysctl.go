package shell

import "strings"

func sysctlVerb() *Verb {
	return &Verb{
		Name: "sysctl", Group: GroupBox, Args: "NAME[=VALUE]…",
		Summary: "shows or sets what lies under /proc/sys",
		Detail: `NAME is the path under /proc/sys with dots for slashes. sysctl NAME prints
"NAME = VALUE", sysctl NAME=VALUE writes first.`,
		Flags: []Flag{
			{Name: "w", Help: "every NAME must have a VALUE"},
			{Name: "n", Help: "print the values alone"},
		},
		Run: runSysctl,
	}
}

func runSysctl(c *Call) error {
	if len(c.Args) == 0 {
		return c.Misuse("wants a NAME")
	}
	for _, arg := range c.Args {
		if c.Has("w") && !strings.Contains(arg, "=") {
			return c.Misuse("%s: -w wants NAME=VALUE", arg)
		}
	}
	for _, arg := range c.Args {
		if err := c.sysctl(arg); err != nil {
			return err
		}
	}
	return nil
}

// sysctl writes a setting if the argument has a value, and shows it.
func (c *Call) sysctl(arg string) error {
	name, value, set := strings.Cut(arg, "=")
	name = strings.ReplaceAll(strings.TrimSpace(name), "/", ".")
	path := "/proc/sys/" + strings.ReplaceAll(name, ".", "/")
	if set {
		if err := files(c.Machine()).Write(path, []byte(strings.TrimSpace(value)+"\n"), false); err != nil {
			return c.fileError(path, err)
		}
	}
	text, err := files(c.Machine()).Read(path)
	if err != nil {
		return c.fileError(path, err)
	}
	for line := range strings.Lines(text) {
		if c.Has("n") {
			c.Printf("%s\n", strings.TrimSuffix(line, "\n"))
		} else {
			c.Printf("%s = %s\n", name, strings.TrimSuffix(line, "\n"))
		}
	}
	return nil
}
