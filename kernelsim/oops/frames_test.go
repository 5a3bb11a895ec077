package oops

import "testing"

const recorded = `goroutine 35 [running]:
runtime/debug.Stack()
	/go/src/runtime/debug/stack.go:26 +0x64
bothhalves/kernelsim/sim.(*Engine).Fail(0x1, {0x2, 0x3})
	/home/me/course/kernelsim/sim/engine.go:121 +0x8a
panic({0x6f2f20?, 0xc0001?})
	/go/src/runtime/panic.go:783 +0x132
bothhalves/kernelsim/oops.Raise({{0x74, 0x1}, {0x0, 0x0}})
	/home/me/course/kernelsim/oops/oops.go:33 +0x45
bothhalves/kernelsim/kernel/lock.(*Spin).Lock(...)
	/home/me/course/kernelsim/kernel/lock/spin.go:61
bothhalves/labs/percpu_test.turn[...](0xc0002)
	/home/me/course/labs/percpu/turn_test.go:9 +0x1d
iter.Pull[...].func1()
	/go/src/iter/iter.go:280 +0x1f
created by iter.Pull in goroutine 1
	/go/src/iter/iter.go:270 +0x11
`

func TestParseStack(t *testing.T) {
	got := ParseStack(recorded)
	want := []struct {
		text                 string
		hidden, kernel, gate bool
	}{
		{"oops.Raise  kernelsim/oops/oops.go:33", true, true, false},
		{"lock.(*Spin).Lock  kernelsim/kernel/lock/spin.go:61", false, true, false},
		{"percpu_test.turn  labs/percpu/turn_test.go:9", false, false, false},
		{"iter.Pull.func  iter/iter.go:280", true, false, false},
		{"iter.Pull in goroutine 1  iter/iter.go:270", true, false, false},
	}
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		f := got[i]
		if f.String() != w.text || f.Hidden() != w.hidden || f.Kernel() != w.kernel || f.Gate() != w.gate {
			t.Errorf("frame %d: %s hidden %v kernel %v gate %v, want %+v", i, f, f.Hidden(), f.Kernel(), f.Gate(), w)
		}
	}
}

func TestParseStackTakesAnything(t *testing.T) {
	for _, text := range []string{"", "\n", "x", "a\n\tb", "(\n\t:\n", ")\n\t/f.go:x\n"} {
		ParseStack(text) // must not panic
	}
}

func TestLiteral(t *testing.T) {
	for in, want := range map[string]string{
		"lock.(*Spin).Lock":                  "lock.(*Spin).Lock",
		"sched.InitIdle.func1":               "sched.InitIdle.func",
		"entry.commonInterrupt.sysvec.func1": "entry.sysvec.func",
		"m.rows.inTurn.func3.1":              "m.inTurn.func",
		"m.(*Machine).Burn.func1":            "m.(*Machine).Burn.func",
		"m.a.(*T).b.func12.3":                "m.(*T).b.func",
		"func1.x":                            "func1.x",
		"m.functional":                       "m.functional",
	} {
		if got := literal(in); got != want {
			t.Errorf("literal(%q) = %q, want %q", in, got, want)
		}
	}
}

func remember() []uintptr { return Callers(0) }

func TestCallersNameTheCaller(t *testing.T) {
	frames := Frames(remember())
	if len(frames) == 0 || frames[0].Func != "oops.TestCallersNameTheCaller" {
		t.Errorf("innermost frame %v, want this test", frames)
	}
	if Frames(nil) != nil {
		t.Error("frames of nobody")
	}
}
