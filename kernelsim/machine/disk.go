package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/drivers/nvme"
	"bothhalves/kernelsim/drivers/standin"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/memblock"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/sim"
)

// driver makes the driver of the index-th device of a kind: nvme has a real
// one, for the others somebody stands in.
func (m *Machine) driver(kind string, index int, d board.Device) (pci.Driver, error) {
	if kind != "nvme" {
		return standin.New(kind, index, d.Managed), nil
	}
	drv, err := m.newNVMe(index, d.Managed)
	if err != nil {
		return nil, err
	}
	m.disks = append(m.disks, drv)
	return drv, nil
}

// newNVMe makes a driver for a controller, with what the command line says of
// its module.
func (m *Machine) newNVMe(index int, managed string) (*nvme.Driver, error) {
	cfg := nvme.Config{Index: index, Unmanaged: managed == "off", Alloc: m.takeDMA, Free: m.giveDMA,
		Forced: slices.Contains(strings.Fields(m.cfg.Append), "threadirqs")}
	for _, word := range strings.Fields(m.cfg.Append) {
		param, ok := strings.CutPrefix(word, "nvme.")
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(param, "=")
		if err := nvmeParam(&cfg, name, value); err != nil {
			return nil, err
		}
	}
	return nvme.New(cfg), nil
}

// nvmeParam sets one of the module's parameters (parse_args, kernel/params.c;
// module_param in drivers/nvme/host/pci.c). A bad value keeps the module from
// being loaded. Those that say nothing of interrupts are not looked at.
func nvmeParam(cfg *nvme.Config, name, value string) error {
	n, err := strconv.ParseInt(value, 0, 32)
	bad := err != nil
	switch name {
	case "use_threaded_interrupts":
		cfg.Threaded = n != 0
	case "io_queue_depth":
		bad = bad || n < 2 || n > 4095
		cfg.Depth = int(n)
	default:
		bad = false
	}
	if bad {
		return fmt.Errorf("nvme: `%s' invalid for parameter `%s': %w", value, name, errno.EINVAL)
	}
	return nil
}

// A dmaRegion is memory that a driver has taken.
type dmaRegion struct {
	name     string
	at, size uint64
}

// takeDMA takes memory for a driver, until giveDMA.
func (m *Machine) takeDMA(name string, size uint64) (bus.Addr, error) {
	at, err := m.dmaMemory(name, size)
	if err == nil {
		m.dma = append(m.dma, dmaRegion{name, uint64(at), size})
	}
	return at, err
}

// giveDMA gives it back.
func (m *Machine) giveDMA(name string) {
	i := slices.IndexFunc(m.dma, func(r dmaRegion) bool { return r.name == name })
	if i < 0 {
		return
	}
	r := m.dma[i]
	m.bus.Unmap(r.name)
	m.memory.Free(percpu.Addr(memblock.DirectMap+r.at), r.size)
	m.dma = slices.Delete(m.dma, i, i+1)
}

// Disk is the driver of a disk by the disk's name, nil if there is none.
func (m *Machine) Disk(name string) *nvme.Driver {
	for _, d := range m.disks {
		if d.Ready() && d.DiskName() == name {
			return d
		}
	}
	return nil
}

// Disks lists the drivers of the disks that have one.
func (m *Machine) Disks() (list []*nvme.Driver) {
	for _, d := range m.disks {
		if d.Ready() {
			list = append(list, d)
		}
	}
	return list
}

// RunTo runs until done says so, at a decision point; limit is how much
// virtual time that may take.
func (m *Machine) RunTo(limit sim.Time, done func() bool) error {
	found, err := m.eng.RunUntil(m.eng.Now()+limit, done)
	if found && err == nil && m.eng.Failed() == nil {
		return nil
	}
	if err := m.outcome(err); err != nil {
		return err
	}
	return fmt.Errorf("not done within %s of virtual time", limit)
}
