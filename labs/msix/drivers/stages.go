package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
)

// Stages is a module that takes a board through the life of one vector, a step
// at a time, and shows what stands in entry 0 of its table.
func Stages() machine.Module {
	s := &stages{}
	return machine.Module{Name: "stages", Init: s.load, Files: []machine.File{{Name: "stages", Read: s.read, Write: s.write}}}
}

type stages struct{ dev *pci.Dev }

func (s *stages) load(c *cpu.CPU) error {
	s.dev = nil
	for _, dev := range pci.Devs(c) {
		if dev.Vendor == vendor && dev.Device == device {
			_ = pci.Unbind(c, dev) // or it had none
			s.dev = dev
			pci.EnableDevice(c, dev)
			pci.SetMaster(c, dev)
			return nil
		}
	}
	return fmt.Errorf("stages: no board: boot with -device msix: %w", errno.ENODEV)
}

// write takes one step.
func (s *stages) write(c *cpu.CPU, text string) error {
	n, err := pci.IRQVector(s.dev, 0)
	switch step := strings.TrimSpace(text); step {
	case "alloc":
		_, err = pci.AllocIRQVectors(c, s.dev, 1, 1, pci.IRQMSIX)
	case "request":
		if err == nil {
			err = irq.Request(c, n, served, 0, "stages", s)
		}
	case "free":
		if err == nil {
			_, err = irq.Free(c, n, s)
		}
	case "give-back":
		pci.FreeIRQVectors(c, s.dev)
		err = nil
	default:
		err = fmt.Errorf("stages: %s: alloc, request, free or give-back: %w", step, errno.EINVAL)
	}
	return err
}

func served(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }

// read shows entry 0 of the table, which lies at the beginning of the board's
// memory.
func (s *stages) read(c *cpu.CPU) string {
	at := bus.Addr(s.dev.Resources[0].Start)
	word := func(off bus.Addr) uint32 { return bus.ReadL(c, at+off) }
	masked := word(pcireg.MSIXEntryVectorCtl) & pcireg.VectorControlMask
	return fmt.Sprintf("address: 0x%08x\nvector: 0x%02x\nmasked: %d\n", word(pcireg.MSIXEntryAddrLow), word(pcireg.MSIXEntryData)&0xff, masked)
}
