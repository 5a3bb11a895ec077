package printk_test

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

func TestLine(t *testing.T) {
	for at, want := range map[sim.Time]string{
		0: "[    0.000000] x", 1999: "[    0.000001] x", 12*sim.Second + 3450*sim.Microsecond: "[   12.003450] x", 123456 * sim.Second: "[123456.000000] x",
	} {
		if got := (printk.Line{Time: at, Text: "x"}).String(); got != want {
			t.Errorf("%d: %q, want %q", at, got, want)
		}
	}
}

// A message of several lines is as many, and the oldest lines go when the log
// is full.
func TestLog(t *testing.T) {
	m, err := machine.Boot(machine.Config{CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := m.CPUs()[0]
	n := len(printk.Lines(c))
	printk.Printk(c, printk.Err, "a %d\nb", 1)
	lines := printk.Lines(c)[n:]
	if len(lines) != 2 || lines[0].Text != "a 1" || lines[1].Text != "b" || lines[1].Level != printk.Err {
		t.Errorf("lines %v", lines)
	}
	for i := range 5000 {
		printk.Printk(c, printk.Info, "%d", i)
	}
	lines = printk.Lines(c)
	if len(lines) != 4096 || lines[0].Text != fmt.Sprint(5000-4096) || lines[4095].Text != "4999" {
		t.Errorf("%d lines from %q to %q", len(lines), lines[0].Text, lines[len(lines)-1].Text)
	}
}

func TestParseLevel(t *testing.T) {
	for name, want := range map[string]printk.Level{"emerg": printk.Emerg, "warning": printk.Warning, "debug": printk.Debug, "": printk.Info, "x": printk.Info} {
		if got := printk.ParseLevel(name); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}
