package libproc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Row is one interrupt of /proc/interrupts, or one softirq of /proc/softirqs.
type Row struct {
	Name   string
	Counts []uint64 // by Table.CPUs
}

// A Table is one of those files.
type Table struct {
	CPUs []int // whose columns there are
	Rows []Row
}

// ReadTable reads /proc/interrupts or /proc/softirqs.
func ReadTable(f Files, path string) (*Table, error) {
	text, err := f.Read(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	head, body, _ := strings.Cut(text, "\n")
	t := &Table{}
	for _, w := range strings.Fields(head) {
		digits, ok := strings.CutPrefix(w, "CPU")
		id, err := strconv.Atoi(digits)
		if !ok || err != nil || id < 0 {
			return nil, fmt.Errorf("%s: %q is no CPU", path, w)
		}
		t.CPUs = append(t.CPUs, id)
	}
	for line := range strings.Lines(body) {
		name, rest, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		row := Row{Name: strings.TrimLeft(name, " "), Counts: make([]uint64, len(t.CPUs))}
		for i, w := range strings.Fields(rest) {
			n, err := strconv.ParseUint(w, 10, 64)
			if i >= len(t.CPUs) || err != nil {
				break // the rest of the line says what the interrupt is
			}
			row.Counts[i] = n
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// Of is a row's count on a CPU, 0 where there is none.
func (t *Table) Of(name string, cpu int) uint64 {
	i := slices.Index(t.CPUs, cpu)
	for _, r := range t.Rows {
		if r.Name == name && i >= 0 {
			return r.Counts[i]
		}
	}
	return 0
}

// Sum is all that a CPU has counted.
func (t *Table) Sum(cpu int) (sum uint64) {
	if i := slices.Index(t.CPUs, cpu); i >= 0 {
		for _, r := range t.Rows {
			sum += r.Counts[i]
		}
	}
	return sum
}
