package sched

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/oops"
)

// archDesc models dump_stack_arch_desc_str (lib/dump_stack.c): what firmware
// calls the machine.
var archDesc = percpu.Shared[string]("dump_stack_arch_desc_str")

// SetArchDesc models dump_stack_set_arch_desc. Context: once, at boot.
func SetArchDesc(c *cpu.CPU, text string) { *archDesc.Of(c) = text }

// DumpStack models dump_stack_lvl (lib/dump_stack.c): who runs where, and by
// which calls he came here. The stack is that of the host's functions; of
// registers there are none. Context: any.
func DumpStack(c *cpu.CPU, level printk.Level) {
	comm, pid := "swapper", 0
	if t := Current(c); t != nil {
		comm, pid = t.Comm, t.PID
	}
	printk.Printk(c, level, "CPU: %d PID: %d Comm: %s %s %s %s", c.ID, pid, comm, oops.Tainted, oops.Release, oops.Version)
	if desc := *archDesc.Of(c); desc != "" {
		printk.Printk(c, level, "Hardware name: %s", desc)
	}
	for _, line := range oops.CallTrace(1) {
		printk.Printk(c, level, "%s", line)
	}
}

// hashed models %p: a pointer in the log is a number that tells nothing but
// whether two are the same. Here it is made of what the pointer points to.
func hashed(name string) uint32 {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return h
}

// Symbol models "[<%p>] %ps" of a function: its hashed address, and its name.
func Symbol(fn any) string { return "[<" + Pointer(fn) + ">] " + symbol(fn) }

// Pointer models %p of a function.
func Pointer(fn any) string { return fmt.Sprintf("%016x", hashed(symbol(fn))) }

// symbol is a function's name without its place.
func symbol(fn any) string {
	name, _, _ := strings.Cut(oops.Name(fn), "  ")
	return name
}
