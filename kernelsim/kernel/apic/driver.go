package apic

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
)

// A driver models struct apic (arch/x86/include/asm/apic.h): one way to name
// processors.
type driver struct {
	name     string
	probe    func(s *system) bool
	valid    func(s *system, id uint32) bool // apic_id_valid
	initLDR  func(c *cpu.CPU)                // init_apic_ldr
	logical  bool                            // dest_mode_logical
	dest     func(n int) uint32              // calc_dest_apicid
	sendMask func(c *cpu.CPU, m Mask, v cpu.Vector)
}

// The drivers, in the order in which they are tried: that of the section
// .apicdrivers.
const (
	x2apicPhys = iota
	x2apicCluster
	physFlat
	flat
)

func drivers() [4]driver {
	return [4]driver{
		x2apicPhys: {name: "physical x2apic", probe: func(s *system) bool { return s.mode && s.phys },
			valid: x2apicIDValid, initLDR: func(*cpu.CPU) {}, dest: physicalID, sendMask: sendEach},
		x2apicCluster: {name: "cluster x2apic", probe: func(s *system) bool { return s.mode },
			valid: x2apicIDValid, initLDR: func(*cpu.CPU) {}, logical: true, dest: clusterID, sendMask: sendClusters},
		physFlat: {name: "physical flat", probe: func(s *system) bool { return s.possible.Count() > 8 },
			valid: xapicIDValid, initLDR: func(*cpu.CPU) {}, dest: physicalID, sendMask: sendEach},
		flat: {name: "flat", probe: func(*system) bool { return true },
			valid: xapicIDValid, initLDR: flatInitLDR, logical: true, dest: flatID, sendMask: sendFlat},
	}
}

// physicalID models apic_default_calc_apicid.
func physicalID(n int) uint32 { return uint32(n) }

// flatID models apic_flat_calc_apicid: a bit for each of eight processors.
func flatID(n int) uint32 { return 1 << n }

// clusterID is the logical ID that an x2APIC makes of its ID by itself: the
// cluster of sixteen above, a bit below.
func clusterID(n int) uint32 { return uint32(n)>>4<<16 | 1<<(n&15) }

// xapicIDValid models default_apic_id_valid: 255 means everybody.
func xapicIDValid(_ *system, id uint32) bool { return id < 255 }

// x2apicIDValid models x2apic_apic_id_valid.
func x2apicIDValid(s *system, id uint32) bool { return s.limit == 0 || id <= s.limit }

// flatInitLDR models flat_init_apic_ldr. The logical name comes from the
// number that Linux gave the processor, not from its APIC ID.
func flatInitLDR(c *cpu.CPU) {
	Write(c, regDFR, flatModel)
	Write(c, regLDR, Read(c, regLDR)&^uint32(ldrMask)|flatID(c.ID)<<24)
}

// setupRouting models default_setup_apic_routing: interrupt remapping and
// x2APIC mode first, then the first driver that says yes.
func setupRouting(c *cpu.CPU) {
	enableIRX2APIC(c)
	s := shared.Of(c)
	for i := range s.drvs {
		if s.drvs[i].probe(s) {
			switchTo(c, &s.drvs[i], "Switched")
			return
		}
	}
}

func switchTo(c *cpu.CPU, d *driver, how string) {
	s := shared.Of(c)
	if s.drv != d {
		s.drv = d
		printk.Printk(c, printk.Info, "%s APIC routing to %s.", how, d.name)
	}
}
