// Package image holds the linked .data..percpu section of the recorded
// kernel, Debian's 6.1.192: how long it is, and where in it the variables lie
// whose place was recorded.
package image

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bothhalves/kernelsim/kernel/percpu"
)

// What setup_per_cpu_areas asks for beside the static part
// (include/linux/percpu.h, 64-bit).
const (
	ModuleReserve  = 8 << 10  // PERCPU_MODULE_RESERVE
	DynamicReserve = 28 << 10 // PERCPU_DYNAMIC_RESERVE
)

// Two symbols that the linker script defines: the section's ends.
const (
	startSymbol = "__per_cpu_start"
	endSymbol   = "__per_cpu_end"
)

//go:embed symbols.txt
var symbols string

// A Symbol is a per-CPU variable and its distance from the unit's start.
type Symbol struct {
	Name string
	Off  percpu.Off
}

// An Image is a linked section: its size and the symbols in it.
type Image struct {
	size    int
	symbols []Symbol // by offset, in the file's order where equal
}

// Default is the recorded kernel's image.
func Default() *Image {
	im, err := Parse(symbols)
	if err != nil {
		panic("image: the embedded symbols.txt: " + err.Error()) // the tests parse it
	}
	return im
}

// Parse reads lines as /proc/kallsyms prints them; # starts a comment. The
// text must name both ends of the section, and nothing may lie outside.
func Parse(text string) (*Image, error) {
	im := &Image{}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		s, err := parseSymbol(line)
		if err != nil {
			return nil, fmt.Errorf("symbols line %d: %w", i+1, err)
		}
		im.symbols = append(im.symbols, s)
	}
	slices.SortStableFunc(im.symbols, func(a, b Symbol) int { return int(a.Off) - int(b.Off) })
	return im, im.measure()
}

func parseSymbol(line string) (Symbol, error) {
	f := strings.Fields(line)
	if len(f) != 3 {
		return Symbol{}, fmt.Errorf("%q: want an offset, a type and a name", line)
	}
	off, err := strconv.ParseUint(f[0], 16, 31)
	if err != nil {
		return Symbol{}, fmt.Errorf("%q: the offset is not a hexadecimal number below 80000000", line)
	}
	return Symbol{Name: f[2], Off: percpu.Off(off)}, nil
}

// measure takes the section's size from its end symbol and checks that every
// symbol lies inside and is named once.
func (im *Image) measure() error {
	start, ok := im.Offset(startSymbol)
	end, okEnd := im.Offset(endSymbol)
	if !ok || !okEnd || start != 0 || end == 0 {
		return fmt.Errorf("symbols: need %s at 0 and %s above it", startSymbol, endSymbol)
	}
	seen := map[string]bool{}
	for _, s := range im.symbols {
		if s.Off > end || seen[s.Name] {
			return fmt.Errorf("symbols: %s at %#x: beyond %s at %#x, or named twice", s.Name, uint64(s.Off), endSymbol, uint64(end))
		}
		seen[s.Name] = true
	}
	im.size = int(end)
	return nil
}

// Offset is a symbol's value: what taking the variable's address gives.
func (im *Image) Offset(name string) (percpu.Off, bool) {
	for _, s := range im.symbols {
		if s.Name == name {
			return s.Off, true
		}
	}
	return 0, false
}

// Symbols lists the known symbols by offset.
func (im *Image) Symbols() []Symbol { return slices.Clone(im.symbols) }

// Size is the section's static size in bytes.
func (im *Image) Size() int { return im.size }

// Section is a fresh section for one machine: zeros, for the runtime to write
// its variables' initial values into before the areas are set up, and the
// sizes that x86-64 asks for (arch/x86/kernel/setup_percpu.c).
func (im *Image) Section() percpu.Section {
	return percpu.Section{
		Image:    make([]byte, im.size),
		Reserved: ModuleReserve,
		Dynamic:  ModuleReserve + DynamicReserve - ModuleReserve,
	}
}
