package lapic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// spend lets a processor's time pass.
func spend(p *sim.Proc, d sim.Time) {
	if p.Advance(d) {
		p.Yield(0, d)
	}
}

// fixed is an edge message.
func fixed(dest uint32, v uint8) lapicreg.Message { return lapicreg.Message{Dest: dest, Vector: v} }

// TestDestinations sends to many processors, some of them with IDs that only
// 32 bits hold.
func TestDestinations(t *testing.T) {
	ids := []uint32{0, 1, 15, 16, 17, 254, 255, 256, 0x1000, 0xfffe_0001, 0xffff_fff0}
	names := func(r *rig, v uint8) string {
		var list []string
		for _, i := range r.got(v) {
			list = append(list, fmt.Sprintf("%#x", ids[i]))
		}
		return strings.Join(list, " ")
	}
	all := "0x0 0x1 0xf 0x10 0x11 0xfe 0xff 0x100 0x1000 0xfffe0001 0xfffffff0"
	tests := []struct {
		m       lapicreg.Message
		x, x2   string // who gets it in xAPIC and in x2APIC mode
		comment string
	}{
		{lapicreg.Message{Dest: 1}, "0x1", "0x1", "physical"},
		{lapicreg.Message{Dest: 2}, "", "", "nobody"},
		{lapicreg.Message{Dest: 0xff}, all, all, "8-bit broadcast"},
		{lapicreg.Message{Dest: 0xff, Wide: true}, "0xff", "0xff", "no broadcast in 32 bits"},
		{lapicreg.Message{Dest: 0xffff_ffff, Wide: true}, all, all, "32-bit broadcast"},
		{lapicreg.Message{Dest: 0xffff_ffff}, "", "", "not in 8 bits"},
		{lapicreg.Message{Dest: 0x100, Wide: true}, "0x100", "0x100", "above 8 bits"},
		{lapicreg.Message{Dest: 0xfffe_0001, Wide: true}, "0xfffe0001", "0xfffe0001", "far above"},
		{lapicreg.Message{Dest: 0xffff_fff0, Wide: true}, "0xfffffff0", "0xfffffff0", "the highest"},
		{lapicreg.Message{Dest: 0xff, Logical: true}, all, all, "logical 8-bit broadcast"},
		{lapicreg.Message{Dest: 0xffff_ffff, Logical: true, Wide: true}, all, all, "logical broadcast"},
		{lapicreg.Message{Dest: 0x0000_0003, Logical: true, Wide: true}, "", "0x0 0x1", "cluster 0"},
		{lapicreg.Message{Dest: 0x0000_8001, Logical: true, Wide: true}, "", "0x0 0xf", "its ends"},
		{lapicreg.Message{Dest: 0x0001_ffff, Logical: true, Wide: true}, "", "0x10 0x11", "cluster 1"},
		{lapicreg.Message{Dest: 0x0001_0002, Logical: true, Wide: true}, "", "0x11", "one of it"},
		{lapicreg.Message{Dest: 0x0001_0000, Logical: true, Wide: true}, "", "", "none of it"},
		{lapicreg.Message{Dest: 0x0010_0001, Logical: true, Wide: true}, "", "0x100", "cluster 16"},
		{lapicreg.Message{Dest: 0x000f_c000, Logical: true, Wide: true}, "", "0xfe 0xff", "cluster 15"},
	}
	for _, tt := range tests {
		for _, x2 := range []bool{false, true} {
			r, want := newRigOf(0, modern(), ids...).enable(), tt.x
			if x2 {
				r.x2()
				want = tt.x2
			}
			tt.m.Vector = 0x41
			r.fabric.Send(nil, tt.m)
			if got := names(r, 0x41); got != want {
				t.Errorf("%s (x2APIC %v): %+v reaches %q, want %q", tt.comment, x2, tt.m, got, want)
			}
		}
	}
}

// TestMixedModes has one APIC in xAPIC mode among those in x2APIC mode.
func TestMixedModes(t *testing.T) {
	r := newRig(4).enable()
	r.apics[3].MMIOWrite(lapicreg.RegLDR, 4, 0x0200_0000)
	for _, a := range r.apics[:3] {
		a.WriteMSR(lapicreg.MSRBase, a.base|lapicreg.BaseX2APIC)
	}
	r.fabric.Send(nil, lapicreg.Message{Dest: 2, Logical: true, Vector: 0x41})
	if got := r.got(0x41); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("logical 2 reaches %v: want APIC 1 by its ID, and 3 by its LDR", got)
	}
	if r.fabric.legacy != 1 {
		t.Errorf("%d legacy APICs, want 1", r.fabric.legacy)
	}
	r.apics[0].WriteMSR(lapicreg.MSRBase, lapicreg.DefaultPage)
	if r.fabric.legacy != 2 {
		t.Errorf("%d legacy APICs after one was disabled, want 2", r.fabric.legacy)
	}
	r.apics[0].WriteMSR(lapicreg.MSRBase, lapicreg.DefaultPage|lapicreg.BaseEnable)
	r.apics[1].Reset()
	r.apics[3].Reset()
	if r.fabric.legacy != 3 || r.apics[1].mode() != xapic {
		t.Errorf("%d legacy APICs after a reset, want 3", r.fabric.legacy)
	}
}

// TestOrderByID has APICs that joined in another order than that of their IDs.
func TestOrderByID(t *testing.T) {
	ids := []uint32{7, 0, 300, 3, 0xffff_fff0}
	r := newRigOf(0, modern(), ids...)
	var order []uint32
	for _, a := range r.fabric.apics {
		order = append(order, a.ID())
	}
	if want := []uint32{0, 3, 7, 300, 0xffff_fff0}; !slices.Equal(order, want) {
		t.Errorf("the fabric's order is %v, want %v", order, want)
	}
	r.enable()
	r.fabric.Send(nil, lapicreg.Message{Dest: 0xff, Mode: lapicreg.LowestPriority, Vector: 0x41})
	if got := r.got(0x41); !slices.Equal(got, []int{1}) {
		t.Errorf("of equals APIC ID 0 is chosen, not %v", got)
	}
}

// TestLowestPriority compares processor priorities, service included.
func TestLowestPriority(t *testing.T) {
	r := newRig(3).enable()
	lowest := func(v uint8) []int {
		r.fabric.Send(nil, lapicreg.Message{Dest: 0xff, Mode: lapicreg.LowestPriority, Vector: v})
		return r.got(v)
	}
	r.fabric.Send(nil, fixed(0, 0x50))
	r.apics[0].Acknowledge()
	r.apics[1].SetCR8(6)
	r.apics[2].SetCR8(7)
	if got := lowest(0x61); !slices.Equal(got, []int{0}) {
		t.Errorf("PPR 0x50, 0x60, 0x70: %v", got)
	}
	r.apics[2].SetCR8(4)
	if got := lowest(0x62); !slices.Equal(got, []int{2}) {
		t.Errorf("PPR 0x50, 0x60, 0x40: %v", got)
	}
	for _, a := range r.apics {
		a.MMIOWrite(lapicreg.RegSVR, 4, 0xff)
	}
	if got := lowest(0x63); got != nil {
		t.Errorf("all disabled: %v", got)
	}
	r.enable()
	r.apics[1].SetCR8(0)
	r.apics[0].MMIOWrite(lapicreg.RegICR, 4, 0xc_4164) // all but self, lowest
	if got := r.got(0x64); !slices.Equal(got, []int{1}) {
		t.Errorf("by shorthand: %v", got)
	}
}

// TestLatency sends from a processor that runs: messages take their time and
// arrive in their order; to oneself they go at once.
func TestLatency(t *testing.T) {
	r := newRigOf(50, modern(), 0, 1).enable()
	p, at := r.eng.Proc(0), map[string]sim.Time{}
	look := func(what string, a int, v uint8) {
		if irr, _, _ := r.apics[a].State(); irr.Has(v) {
			if _, seen := at[what]; !seen {
				at[what] = p.Now()
			}
		}
	}
	co := r.eng.NewCoroutine(func() {
		r.fabric.Send(nil, fixed(1, 0x41))
		spend(p, 10)
		r.apics[0].MMIOWrite(lapicreg.RegICRHigh, 4, 1<<24)
		r.apics[0].MMIOWrite(lapicreg.RegICR, 4, 0x4042)
		r.apics[0].MMIOWrite(lapicreg.RegICR, 4, 0x4_4043)
		for range 20 {
			look("first", 1, 0x41)
			look("second", 1, 0x42)
			look("self", 0, 0x43)
			spend(p, 5)
		}
		p.Abandon()
	})
	p.Start(co)
	r.run(t, 300)
	if at["first"] != 50 || at["second"] != 60 || at["self"] != 10 {
		t.Errorf("arrivals at %v, want first 50, second 60, self 10", at)
	}
	r.fabric.Send(nil, fixed(1, 0x44))
	if got := r.got(0x44); !slices.Equal(got, []int{1}) {
		t.Error("while no processor runs a message arrives at once")
	}
	co = r.eng.NewCoroutine(func() {
		for v := range uint8(100) {
			r.fabric.Send(nil, fixed(1, 0x60+v))
			spend(p, 10)
		}
		spend(p, 100)
		p.Abandon()
	})
	p.Start(co)
	r.run(t, 3000)
	for v := range uint8(100) {
		if got := r.got(0x60 + v); !slices.Equal(got, []int{1}) {
			t.Fatalf("message %d of 100 went to %v", v, got)
		}
	}
	if c := cap(r.fabric.way); c > 16 {
		t.Errorf("room for %d packets, though 5 or 6 were under way at once", c)
	}
}

// TestFIFO sends with clocks that go back: an older message is not overtaken.
func TestFIFO(t *testing.T) {
	eng := sim.New(2)
	f := NewFabric(eng, 100)
	c := &core{}
	a := New(eng, f, c, modern())
	a.MMIOWrite(lapicreg.RegSVR, 4, 0x1ff)
	f.way = append(f.way, packet{m: fixed(0, 0x41), due: 500})
	eng.Arm(&f.ev, 500)
	p := eng.Proc(0)
	p.Start(eng.NewCoroutine(func() {
		f.Send(nil, fixed(0, 0x42))
		spend(p, 200)
		if irr, _, _ := a.State(); irr.Has(0x42) {
			t.Error("the second message overtook the first")
		}
		spend(p, 400)
		if irr, _, _ := a.State(); !irr.Has(0x41) || !irr.Has(0x42) {
			t.Error("the messages did not arrive")
		}
		p.Abandon()
	}))
	if _, err := eng.Run(1000); err != nil {
		t.Fatal(err)
	}
}

// TestObserve wants every message and every EOI broadcast seen, with its
// origin and its time.
func TestObserve(t *testing.T) {
	r := newRig(2).enable()
	var seen []Traffic
	r.fabric.Observe(func(tr *Traffic) { seen = append(seen, *tr) })
	var eois []uint8
	r.fabric.OnEOI(func(v uint8) { eois = append(eois, v) })
	r.fabric.OnEOI(func(v uint8) { eois = append(eois, v+1) })
	r.run(t, 25)
	src := &bus.Source{Name: "dev"}
	m := lapicreg.Message{Dest: 1, Vector: 0x41, Level: true, Assert: true}
	r.fabric.Send(src, m)
	r.apics[1].Acknowledge()
	r.apics[1].MMIOWrite(lapicreg.RegEOI, 4, 0)
	r.apics[1].MMIOWrite(lapicreg.RegICR, 4, 0xc_4042)
	want := []Traffic{
		{From: src, Time: 25, Message: m},
		{From: r.apics[1].Source(), Time: 25, EOI: true, Message: lapicreg.Message{Vector: 0x41}},
		{From: r.apics[1].Source(), Time: 25, Message: lapicreg.Message{Vector: 0x42}, Shorthand: lapicreg.AllExcludingSelf},
	}
	if !slices.Equal(seen, want) {
		t.Errorf("seen %+v\nwant %+v", seen, want)
	}
	if !slices.Equal(eois, []uint8{0x41, 0x42}) {
		t.Errorf("EOIs %#x, want 0x41 for both receivers", eois)
	}
	if name := r.apics[1].Source().Name; name != "lapic1" {
		t.Errorf("the source is named %q", name)
	}
}

// TestNoAllocations sends, accepts, offers, acknowledges and ends interrupts,
// with 256 processors there.
func TestNoAllocations(t *testing.T) {
	ids := make([]uint32, 256)
	for i := range ids {
		ids[i] = uint32(i)
	}
	for _, x2 := range []bool{false, true} {
		r := &rig{eng: sim.New(1)}
		r.fabric = NewFabric(r.eng, 0)
		for _, id := range ids {
			cfg := modern()
			cfg.ID = id
			r.cores = append(r.cores, &core{})
			r.apics = append(r.apics, New(r.eng, r.fabric, r.cores[id], cfg))
		}
		r.enable()
		if x2 {
			r.x2()
		}
		eois := 0
		r.fabric.OnEOI(func(uint8) { eois++ })
		a, m := r.apics[200], fixed(200, 0x51)
		m.Level, m.Assert = true, true
		n := testing.AllocsPerRun(100, func() {
			r.fabric.Send(nil, m)
			if v, ok := a.Pending(); !ok || v != 0x51 {
				t.Fatal("not offered")
			}
			a.Acknowledge()
			if x2 {
				a.WriteMSR(0x80b, 0)
				a.WriteMSR(0x830, 201<<32|0x4051)
			} else {
				a.MMIOWrite(lapicreg.RegEOI, 4, 0)
				a.MMIOWrite(lapicreg.RegICR, 4, 0xc_4052)
			}
			a.MMIOWrite(lapicreg.RegInitial, 4, 100)
			r.fabric.Send(nil, lapicreg.Message{Dest: 3, Logical: true, Wide: true, Vector: 0x53})
		})
		if n != 0 || eois == 0 {
			t.Errorf("x2APIC %v: %v allocations a turn, %d EOIs", x2, n, eois)
		}
	}
}

// TestNoAllocationsUnderWay does the same for messages that take time.
func TestNoAllocationsUnderWay(t *testing.T) {
	r := newRigOf(10, modern(), 0, 1).enable()
	r.fabric.observers = nil // the rig's own allocates
	p, n := r.eng.Proc(0), -1.0
	p.Start(r.eng.NewCoroutine(func() {
		for range 100 { // the queue grows to its size
			r.fabric.Send(nil, fixed(1, 0x41))
			spend(p, 1)
		}
		n = testing.AllocsPerRun(1000, func() {
			r.fabric.Send(nil, fixed(1, 0x41))
			spend(p, 1)
		})
		p.Abandon()
	}))
	r.run(t, 5000)
	if n != 0 {
		t.Errorf("%v allocations for a message that takes time, want 0", n)
	}
}
