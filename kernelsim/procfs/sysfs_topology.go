package procfs

import (
	"fmt"
	"strconv"

	"bothhalves/kernelsim/kernel/pci"
)

// cpuLinks are what else is in cpuN: a link to the directory of its node
// (register_cpu_under_node, drivers/base/node.c).
func (fs *FS) cpuLinks(id int) []node {
	n := fs.m.Node(id)
	return []node{sealed(fmt.Sprintf("node%d", n), func() []node { return fs.nodeFiles(n, fs.m.Config().Nodes) })}
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
