package shell

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/pcie"
)

func lspciVerb() *Verb {
	return &Verb{
		Name: "lspci", Group: GroupBox,
		Summary: "lists the functions of the PCI bus",
		Detail: `lspci prints as the tool of that name does. -v adds the resources and the names of
the capabilities, -vv what is in them. -x dumps the header, -xxx 256 bytes of
configuration space, -xxxx all of it. -s shows one function, or those of one
device.`,
		Flags: []Flag{
			{Name: "v", Help: "resources and capabilities"},
			{Name: "vv", Help: "and what is in them"},
			{Name: "vvv", Help: "and everything else"},
			{Name: "nn", Help: "numbers beside the names"},
			{Name: "x", Help: "the header in hexadecimal"},
			{Name: "xxx", Help: "256 bytes"},
			{Name: "xxxx", Help: "all of configuration space"},
			{Name: "s", Arg: "[BUS:]DEVICE[.FUNCTION]", Help: "only these functions"},
		},
		Run: runLspci, ReadOnly: true,
	}
}

// A lspciOptions is what the flags ask for.
type lspciOptions struct {
	verbose int
	hex     int // bytes to dump
	numbers bool
	only    string
}

func runLspci(c *Call) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	o := lspciOptions{numbers: c.Has("nn"), only: c.Flag("s", "")}
	for i, f := range []string{"v", "vv", "vvv"} {
		if c.Has(f) {
			o.verbose = i + 1
		}
	}
	for f, n := range [...]string{"x", "xxx", "xxxx"} {
		if c.Has(n) {
			o.hex = [...]int{64, 256, 4096}[f]
		}
	}
	if _, err := matchBDF(o.only, 0); err != nil {
		return c.Misuse("-s: %s: not a function: write it as 00:02.0, or 02 for all of a device", o.only)
	}
	c.Printf("%s", lspciText(c.Machine().Functions(), o))
	return nil
}

// matchBDF reports whether a function is one that -s asks for.
func matchBDF(only string, b pcie.BDF) (bool, error) {
	if only == "" {
		return true, nil
	}
	bus, rest, ok := strings.Cut(strings.TrimPrefix(only, "0000:"), ":")
	if !ok {
		bus, rest = "00", bus
	}
	dev, fn, single := strings.Cut(rest, ".")
	if !single {
		fn = "0"
	}
	want, err := pcie.ParseBDF(bus + ":" + dev + "." + fn)
	if err != nil {
		return false, err
	}
	return want == b || !single && want&^7 == b&^7, nil
}

// lspciText is what lspci prints for a list of functions.
func lspciText(funcs []PCIFunction, o lspciOptions) string {
	var w strings.Builder
	for _, f := range funcs {
		if ok, err := matchBDF(o.only, f.BDF); err != nil || !ok {
			continue
		}
		l := lister{&w, f, o}
		l.terse()
		if o.verbose > 0 {
			l.details()
		}
		l.hexDump()
		if o.verbose > 0 || o.hex > 0 {
			w.WriteByte('\n')
		}
	}
	return w.String()
}

// A lister prints one function.
type lister struct {
	w *strings.Builder
	f PCIFunction
	o lspciOptions
}

func (l *lister) printf(format string, args ...any) { fmt.Fprintf(l.w, format, args...) }

// byte, word and long read configuration space; beyond its end all is ones.
func (l *lister) byte(off int) uint32 { return l.get(off, 1) }
func (l *lister) word(off int) uint32 { return l.get(off, 2) }
func (l *lister) long(off int) uint32 { return l.get(off, 4) }

func (l *lister) get(off, n int) (v uint32) {
	for i := range n {
		b := byte(0xff)
		if off+i < len(l.f.Config) {
			b = l.f.Config[off+i]
		}
		v |= uint32(b) << (8 * i)
	}
	return v
}

// terse is the first line.
func (l *lister) terse() {
	class, vendor, device := l.word(0x0a), l.word(0), l.word(2)
	l.printf("%v %s: %s", l.f.BDF, className(class, l.o.numbers), deviceName(vendor, device, l.o.numbers))
	if rev := l.byte(8); rev != 0 {
		l.printf(" (rev %02x)", rev)
	}
	if l.o.verbose > 0 {
		prog := l.byte(9)
		name := progIfName(class, prog)
		switch {
		case name != "":
			l.printf(" (prog-if %02x [%s])", prog, name)
		case prog != 0:
			l.printf(" (prog-if %02x)", prog)
		}
	}
	l.printf("\n")
}

// hexDump prints configuration space, 16 bytes a line.
func (l *lister) hexDump() {
	for i := 0; i+16 <= min(l.o.hex, len(l.f.Config)); i += 16 {
		l.printf("%02x:", i)
		for _, b := range l.f.Config[i : i+16] {
			l.printf(" %02x", b)
		}
		l.printf("\n")
	}
}
