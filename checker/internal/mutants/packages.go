package main

import "slices"

// A target is a package whose mutants are made, and the package whose tests
// have to notice them.
type target struct {
	dir   string // from the root of the module
	tests string // "" is the package's own
	// files are changed alone; none: all. The others have their tests in
	// packages above, which are slow or many.
	files []string
}

// targets is the one list of what is mutated. A package that does not exist
// yet is left out aloud.
func targets() []target {
	return []target{
		{dir: "kernelsim/hw/bus"},
		{dir: "kernelsim/hw/cpu"},
		{dir: "kernelsim/hw/cpu/gatereg", tests: "kernelsim/hw/cpu"},
		{dir: "kernelsim/hw/enadev/enaabi"},
		{dir: "kernelsim/hw/i8259"},
		{dir: "kernelsim/hw/i8259/i8259reg"},
		{dir: "kernelsim/hw/ioapic"},
		{dir: "kernelsim/hw/ioapic/ioapicreg"},
		{dir: "kernelsim/hw/iommu"},
		{dir: "kernelsim/hw/iommu/iommureg"},
		{dir: "kernelsim/hw/lapic"},
		{dir: "kernelsim/hw/lapic/lapicreg"},
		{dir: "kernelsim/hw/nvme/nvmeabi"},
		{dir: "kernelsim/hw/pcie"},
		{dir: "kernelsim/hw/pcie/pcireg"},
		{dir: "kernelsim/hw/pit"},
		{dir: "kernelsim/kernel/hrtimer"},
		{dir: "kernelsim/kernel/idt"},
		{dir: "kernelsim/kernel/irq", files: []string{"flow.go", "handle.go", "sync.go", "move.go", "enable.go", "startup.go", "chip.go"}},
		{dir: "kernelsim/kernel/irq/affinity"},
		{dir: "kernelsim/kernel/tick"},
		{dir: "kernelsim/kernel/timer"},
		{dir: "kernelsim/kernel/softirq"},
		{dir: "kernelsim/kernel/tasklet"},
		{dir: "kernelsim/kernel/vector", files: []string{"domain.go", "move.go", "vector.go"}},
		{dir: "kernelsim/kernel/vector/matrix"},
		{dir: "kernelsim/kernel/workqueue"},
	}
}

// testsOf is where the tests of a target stand.
func (t target) testsOf() string {
	if t.tests == "" {
		return t.dir
	}
	return t.tests
}

// find is the target of a folder; one that is not listed is its own.
func find(dir string) target {
	list := targets()
	if i := slices.IndexFunc(list, func(t target) bool { return t.dir == dir }); i >= 0 {
		return list[i]
	}
	return target{dir: dir}
}
