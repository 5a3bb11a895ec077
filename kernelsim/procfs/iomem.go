package procfs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/kernel/pci"
)

// A region is a line of /proc/iomem or /proc/ioports: who has claimed a range,
// and who has claimed parts of it.
type region struct {
	start, end uint64
	name       string
	inside     []region
}

// ioports models ioports_show (kernel/resource.c): what the kernel claims on
// every PC, and what it has found on the PCI bus.
func (fs *FS) ioports() string {
	low := []region{
		{0x00, 0x1f, "dma1", nil}, {0x20, 0x21, "pic1", nil}, {0x40, 0x43, "timer0", nil}, {0x50, 0x53, "timer1", nil},
		{0x60, 0x60, "keyboard", nil}, {0x64, 0x64, "keyboard", nil}, {0x80, 0x8f, "dma page reg", nil},
		{0xa0, 0xa1, "pic2", nil}, {0xc0, 0xdf, "dma2", nil}, {0xf0, 0xff, "fpu", nil},
	}
	list := []region{
		{0, 0xcf7, pciBus, append(low, fs.claimed(pci.ResourceIO, 0, 0xcf7)...)},
		{0xcf8, 0xcff, "PCI conf1", nil},
		{0xd00, 0xffff, pciBus, fs.claimed(pci.ResourceIO, 0xd00, 0xffff)},
	}
	return regionText(list, 4)
}

// pciBus is the name of what the host bridge passes on.
const pciBus = "PCI Bus 0000:00"

// iomem models iomem_show: memory as firmware told of it, what the bus passes
// on with the functions there, and the interrupt controllers.
func (fs *FS) iomem() string {
	const top = 0xfec0_0000
	list := []region{
		{0, 0xfff, "Reserved", nil},
		{0x1000, 0x9_fbff, "System RAM", nil},
		{0x9_fc00, 0x9_ffff, "Reserved", nil},
		{0xa_0000, 0xb_ffff, pciBus, nil},
		{0xf_0000, 0xf_ffff, "Reserved", []region{{0xf_0000, 0xf_ffff, "System ROM", nil}}},
		{0x10_0000, 0x3ffd_ffff, "System RAM", nil},
		{0x3ffe_0000, 0x3fff_ffff, "Reserved", nil},
	}
	if fs.m.Config().Board == board.Q35 {
		list = append(list,
			region{0x4000_0000, 0xafff_ffff, pciBus, fs.claimed(pci.ResourceMem, 0x4000_0000, 0xafff_ffff)},
			region{0xb000_0000, 0xbfff_ffff, "PCI MMCONFIG 0000 [bus 00-ff]", []region{{0xb000_0000, 0xbfff_ffff, "Reserved", nil}}},
			region{0xc000_0000, top - 1, pciBus, fs.claimed(pci.ResourceMem, 0xc000_0000, top-1)})
	} else {
		list = append(list, region{0x4000_0000, top - 1, pciBus, fs.claimed(pci.ResourceMem, 0x4000_0000, top-1)})
	}
	list = append(list, region{0xfec0_0000, 0xfec0_03ff, "IOAPIC 0", nil})
	if fs.m.Board().IOMMU != nil {
		list = append(list, region{0xfed9_0000, 0xfed9_0fff, "dmar0", nil})
	}
	list = append(list, region{0xfee0_0000, 0xfee0_0fff, "Local APIC", nil},
		region{0xfffc_0000, 0xffff_ffff, "Reserved", nil})
	return regionText(list, 8)
}

// claimed lists the functions' ranges of a kind between two addresses.
func (fs *FS) claimed(kind uint32, from, to uint64) (list []region) {
	for _, d := range fs.m.PCIDevs() {
		for _, r := range append(d.Resources[:], d.Claimed...) {
			if r.Flags&kind != 0 && r.Start >= from && r.End <= to {
				list = append(list, region{r.Start, r.End, "0000:" + d.BDF.String(), nil})
			}
		}
	}
	return list
}

// regionText prints regions in the order of their addresses, what lies inside
// one two spaces further in.
func regionText(list []region, digits int) string {
	var b strings.Builder
	var show func(list []region, depth int)
	show = func(list []region, depth int) {
		list = slices.SortedStableFunc(slices.Values(list), func(a, b region) int { return cmp.Compare(a.start, b.start) })
		for _, r := range list {
			fmt.Fprintf(&b, "%*s%0*x-%0*x : %s\n", 2*depth, "", digits, r.start, digits, r.end, r.name)
			show(r.inside, depth+1)
		}
	}
	show(list, 0)
	return b.String()
}
