package console

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"strings"
	"time"

	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/reg"
	"bothhalves/kernelsim/shell"
	"bothhalves/kernelsim/trace"
	"bothhalves/kernelsim/trace/view"
	"bothhalves/site/internal/figure"
)

// patience is how long a block's command may take on the wall clock before
// the build gives it up.
const patience = 20 * time.Second

// host is where the book's sessions live: files are kept in memory, and a run
// that does not end is interrupted.
type host struct {
	files map[string][]byte
	until time.Time
}

// ReadFile implements shell.Host.
func (h *host) ReadFile(name string) ([]byte, error) {
	if data, ok := h.files[name]; ok {
		return data, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// WriteFile implements shell.Host.
func (h *host) WriteFile(name string, data []byte) error {
	h.files[name] = data
	return nil
}

// Interrupted implements shell.Host.
func (h *host) Interrupted() bool { return time.Now().After(h.until) }

// book is a shell session of the book.
type book struct {
	shell *shell.Session
	host  *host
}

// Open starts a shell session for the book's blocks.
func Open() Session {
	h := &host{files: map[string][]byte{}}
	return &book{shell.New(h), h}
}

// Line implements Session.
func (b *book) Line(text string, out, errw io.Writer) error {
	b.host.until = time.Now().Add(patience)
	return b.shell.Line(text, out, errw)
}

// Close implements Session.
func (b *book) Close() { b.shell.Close() }

var errNoMachine = errors.New("no machine has been booted")

// PercpuLayout is the first chunk of the machine's per-CPU areas.
func (b *book) PercpuLayout() (percpu.Layout, error) {
	m := b.shell.Machine()
	if m == nil {
		return percpu.Layout{}, errNoMachine
	}
	l, ok := m.Layout()
	if !ok {
		return l, errors.New("this machine's per-CPU areas do not say how they are laid out")
	}
	return l, nil
}

// Now is the machine's virtual time in nanoseconds.
func (b *book) Now() (int64, error) {
	m := b.shell.Machine()
	if m == nil {
		return 0, errNoMachine
	}
	return int64(m.Now()), nil
}

// Timeline is what the machine's trace remembers, from power-on.
func (b *book) Timeline() (figure.Timeline, error) {
	m := b.shell.Machine()
	if m == nil {
		return figure.Timeline{}, errNoMachine
	}
	t := figure.Timeline{To: int64(m.Now())}
	for id := range m.CPUs() {
		t.Lanes = append(t.Lanes, figure.Lane{Name: fmt.Sprintf("CPU %d", id)})
	}
	for _, l := range view.Lanes(m.Ring(), len(t.Lanes), view.Selection{End: int64(m.Now())}) {
		lane := &t.Lanes[l.CPU]
		lane.Spans = append(lane.Spans, spans(l)...)
		for _, s := range l.Spans {
			t.To = max(t.To, s.To)
		}
	}
	for i := range t.Lanes {
		t.Lanes[i].Spans = withIdle(t.Lanes[i].Spans, t.To)
	}
	for _, r := range m.Ring().From(0) {
		if !shown(r) && int(r.CPU) < len(t.Lanes) {
			lane := &t.Lanes[r.CPU]
			lane.Marks = append(lane.Marks, figure.Mark{At: r.Time, Label: r.Kind.String() + ": " + view.Args(r, m.Ring().Names())})
		}
	}
	return t, nil
}

// shown says whether the spans show the event already.
func shown(r *trace.Record) bool {
	switch r.Kind {
	case trace.LocalTimerEntry, trace.LocalTimerExit, trace.RescheduleEntry, trace.RescheduleExit, trace.VectorEntry, trace.VectorExit,
		trace.SoftIRQEntry, trace.SoftIRQExit:
		return true
	}
	return false
}

func spans(l view.Lane) []figure.Span {
	var out []figure.Span
	for _, s := range l.Spans {
		f := figure.Span{Start: s.From, End: s.To, Context: "task", Label: s.Name}
		if l.Context != view.Task {
			f.Context, f.Depth = "irq", 1+s.Depth
			if l.Context == view.SoftIRQ {
				f.Context = "softirq"
			}
			f.Label = strings.Replace(s.Name, "vector vector=", "vector ", 1)
		}
		out = append(out, f)
	}
	return out
}

// withIdle fills the time in which no task ran.
func withIdle(spans []figure.Span, to int64) []figure.Span {
	var out, upper []figure.Span
	at := int64(0)
	for _, s := range spans {
		if s.Depth > 0 {
			upper = append(upper, s)
			continue
		}
		if s.Start > at {
			out = append(out, figure.Span{Start: at, End: s.Start, Context: "idle"})
		}
		out = append(out, s)
		at = s.End
	}
	if to > at {
		out = append(out, figure.Span{Start: at, End: to, Context: "idle"})
	}
	return append(out, upper...)
}

// Layouts are the bit layouts that a figure can draw by name.
func Layouts() map[string]figure.Bits {
	field := func(name string, mask uint32, note string) reg.Named {
		return reg.Number(name, uint8(31-bits.LeadingZeros32(mask)), uint8(bits.TrailingZeros32(mask))).Noted(note)
	}
	return map[string]figure.Bits{
		"gate":                   {Title: "IDT entry", Width: 128, Layout: gatereg.Low(), Above: gatereg.High()},
		"IA32_APIC_BASE":         {Title: "IA32_APIC_BASE", Width: 64, Layout: lapicreg.APICBase()},
		"ICR":                    {Title: "Interrupt Command Register", Width: 64, Layout: lapicreg.ICRx()},
		"SVR":                    {Title: "Spurious Interrupt Vector Register", Width: 32, Layout: lapicreg.SVR()},
		"LVT-timer":              {Title: "LVT timer entry", Width: 32, Layout: lapicreg.LVTTimer()},
		"redirection-entry":      {Title: "Redirection entry", Width: 64, Layout: ioapicreg.Redirection()},
		"MSI-address":            {Title: "Message address", Width: 32, Layout: lapicreg.MSIAddress()},
		"MSI-data":               {Title: "Message data", Width: 32, Layout: lapicreg.MSIData()},
		"MSI-address-remappable": {Title: "Message address, remappable format", Width: 32, Layout: iommureg.RemappableAddress()},
		"MSI-control":            {Title: "MSI message control", Width: 16, Layout: pcireg.MSIControl()},
		"MSI-X-control":          {Title: "MSI-X message control", Width: 16, Layout: pcireg.MSIXControl()},
		"MSI-X-place":            {Title: "Table offset and BIR", Width: 32, Layout: pcireg.MSIXPlace()},
		"vector-control":         {Title: "Vector control", Width: 32, Layout: pcireg.VectorControl()},
		"command":                {Title: "Command register", Width: 16, Layout: pcireg.Command()},
		"IRTE":                   {Title: "Interrupt remapping table entry", Width: 128, Layout: iommureg.IRTELow(), Above: iommureg.IRTEHigh()},
		"preempt_count": {Title: "preempt_count", Width: 32, Layout: reg.Layout{
			reg.Flag("need_resched", 31).Noted("inverted: 0 means that a reschedule is due"),
			field("NMI", preempt.NMIMask, "nesting of non-maskable interrupts"),
			field("hardirq", preempt.HardIRQMask, "nesting of hard interrupts"),
			field("softirq", preempt.SoftIRQMask, "bit 8 while a softirq runs; 2 for every local_bh_disable"),
			field("preempt", preempt.PreemptMask, "one for every preempt_disable and every spinlock held"),
		}},
	}
}
