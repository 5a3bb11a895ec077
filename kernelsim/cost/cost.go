// Package cost is the price list of the machine: what each thing that kernel
// code does costs in virtual time. Kernel code never passes a number to
// Spend, it passes a row of this list, so a profile adds up by name and a
// chapter may swap the prices.
package cost

import (
	"fmt"
	"strconv"
	"strings"
)

// A Row names a charge.
type Row uint8

// The charges.
const (
	Instruction Row = iota
	ThisCPUOp
	RemotePerCPU
	AtomicRMW
	CPURelax
	SpinLock
	SpinUnlock
	InterruptEntry
	InterruptReturn
	ContextSwitch
	TimerTick
	Wakeup
	SendIPI
	PercpuAlloc
	UserWork
	ProbeLoop
	MMIORead
	MMIOWrite
	PortIO
	MSRAccess
	APICAccess
	HardIRQ
	BlockSubmit
	BlockComplete
	SoftIRQ
	HRTimerQueue
	TimerEnqueue
	WorkQueue
	WorkExecute
	KThreadCreate
	LoadBalance
	RCUCore
	RCUCallback
	NumRows
)

// An Info is one row: its name, its price, and where the price comes from.
type Info struct {
	Name   string
	NS     uint32
	Source string
}

// A Table holds a price in nanoseconds for every row.
type Table [NumRows]uint32

// Rows is the price list. Prices are those of a 3 GHz server core, rounded to
// whole nanoseconds; none is below one, or a loop could run without time
// passing.
func Rows() [NumRows]Info {
	return [NumRows]Info{
		Instruction:     {"instruction", 1, "chosen: a handful of simple instructions"},
		ThisCPUOp:       {"this_cpu_op", 1, "a gs-relative read-modify-write in the first-level cache: 4 to 6 cycles"},
		RemotePerCPU:    {"remote_percpu", 40, "a cache line that another core has written: about 120 cycles"},
		AtomicRMW:       {"atomic_rmw", 6, "a locked instruction in the first-level cache: 18 to 20 cycles"},
		CPURelax:        {"cpu_relax", 40, "PAUSE since Skylake: about 140 cycles (Intel optimization manual)"},
		SpinLock:        {"spin_lock", 7, "one locked compare-and-exchange, uncontended"},
		SpinUnlock:      {"spin_unlock", 1, "a plain store"},
		InterruptEntry:  {"interrupt_entry", 300, "chosen: INTA, gate, register save, about 1,000 cycles"},
		InterruptReturn: {"iret", 150, "chosen: register restore and IRET, about 500 cycles"},
		ContextSwitch:   {"context_switch", 700, "chosen: __schedule and switch_to without cache misses"},
		TimerTick:       {"timer_tick", 500, "chosen: scheduler tick and timekeeping"},
		Wakeup:          {"wakeup", 300, "chosen: try_to_wake_up on a local runqueue"},
		SendIPI:         {"send_ipi", 100, "an uncached write to the ICR, about 300 cycles"},
		PercpuAlloc:     {"percpu_alloc", 250, "chosen: a search of the map under pcpu_lock"},
		UserWork:        {"user_work", 1000, "one microsecond of a program's own work"},
		ProbeLoop:       {"probe_loop", 1000, "one microsecond of a driver's own work"},
		MMIORead:        {"mmio_read", 800, "a non-posted read over PCIe: 0.5 to 1 microsecond"},
		MMIOWrite:       {"mmio_write", 100, "a posted write to an uncached page, about 300 cycles"},
		PortIO:          {"port_io", 1000, "a legacy port behind the LPC or ISA bridge: about 1 microsecond"},
		MSRAccess:       {"msr", 30, "RDMSR or WRMSR that does not serialize, about 100 cycles"},
		APICAccess:      {"apic", 40, "an access to the core's own APIC page, about 120 cycles"},
		HardIRQ:         {"hardirq", 100, "chosen: descriptor lookup, flow handler and action around a driver's handler"},
		BlockSubmit:     {"block_submit", 1500, "chosen: io_submit, bio, request and mapping, about 5,000 cycles"},
		BlockComplete:   {"block_complete", 600, "chosen: unmapping, bio_endio and aio_complete, about 2,000 cycles"},
		SoftIRQ:         {"softirq", 50, "chosen: one vector of a pass: its count, its tracepoints, the call, about 150 cycles"},
		HRTimerQueue:    {"hrtimer_queue", 30, "chosen: in or out of a red-black tree of a few timers, about 100 cycles"},
		TimerEnqueue:    {"timer_enqueue", 10, "chosen: index, bucket and bitmap of the timer wheel, about 30 cycles"},
		WorkQueue:       {"work_queue", 30, "chosen: __queue_work without its locks: the pool and two lists, about 100 cycles"},
		WorkExecute:     {"work_execute", 50, "chosen: process_one_work around the function, without its locks, about 150 cycles"},
		KThreadCreate:   {"kthread_create", 20_000, "chosen: a request to kthreadd, copy_process without an address space, and the way back"},
		LoadBalance:     {"load_balance", 150, "chosen: update_sg_lb_stats of one CPU, about 450 cycles"},
		RCUCore:         {"rcu_core", 100, "chosen: rcu_core, or a step of a grace period, about 300 cycles"},
		RCUCallback:     {"rcu_callback", 20, "chosen: one function of call_rcu around what it does, about 60 cycles"},
	}
}

// Default is the table with the list's prices.
func Default() Table {
	var t Table
	for row, info := range Rows() {
		t[row] = info.NS
	}
	return t
}

// String is the row's name.
func (r Row) String() string {
	if r >= NumRows {
		return fmt.Sprintf("row %d", uint8(r))
	}
	return Rows()[r].Name
}

// Parse changes the table by lines of the form "name ns"; '#' starts a
// comment. It changes nothing when a line is wrong.
func (t *Table) Parse(text string) error {
	next := *t
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := next.set(strings.Fields(line)); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	*t = next
	return nil
}

func (t *Table) set(words []string) error {
	if len(words) != 2 {
		return fmt.Errorf("want a name and nanoseconds, got %d words", len(words))
	}
	ns, err := strconv.ParseUint(words[1], 10, 32)
	if err != nil || ns < 1 || ns > 1e9 {
		return fmt.Errorf("%s: %q is not a number of nanoseconds from 1 to 1000000000", words[0], words[1])
	}
	for row, info := range Rows() {
		if info.Name == words[0] {
			t[row] = uint32(ns)
			return nil
		}
	}
	return fmt.Errorf("no charge is called %q", words[0])
}
