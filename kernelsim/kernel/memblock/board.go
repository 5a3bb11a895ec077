package memblock

import "fmt"

// PAGE_OFFSET and VMALLOC_START of x86-64 with 4-level paging and nokaslr
// (Documentation/x86/x86_64/mm.rst): the addresses of every recorded run.
const (
	DirectMap    = 0xffff888000000000
	VMallocStart = 0xffffc90000000000
	VMallocEnd   = 0xffffe8ffffffffff // the last byte, as VMALLOC_END is
)

// Page is PAGE_SIZE.
const Page = 4096

const (
	kib = 1 << 10
	mib = 1 << 20

	maxDMA       = 16 * mib  // MAX_DMA_ADDRESS: the goal early allocations stay above
	section      = 128 * mib // SECTION_SIZE_BITS 27: unit of the sparse memory map
	sectionMap   = 2 * mib   // 32768 pages of 64 bytes struct page, PMD aligned
	pgdataSize   = 0x2b000   // sizeof(pg_data_t) in pages: "NODE_DATA(0) allocated" in dmesg
	cacheLine    = 64        // SMP_CACHE_BYTES
	nodeGranule  = 8 * mib   // how finely QEMU splits RAM over nodes
	maxBoardNode = 64
)

// A Range is physical memory from Start up to, not including, End.
type Range struct{ Start, End uint64 }

// A Board is a machine's RAM as firmware and boot loader leave it to Linux.
type Board struct {
	Usable []Range // "BIOS-e820: … usable", whole pages, ascending
	Initrd Range   // "RAMDISK:"; empty if none
	Kernel Range   // the kernel image
	Nodes  []Range // which physical memory belongs to which node, ascending
}

// recorded holds the two numbers that the model cannot derive: how much RAM
// the firmware keeps for its tables, and how big the initial RAM disk is. Both
// stand in the dmesg of the runs named beside them; what Linux then takes from
// the top of memory follows from its code (reserve in memblock.go).
//
// The kernel's end is an upper bound: its bss, 17344K long, holds idt_table at
// 0x3313000 (the symbol's value less 0xffffffff80000000).
var recorded = struct {
	top    uint64
	initrd Range
	kernel Range
}{
	top:    0x3ffe0000,                                // smp-boot: BIOS-e820 0x100000-0x3ffdffff usable
	initrd: Range{Start: 0x3f502000, End: 0x3ffe0000}, // smp-boot: RAMDISK 0x3f502000-0x3ffdffff
	kernel: Range{Start: 0x1000000, End: 0x3313000 + 17344*kib},
}

// PC is the recorded machine, QEMU's "pc" with 1 GiB, its memory split evenly
// over nodes.
func PC(nodes int) (Board, error) {
	if nodes < 1 || nodes > maxBoardNode {
		return Board{}, fmt.Errorf("memblock: a board of %d nodes: choose 1 to %d", nodes, maxBoardNode)
	}
	b := Board{
		Usable: []Range{{0x1000, 0x9f000}, {1 * mib, recorded.top}},
		Initrd: recorded.initrd,
		Kernel: recorded.kernel,
	}
	const ram = 1024 * mib
	share := ram / uint64(nodes) / nodeGranule * nodeGranule
	for n := range uint64(nodes) {
		b.Nodes = append(b.Nodes, Range{n * share, (n + 1) * share})
	}
	b.Nodes[nodes-1].End = ram
	return b, nil
}

// check refuses a board that the allocator could not work on.
func (b Board) check() error {
	if len(b.Usable) == 0 || len(b.Nodes) == 0 {
		return fmt.Errorf("memblock: board has %d usable ranges and %d nodes: at least one of each is needed", len(b.Usable), len(b.Nodes))
	}
	if err := ascending("usable memory", b.Usable); err != nil {
		return err
	}
	return ascending("nodes", b.Nodes)
}

func ascending(what string, rs []Range) error {
	last := uint64(0)
	for _, r := range rs {
		if r.Start < last || r.End <= r.Start || r.End > VMallocStart-DirectMap {
			return fmt.Errorf("memblock: %s: range %#x-%#x is empty, overlaps or descends", what, r.Start, r.End)
		}
		last = r.End
	}
	return nil
}
