package view

import "fmt"

// Header is what stands above the lines of /sys/kernel/tracing/trace: how
// many entries are shown, how many were written, and how many CPUs there are.
func Header(held, written, cpus int) string { return fmt.Sprintf(header, held, written, cpus) }
