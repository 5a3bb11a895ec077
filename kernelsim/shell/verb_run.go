package shell

import (
	"regexp"
)

func runVerb() *Verb {
	return &Verb{
		Name: "run", Group: GroupBench, Args: "DURATION | idle | until PATTERN",
		Summary: "lets virtual time pass",
		Detail: `run DURATION (150us, 2ms, 1.5s) runs the machine for so long. run idle runs it
until every CPU is idle and nothing is under way; timers do not count. run until
PATTERN runs it until a line of the trace matches the regular expression. The
last two fail after 10 s of virtual time. Ctrl-C stops a run where it is.`,
		Words: []string{"idle", "until"},
		Run:   runRun, Runs: true,
	}
}

func runRun(c *Call) error {
	if len(c.Args) == 0 {
		return c.Misuse("wants to know how long")
	}
	m := c.Machine()
	switch word := c.Args[0]; {
	case word == "until":
		return runUntil(c)
	case len(c.Args) > 1:
		return c.Misuse("%s: one argument at a time", c.Args[1])
	case word == "idle":
		return c.ran(m.RunIdle())
	case !startsLikeNumber(word):
		return c.Misuse("%s: neither a duration such as 150us or 2ms, nor idle, nor until%s", word, didYouMean(word, c.Verb.Words))
	}
	d, err := c.duration(c.Args[0])
	if err != nil {
		return err
	}
	return c.ran(m.Run(d))
}

func runUntil(c *Call) error {
	if len(c.Args) != 2 {
		return c.Misuse("until wants one PATTERN, quoted if it has blanks")
	}
	re, err := regexp.Compile(c.Args[1])
	if err != nil {
		return c.Misuse("until: %s: %s", c.Args[1], plainRegexpError(err))
	}
	return c.ran(c.Machine().RunUntil(re.MatchString))
}

func startsLikeNumber(s string) bool {
	return s[:min(len(s), 1)] != "" && (s[0] >= '0' && s[0] <= '9' || s[0] == '.' || s[0] == '-' || s[0] == '+')
}
