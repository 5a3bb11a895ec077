package shell_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"bothhalves/kernelsim/shell"
)

// TestScripts runs kernelsim/testdata: one concept a file, each line a command
// as a lab's script has it.
func TestScripts(t *testing.T) {
	commands := map[string]func(*testscript.TestScript, bool, []string){}
	for _, v := range shell.Commands() {
		commands[v.Name] = func(ts *testscript.TestScript, negated bool, args []string) {
			s := ts.Value(sessionKey{}).(*shell.Session)
			err := s.Exec(append([]string{v.Name}, args...), ts.Stdout(), ts.Stderr())
			switch {
			case negated && err == nil:
				ts.Fatalf("it was to fail, and it succeeded")
			case !negated && err != nil:
				ts.Fatalf("status %d", shell.ErrorStatus(err))
			}
		}
	}
	delete(commands, "grep") // testscript's own
	testscript.Run(t, testscript.Params{
		Dir: "../testdata", Cmds: commands, UpdateScripts: *update, RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			s := shell.New(newHost())
			env.Values[sessionKey{}] = s
			env.Defer(s.Close)
			return nil
		},
	})
}

type sessionKey struct{}
