// Package nvme is an NVMe controller as far as its interrupts need it: real
// registers, queues and doorbells, a few admin commands, and I/O commands that
// move no data and complete after a latency.
//
// Data transfer, namespaces with content, asynchronous events and power states
// are not modelled.
package nvme

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/reg"
	"bothhalves/kernelsim/sim"
)

// Config says what a controller is like. Values out of range become the
// nearest one in range.
type Config struct {
	Queues  int      // pairs of I/O queues that it grants, 1 to 128; 0: 4
	Entries int      // MSI-X entries, 1 to 256; 0: one a queue and one for the admin queue
	Latency sim.Time // how long a command takes once it is worked on; 0: 10 µs
	// Channels is how many I/O commands are worked on at once; those behind
	// them wait. 0: as many as there are.
	Channels int
	Options  []pcie.Option
}

// filled has the defaults put in.
func (c Config) filled() Config {
	if c.Queues == 0 {
		c.Queues = 4
	}
	c.Queues = min(max(c.Queues, 1), 128)
	if c.Entries == 0 {
		c.Entries = c.Queues + 1
	}
	c.Entries = min(max(c.Entries, 1), 256)
	c.Channels = min(max(c.Channels, 0), 1024)
	if c.Latency <= 0 {
		c.Latency = 10 * sim.Microsecond
	}
	return c
}

// The shape of the recorded controller.
const (
	barBytes      = 0x4000
	registerBytes = 0x2000
	msixTable     = 0x2000
	msixPBA       = 0x3000
	msixCap       = 0x40
	expressCap    = 0x80
	pmCap         = 0x60
)

// maxEntries is how long a queue may be: CAP says one less.
const maxEntries = 2048

// A Device is a controller (Linux: struct nvme_dev is the driver's picture of
// it, drivers/nvme/host/pci.c).
type Device struct {
	*pcie.Func
	cfg    Config
	eng    *sim.Engine
	regs   *reg.Map
	sq     []submission // index: queue number, 0 is the admin queue
	cq     []completion
	flight []command  // commands on their way, the oldest first
	busy   []sim.Time // by channel: until when
	done   sim.Event
	masked uint32 // INTMS: vectors that may not assert the pin
	active uint32 // vectors that want the pin
}

// New makes a controller that is disabled (class 0x010802; Linux:
// nvme_id_table, drivers/nvme/host/pci.c).
func New(eng *sim.Engine, b *bus.Bus, bdf pcie.BDF, cfg Config) *Device {
	d := &Device{cfg: cfg.filled(), eng: eng}
	d.sq = make([]submission, d.cfg.Queues+1)
	d.cq = make([]completion, d.cfg.Queues+1)
	d.busy = make([]sim.Time, d.cfg.Channels)
	d.regs = d.registers()
	d.done = sim.Event{Name: "nvme-" + bdf.String(), Fire: d.complete}
	d.Func = pcie.NewFunc(b, bdf, pcie.Header{
		Name:   "nvme",
		Vendor: 0x1b36, Device: 0x0010,
		SubVendor: 0x1af4, SubDevice: 0x1100,
		Class: 0x010802, Revision: 2, Pin: 1, Extended: true,
	}, cfg.Options...)
	d.AddBAR(0, pcie.Memory64, barBytes, d.regs)
	d.AddMSIX(msixCap, d.cfg.Entries, pcie.Place{Off: msixTable}, pcie.Place{Off: msixPBA})
	d.AddCap(expressCap, pcireg.CapExpress, express(), expressWritable())
	d.AddCap(pmCap, pcireg.CapPM, []byte{0x03, 0, 0x08, 0, 0, 0}, []byte{0, 0, 0x03})
	return d
}

// express is the PCI Express capability behind ID and link: an endpoint,
// version 2, with a link of one lane.
func express() []byte {
	b := make([]byte, 0x3a)
	copy(b, []byte{0x02, 0x00, 0x00, 0x80, 0x00, 0x10})
	copy(b[0x0a:], []byte{0x11, 0x04, 0x00, 0x00, 0x00, 0x00, 0x11, 0x00})
	b[0x24] = 0x30
	return b
}

// expressWritable lets software enable error reports, which never come.
func expressWritable() []byte { return []byte{6: 0x0f} }

// Registers is the controller's register file.
func (d *Device) Registers() *reg.Map { return d.regs }

// Reset is a reset of the function (PCIe base specification, "Function Level
// Reset").
func (d *Device) Reset() {
	d.disable()
	d.regs.Reset()
	d.masked = 0
	d.Func.Reset()
}
