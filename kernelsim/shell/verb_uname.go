package shell

import "strings"

func unameVerb() *Verb {
	return &Verb{
		Name: "uname", Group: GroupBox,
		Summary: "prints the kernel's name and version",
		Flags: []Flag{
			{Name: "a", Help: "everything"},
			{Name: "s", Help: "the kernel's name"},
			{Name: "n", Help: "the machine's name"},
			{Name: "r", Help: "the kernel's release"},
			{Name: "v", Help: "the kernel's version"},
			{Name: "m", Help: "the hardware"},
		},
		Run: runUname, ReadOnly: true,
	}
}

// The machine's name, and its kernel's release, as uname and mpstat print them.
const (
	hostName  = "box"
	osRelease = "6.1.0-56-amd64"
)

// runUname prints the fields that were asked for; the kernel is the one of the
// recordings.
func runUname(c *Call) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	fields := []struct{ flag, text string }{
		{"s", "Linux"}, {"n", hostName}, {"r", osRelease},
		{"v", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"}, {"m", "x86_64"},
	}
	var words []string
	for _, f := range fields {
		if c.Has("a") || c.Has(f.flag) || len(c.flags) == 0 && f.flag == "s" {
			words = append(words, f.text)
		}
	}
	if c.Has("a") {
		words = append(words, "GNU/Linux")
	}
	c.Printf("%s\n", strings.Join(words, " "))
	return nil
}
