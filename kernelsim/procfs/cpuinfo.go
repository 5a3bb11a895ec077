package procfs

import (
	"fmt"
	"strings"
)

// cpuinfo models show_cpuinfo (arch/x86/kernel/cpu/proc.c): the lines whose
// content the recordings give. The processor is theirs, and each node is a
// package.
func (fs *FS) cpuinfo() string {
	var b strings.Builder
	for _, p := range fs.online() {
		package_, core, siblings := fs.topology(p.ID)
		fmt.Fprintf(&b, "processor\t: %d\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 44\n", p.ID)
		b.WriteString("model name\t: Intel Westmere E56xx/L56xx/X56xx (Nehalem-C)\nstepping\t: 1\ncpu MHz\t\t: 2600.000\n")
		fmt.Fprintf(&b, "physical id\t: %d\nsiblings\t: %d\ncore id\t\t: %d\ncpu cores\t: %d\n", package_, len(siblings), core, fs.cores(siblings))
		fmt.Fprintf(&b, "apicid\t\t: %d\ninitial apicid\t: %d\nbogomips\t: 5200.00\n\n", p.ID, p.ID)
	}
	return b.String()
}

// topology is a CPU's package, its core's number in it, and the CPUs of the
// package that are up.
func (fs *FS) topology(id int) (package_, core int, siblings []int) {
	package_ = fs.m.Node(id)
	first := id
	for first > 0 && fs.m.Node(first-1) == package_ {
		first--
	}
	return package_, (id - first) / fs.m.Config().Threads, fs.cpusOf(package_)
}

// cores is how many cores some CPUs have (booted_cores).
func (fs *FS) cores(cpus []int) (n int) {
	last := -1
	for _, id := range cpus {
		if core := id / fs.m.Config().Threads; core != last {
			n++
			last = core
		}
	}
	return n
}

// threadsOf lists the CPUs of a CPU's core that are up
// (topology_sibling_cpumask).
func (fs *FS) threadsOf(id int) []int {
	per := fs.m.Config().Threads
	var list []int
	for _, p := range fs.online() {
		if p.ID/per == id/per {
			list = append(list, p.ID)
		}
	}
	return list
}

// cpusOf lists the CPUs of a node that are up.
func (fs *FS) cpusOf(node int) []int {
	var list []int
	for _, p := range fs.online() {
		if fs.m.Node(p.ID) == node {
			list = append(list, p.ID)
		}
	}
	return list
}
