package near

import "testing"

func TestBest(t *testing.T) {
	names := []string{"percpu", "preempt", "sched"}
	for name, want := range map[string]string{"percpu": "percpu", "perpcu": "percpu", "Sched": "sched", "shed": "sched", "napi": "", "": ""} {
		if got := Best(name, names); got != want {
			t.Errorf("Best(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"kitten", "sitting", 3}, {"abc", "abc", 0}} {
		if got := Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
