package build

import (
	"fmt"
	"io"
	"slices"
	"strconv"
)

// fakeBoard answers as much of the bare machine's verbs as a figure asks for:
// one local APIC whose priorities are those of the vectors, a device whose
// first message can be masked, and the log of messages.
type fakeBoard struct {
	irr, isr []int
	tpr      int
	masked   bool
	waits    bool
	log      []string
}

// msiFigure is what a message to the local APIC looks like in the log.
const msiFigure = "%s dest=0x00 mode=physical delivery=fixed vector=0x%02x trigger=edge addr=0xfee00000 data=0x%08x"

func (b *fakeBoard) line(words []string, out io.Writer) error {
	number := func(i int) int {
		if i >= len(words) {
			return 0
		}
		n, _ := strconv.ParseInt(words[i], 0, 64)
		return int(n)
	}
	switch words[0] {
	case "msi":
		b.message("msi", number(2))
	case "mmio":
		if len(words) > 3 && words[1] == "read" {
			fmt.Fprintf(out, "0x%08x\n", b.read(number(3)))
			return nil
		}
		b.write(number(3), number(4))
	case "event":
		if b.masked {
			b.waits = true
			return nil
		}
		b.message("00:05.0", 0x23)
	case "cpu":
		return b.cpu(words[2], out)
	case "bus":
		if len(b.log) == 0 {
			fmt.Fprintln(out, "none")
		}
		for _, l := range b.log {
			fmt.Fprintln(out, l)
		}
		b.log = nil
	default:
		return fmt.Errorf("%s: command not found", words[0])
	}
	return nil
}

func (b *fakeBoard) message(from string, vector int) {
	b.log = append(b.log, fmt.Sprintf(msiFigure, from, vector, vector))
	if !slices.Contains(b.irr, vector) {
		b.irr = append(b.irr, vector)
		slices.Sort(b.irr)
	}
}

func (b *fakeBoard) cpu(what string, out io.Writer) error {
	offered, none := b.offered()
	switch {
	case what != "ack" && what != "pending":
		return fmt.Errorf("cpu: %s: not one of ack and pending", what)
	case none:
		fmt.Fprintln(out, "none")
		return nil
	}
	fmt.Fprintf(out, "0x%02x\n", offered)
	if what == "ack" {
		b.irr = b.irr[:len(b.irr)-1]
		b.isr = append(b.isr, offered)
	}
	return nil
}

func (b *fakeBoard) ppr() int {
	ppr := b.tpr
	for _, v := range b.isr {
		ppr = max(ppr, v&0xf0)
	}
	return ppr
}

func (b *fakeBoard) offered() (v int, none bool) {
	if len(b.irr) == 0 || b.irr[len(b.irr)-1]>>4 <= b.ppr()>>4 {
		return 0, true
	}
	return b.irr[len(b.irr)-1], false
}

func (b *fakeBoard) read(at int) (v int) {
	set := func(list []int, word int) {
		for _, x := range list {
			if x/32 == word {
				v |= 1 << (x % 32)
			}
		}
	}
	switch off := at - lapicPage; {
	case off == regTPR:
		return b.tpr
	case off == regPPR:
		return b.ppr()
	case off >= regISR && off < regISR+0x80:
		set(b.isr, (off-regISR)/16)
	case off >= regIRR && off < regIRR+0x80:
		set(b.irr, (off-regIRR)/16)
	case b.waits:
		return 1
	}
	return v
}

func (b *fakeBoard) write(at, v int) {
	switch at {
	case lapicPage + regTPR:
		b.tpr = v
	case lapicPage + 0xb0:
		b.isr = b.isr[:max(len(b.isr)-1, 0)]
		b.log = append(b.log, "eoi vector=0x23")
	case 0xfebf000c:
		b.masked = v&1 == 1
		if !b.masked && b.waits {
			b.waits = false
			b.message("00:05.0", 0x23)
		}
	}
}
