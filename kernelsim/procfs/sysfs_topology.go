package procfs

import (
	"fmt"
	"strconv"

	"bothhalves/kernelsim/kernel/pci"
)

// cpuLinks are what else is in cpuN: its caches, and a link to the directory of
// its node (register_cpu_under_node, drivers/base/node.c).
func (fs *FS) cpuLinks(id int) []node {
	n := fs.m.Node(id)
	return []node{
		sealed(fmt.Sprintf("node%d", n), func() []node { return fs.nodeFiles(n, fs.m.Config().Nodes) }),
		sealed("cache", func() []node { return fs.caches(id) }),
	}
}

// caches lists cpuN/cache (drivers/base/cacheinfo.c): the threads of a core
// share the first two levels, the CPUs of a package the third.
func (fs *FS) caches(id int) (list []node) {
	_, _, siblings := fs.topology(id)
	var core []int
	for _, other := range siblings {
		if threads := max(fs.m.Config().Threads, 1); other/threads == id/threads {
			core = append(core, other)
		}
	}
	for i, kind := range [...]string{"Data", "Instruction", "Unified", "Unified"} {
		shared := core
		if i == 3 {
			shared = siblings
		}
		list = append(list, sealed(fmt.Sprintf("index%d", i), func() []node {
			return []node{
				attr("level", func() string { return fmt.Sprintln(max(i, 1)) }),
				cpuFile("shared_cpu_list", shared),
				attr("shared_cpu_map", func() string { return cpuMask(shared, len(fs.m.CPUs())) + "\n" }),
				attr("type", func() string { return kind + "\n" }),
			}
		}))
	}
	return list
}

// coreSiblings is the CPUs of a CPU's package as a mask.
func (fs *FS) coreSiblings(id int) node {
	return attr("core_siblings", func() string {
		_, _, siblings := fs.topology(id)
		return cpuMask(siblings, len(fs.m.CPUs())) + "\n"
	})
}

// msiIRQs lists the interrupts of a function's messages, each with the kind of
// message (msi_mode_show, kernel/irq/msi.c).
func msiIRQs(d *pci.Dev) (list []node) {
	kind := "msi\n"
	if d.MSIXEnabled {
		kind = "msix\n"
	}
	for i := range d.Vectors() {
		if n, err := pci.IRQVector(d, i); err == nil {
			list = append(list, attr(strconv.Itoa(int(n)), func() string { return kind }))
		}
	}
	return list
}
