package lapic

import (
	"slices"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// A Fabric leads interrupt messages to the local APICs (SDM volume 3, "System
// Bus Vs. APIC Bus"): IPIs, and what the host bridge makes of devices'
// writes. While a processor runs a message takes its time; they arrive in the
// order in which they were sent.
type Fabric struct {
	eng     *sim.Engine
	latency sim.Time
	apics   []*APIC // by ID
	legacy  int     // how many of them are not in x2APIC mode

	way       []packet // what is under way, from way[head]
	head      int
	ev        sim.Event // the arrival of the first one
	onEOI     []func(v uint8)
	observers []func(*Traffic)
	seen      Traffic // what they are being shown
}

// A packet is a message under way.
type packet struct {
	m     lapicreg.Message
	short lapicreg.Shorthand
	self  *APIC // who sent it, of an IPI
	from  *bus.Source
	due   sim.Time
}

// Traffic is one message or one EOI broadcast on the fabric (SDM volume 3,
// "System Bus Vs. APIC Bus").
type Traffic struct {
	From      *bus.Source // who sent it; nil if nobody said
	Time      sim.Time
	EOI       bool // an EOI broadcast: of Message, only Vector counts
	Message   lapicreg.Message
	Shorthand lapicreg.Shorthand // of an IPI; the destination counts only without one
}

// NewFabric returns a fabric to which no APIC belongs yet (SDM volume 3,
// "System Bus Vs. APIC Bus").
func NewFabric(eng *sim.Engine, latency sim.Time) *Fabric {
	f := &Fabric{eng: eng, latency: latency}
	f.ev = sim.Event{Name: "interrupt message", Fire: f.arrive}
	return f
}

// join adds an APIC, in the order of IDs.
func (f *Fabric) join(a *APIC) {
	at, _ := slices.BinarySearchFunc(f.apics, a.cfg.ID, byID)
	f.apics = slices.Insert(f.apics, at, a)
	f.legacy++
}

func byID(a *APIC, id uint32) int { return int(int64(a.cfg.ID) - int64(id)) }

// OnEOI adds a receiver of EOI broadcasts, an I/O APIC (SDM volume 3,
// "Signaling Interrupt Servicing Completion").
func (f *Fabric) OnEOI(fn func(v uint8)) { f.onEOI = append(f.onEOI, fn) }

// Observe adds a witness of every message, as it is sent, and of every EOI
// broadcast (SDM volume 3, "System Bus Vs. APIC Bus"). What it is shown is
// valid during the call.
func (f *Fabric) Observe(fn func(*Traffic)) { f.observers = append(f.observers, fn) }

// Send sends a message to the APICs that its destination names (SDM volume 3,
// "Determining IPI Destination"). src is its origin, for the log.
func (f *Fabric) Send(src *bus.Source, m lapicreg.Message) { f.send(&packet{from: src, m: m}) }

// Arrive is the end of a message's way: it takes no time, so that who stands
// outside can let an interrupt come at this very instant, also in the middle
// of a run.
func (f *Fabric) Arrive(src *bus.Source, m lapicreg.Message) {
	p := &packet{from: src, m: m}
	f.tell(p, false)
	f.deliver(p)
}

// send puts a packet on its way. What an APIC sends to itself never leaves it.
func (f *Fabric) send(p *packet) {
	f.tell(p, false)
	if f.latency <= 0 || f.eng.Running() == nil || p.short == lapicreg.Self {
		f.deliver(p)
		return
	}
	p.due = f.eng.Now() + f.latency
	if f.head == len(f.way) {
		f.eng.Arm(&f.ev, p.due)
	} else {
		p.due = max(p.due, f.way[len(f.way)-1].due)
	}
	f.push(*p)
}

// push appends a packet, in the room of delivered ones if there is no other.
func (f *Fabric) push(p packet) {
	if len(f.way) == cap(f.way) {
		f.way = f.way[:copy(f.way, f.way[f.head:])]
		f.head = 0
	}
	f.way = append(f.way, p)
}

// arrive delivers every packet that is due, and waits for the next.
func (f *Fabric) arrive(now sim.Time) {
	for f.head < len(f.way) {
		p := f.way[f.head]
		if p.due > now {
			f.eng.Arm(&f.ev, p.due)
			return
		}
		f.head++
		f.deliver(&p)
	}
}

// broadcastEOI tells the I/O APICs that a level triggered interrupt ended.
func (f *Fabric) broadcastEOI(src *bus.Source, v uint8) {
	f.tell(&packet{from: src, m: lapicreg.Message{Vector: v}}, true)
	for _, fn := range f.onEOI {
		fn(v)
	}
}

// tell shows a message, or an EOI broadcast, to the observers. What they see
// is written in place: it is on every interrupt's way.
func (f *Fabric) tell(p *packet, eoi bool) {
	if len(f.observers) == 0 {
		return
	}
	t := &f.seen
	t.From, t.Time, t.EOI, t.Message, t.Shorthand = p.from, f.eng.Now(), eoi, p.m, p.short
	for _, fn := range f.observers {
		fn(t)
	}
}
