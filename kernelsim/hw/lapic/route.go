package lapic

import (
	"slices"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// deliver hands a packet to every APIC that it addresses, in the order of IDs;
// one of lowest priority to one of them.
func (f *Fabric) deliver(p *packet) {
	var chosen *APIC
	for _, a := range f.candidates(p) {
		switch {
		case !a.addressed(p):
		case p.m.Mode != lapicreg.LowestPriority:
			a.receive(p.m)
		case a.enabled() && (chosen == nil || a.lowerThan(chosen)):
			chosen = a
		}
	}
	if chosen != nil {
		chosen.receive(p.m)
	}
}

// lowerThan compares processor priorities (SDM volume 3, "Lowest Priority
// Delivery Mode": model-specific).
func (a *APIC) lowerThan(b *APIC) bool { return a.arb.PPR(a.tpr) < b.arb.PPR(b.tpr) }

// candidates are the APICs among which the addressed ones are: as few as the
// destination alone can tell.
func (f *Fabric) candidates(p *packet) []*APIC {
	dest := p.m.Dest
	switch {
	case p.short == lapicreg.Self:
		return f.between(p.self.cfg.ID, p.self.cfg.ID)
	case p.short != lapicreg.NoShorthand || broadcast(&p.m):
		return f.apics
	case !p.m.Logical:
		return f.between(dest, dest)
	case f.legacy == 0 || dest > 0xff: // x2APIC: a cluster is sixteen IDs in a row
		first := dest >> 16 << 4
		return f.between(first, first+15)
	}
	return f.apics
}

// between are the APICs whose IDs lie in a range. Most boards number them
// without gaps: then the first one is in its place.
func (f *Fabric) between(first, last uint32) []*APIC {
	if first == last && first < uint32(len(f.apics)) && f.apics[first].cfg.ID == first {
		return f.apics[first : first+1]
	}
	from, _ := slices.BinarySearchFunc(f.apics, first, byID)
	to := from
	for to < len(f.apics) && f.apics[to].cfg.ID <= last {
		to++
	}
	return f.apics[from:to]
}

// addressed reports whether a packet is for this APIC. One that is globally
// disabled is not there.
func (a *APIC) addressed(p *packet) bool {
	switch {
	case a.mode() == off:
		return false
	case p.short == lapicreg.Self:
		return a == p.self
	case p.short == lapicreg.AllExcludingSelf:
		return a != p.self
	case p.short == lapicreg.AllIncludingSelf || broadcast(&p.m):
		return true
	case !p.m.Logical:
		return p.m.Dest == a.cfg.ID
	case a.mode() == x2apic:
		return inCluster(p.m.Dest, a.ldrRegister(), 16)
	case p.m.Dest > 0xff:
		return false
	}
	return a.logical(p.m.Dest)
}

// logical matches a logical destination in xAPIC mode, by the model that DFR
// names: a bit for each of eight processors, or fifteen clusters of four (SDM
// volume 3, "Logical Destination Mode").
func (a *APIC) logical(dest uint32) bool {
	switch ldr := a.ldr >> 24; a.dfr >> 28 {
	case lapicreg.DFRFlat:
		return dest&ldr != 0
	case lapicreg.DFRCluster:
		return inCluster(dest, ldr, 4)
	}
	return false // reserved
}

// inCluster matches a destination that has a cluster's number above the bits
// of its members.
func inCluster(dest, ldr uint32, members uint) bool {
	return dest>>members == ldr>>members && dest&ldr&(1<<members-1) != 0
}

// broadcast reports whether a destination, physical or logical, is the one
// that means all.
func broadcast(m *lapicreg.Message) bool {
	if m.Wide {
		return m.Dest == lapicreg.Broadcast
	}
	return m.Dest == lapicreg.BroadcastX
}
