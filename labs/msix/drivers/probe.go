package drivers

import (
	"errors"
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/msix/channels"
)

// A Driver is the module plda around the functions of msix-probe: it finds
// the board, calls them, and looks what they leave.
type Driver struct {
	Entries func(c *cpu.CPU, d *pci.Dev) int
	Probe   func(c *cpu.CPU, b *channels.Board) error
	Remove  func(c *cpu.CPU, b *channels.Board)

	board *channels.Board
	err   error // of the last probe
}

// The board's identity.
const (
	vendor = 0x1b36
	device = 0x0005
)

// Module is the module. That a probe fails does not keep it from being loaded:
// another board might come.
func (d *Driver) Module() machine.Module {
	return machine.Module{Name: "plda", Init: d.load, Exit: d.unload, Files: []machine.File{
		{Name: "plda/probe", Read: d.shown},
		{Name: "plda/entries", Read: func(c *cpu.CPU) string { return fmt.Sprintf("entries: %d\n", d.Entries(c, d.board.Dev)) }},
		{Name: "plda/channels", Read: d.channels},
		{Name: "plda/unwind", Read: d.unwind},
	}}
}

// load finds the board, takes it from the driver that the kernel gave it, and
// probes it.
func (d *Driver) load(c *cpu.CPU) error {
	d.board, d.err = nil, nil
	for _, dev := range pci.Devs(c) {
		if dev.Vendor == vendor && dev.Device == device {
			_ = pci.Unbind(c, dev) // or it had none
			d.board = &channels.Board{Dev: dev}
			d.err = pci.Bind(c, binding{d}, dev)
			return nil
		}
	}
	return fmt.Errorf("plda: no board: boot with -device msix: %w", errno.ENODEV)
}

// unload takes the driver off its board.
func (d *Driver) unload(c *cpu.CPU) { _ = pci.Unbind(c, d.board.Dev) } // or its probe failed

// A binding is the driver as the PCI core sees it.
type binding struct{ *Driver }

func (b binding) Name() string           { return "plda" }
func (b binding) Match(v, d uint16) bool { return v == vendor && d == device }

// Probe enables the board's function, and calls the student's probe.
func (b binding) Probe(c *cpu.CPU, dev *pci.Dev) error {
	pci.EnableDevice(c, dev)
	pci.SetMaster(c, dev)
	err := b.Driver.Probe(c, b.board)
	if err != nil {
		pci.DisableDevice(c, dev)
	}
	return err
}

// Remove is the way back.
func (b binding) Remove(c *cpu.CPU, dev *pci.Dev) {
	b.Driver.Remove(c, b.board)
	pci.DisableDevice(c, dev)
}

// shown says how the probe ended.
func (d *Driver) shown(c *cpu.CPU) string {
	if d.err != nil {
		return fmt.Sprintf("probe: %v\n%s", d.err, d.left(c))
	}
	return fmt.Sprintf("probe: done\ninterrupts: %d\nhandlers: %d\nvectors: %d\n", d.board.IRQs, len(d.handlers(c)), d.vectors())
}

// vectors is how many interrupts the function holds.
func (d *Driver) vectors() int {
	if dev := d.board.Dev; dev.MSIXEnabled || dev.MSIEnabled {
		return dev.Vectors()
	}
	return 0
}

// handlers lists the board's interrupts that have a handler.
func (d *Driver) handlers(c *cpu.CPU) (list []irq.Number) {
	for _, desc := range irq.Descs(c) {
		for _, name := range desc.Names() {
			if strings.HasPrefix(name, channels.Name(0)[:4]) {
				list = append(list, desc.IRQ)
			}
		}
	}
	return list
}

// nothing is what a probe should have left.
const nothing = "left behind: nothing\n"

// left says what is there that a failed probe should not have left.
func (d *Driver) left(c *cpu.CPU) string {
	var b strings.Builder
	if list := d.handlers(c); len(list) > 0 {
		fmt.Fprintf(&b, "left behind: the handler of interrupt %d, one of %d\n", list[0], len(list))
	}
	if n := d.vectors(); n > 0 {
		fmt.Fprintf(&b, "left behind: %d vectors of the function\n", n)
	}
	if b.Len() == 0 {
		return nothing
	}
	return b.String()
}

// channels shows what came.
func (d *Driver) channels(*cpu.CPU) string {
	var b strings.Builder
	for n := range d.board.IRQs {
		ch := d.board.Channel(n)
		fmt.Fprintf(&b, "channel %d: %d interrupts, %d of them another's\n", n, ch.Interrupts, ch.Wrong)
	}
	return b.String()
}

// unwind takes the driver off its board, and lets request_irq fail at each
// position in turn: probe must hand the error on and leave nothing.
func (d *Driver) unwind(c *cpu.CPU) string {
	if d.err == nil {
		_ = pci.Unbind(c, d.board.Dev) // it is bound
	}
	if what := d.left(c); what != nothing {
		d.sweep(c)
		return "remove: " + what
	}
	var b strings.Builder
	at := 1
	for ; ; at++ {
		reached, text := d.fail(c, at)
		if !reached {
			break
		}
		b.WriteString(text)
	}
	return fmt.Sprintf("request_irq failed at %d positions\n%s", at-1, b.String())
}

// fail lets the request of one position fail; if there are not so many, the
// board is bound again.
func (d *Driver) fail(c *cpu.CPU, at int) (reached bool, text string) {
	d.board = &channels.Board{Dev: d.board.Dev}
	irq.FailRequest(c, at, errno.ENOMEM)
	d.err = pci.Bind(c, binding{d}, d.board.Dev)
	ahead, _ := irq.Failing(c)
	irq.FailRequest(c, 0, nil)
	if ahead > 0 {
		return false, ""
	}
	text = fmt.Sprintf("position %d: ", at)
	switch {
	case d.err == nil:
		text += "probe returns no error\n"
		_ = pci.Unbind(c, d.board.Dev)
	case !errors.Is(d.err, errno.ENOMEM):
		text += fmt.Sprintf("probe returns another error: %v\n", d.err)
	default:
		text += d.left(c)
	}
	d.sweep(c)
	return true, text
}

// sweep gives back what a probe has left, so that the next one finds the
// machine as it was.
func (d *Driver) sweep(c *cpu.CPU) {
	for _, n := range d.handlers(c) {
		for _, name := range irq.ToDesc(c, n).Names() {
			var ch int
			if _, err := fmt.Sscanf(name, "plda-msix%d", &ch); err == nil {
				_, _ = irq.Free(c, n, d.board.Channel(ch)) // it is there: it was listed
			}
		}
	}
	pci.FreeIRQVectors(c, d.board.Dev)
}
