package procfs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/chunk"
	"bothhalves/kernelsim/kernel/percpu/dyn"
	"bothhalves/kernelsim/kernel/percpu/image"
	"bothhalves/kernelsim/machine"
)

// dataSymbols are the recorded kernel's variables that say where the per-CPU
// areas are.
const dataSymbols = `ffffffff8241cb60 D __per_cpu_offset
ffffffff8242e1a8 D pcpu_base_addr
ffffffff83044000 D __per_cpu_load
`

// kallsyms models s_show (kernel/kallsyms.c) for per-CPU symbols. Their
// values are offsets into a unit: the section is linked at address 0. A
// module's are offsets into the reserved part.
func (fs *FS) kallsyms() string {
	kernel := image.Default().Symbols()
	var modules []machine.Symbol
	for _, s := range fs.m.Symbols() {
		switch {
		case s.Module != "":
			modules = append(modules, s)
		case !s.Recorded:
			kernel = append(kernel, image.Symbol{Name: s.Name, Off: s.Off})
		}
	}
	slices.SortStableFunc(kernel, func(a, b image.Symbol) int { return cmp.Compare(a.Off, b.Off) })
	var b strings.Builder
	for _, s := range kernel {
		fmt.Fprintf(&b, "%016x A %s\n", uint64(s.Off), s.Name)
	}
	b.WriteString(dataSymbols)
	for _, s := range modules {
		fmt.Fprintf(&b, "%016x d %s\t[%s]\n", uint64(s.Off), s.Name, s.Module)
	}
	return b.String()
}

// Where modules are loaded (MODULES_VADDR) and what each takes there: the
// least that a module can have, a page each of text, constants, data and init,
// and a guard page.
const (
	moduleSpace uint64 = 0xffffffffc0000000

	moduleSize  = 16 << 10
	modulePlace = moduleSize + 4096
)

// modules models m_show (kernel/module/procfs.c): the one loaded last first.
func (fs *FS) modules() string {
	var b strings.Builder
	loaded := fs.m.Loaded()
	known := fs.m.Modules()
	for i := len(loaded) - 1; i >= 0; i-- {
		name := loaded[i].Name
		place := slices.Index(known, name)
		fmt.Fprintf(&b, "%s %d 0 - Live 0x%016x\n", name, moduleSize, moduleSpace+uint64(place*modulePlace))
	}
	return b.String()
}

// vmallocinfo models s_show (mm/vmalloc.c) for the areas that the per-CPU
// allocator has in vmalloc space: the first chunk of percpu_alloc=page, and
// every later chunk, an area for each group.
func (fs *FS) vmallocinfo() string {
	layout, ok := fs.m.Layout()
	a := dyn.Allocator(fs.boot())
	if !ok || a == nil {
		return ""
	}
	var b strings.Builder
	if layout.Kind == "page" {
		area(&b, layout.Base, len(fs.m.CPUs())*layout.UnitSize, "")
	}
	later := slices.DeleteFunc(a.Chunks(), func(i chunk.Info) bool { return i.Kind != "dynamic" })
	slices.SortFunc(later, func(x, y chunk.Info) int { return cmp.Compare(x.Base, y.Base) })
	for _, info := range later {
		for _, g := range layout.Groups {
			area(&b, info.Base+percpu.Addr(g.BaseOffset), len(g.CPUs)*layout.UnitSize, " pcpu_get_vm_areas+0x0/0x1080")
		}
	}
	return b.String()
}

func area(b *strings.Builder, base percpu.Addr, size int, caller string) {
	fmt.Fprintf(b, "0x%016x-0x%016x %7d%s vmalloc\n", uint64(base), uint64(base)+uint64(size), size, caller)
}
