package nvme

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	abi "bothhalves/kernelsim/hw/nvme/nvmeabi"
	"bothhalves/kernelsim/sim"
)

const (
	barAt  = 0xfebf_4000
	asqAt  = 0x10_0000 // the admin queues have 4 entries each
	acqAt  = 0x10_1000
	pageAt = 0x10_2000
)

// recorded is the configuration space of a controller with two I/O queues
// under Linux 6.1, driver loaded.
const recorded = `
00: 36 1b 10 00 07 05 10 00 02 02 08 01 00 00 00 00
10: 04 40 bf fe 00 00 00 00 00 00 00 00 00 00 00 00
20: 00 00 00 00 00 00 00 00 00 00 00 00 f4 1a 00 11
30: 00 00 00 00 40 00 00 00 00 00 00 00 0b 01 00 00
40: 11 80 02 80 00 20 00 00 00 30 00 00 00 00 00 00
50: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
60: 01 00 03 00 08 00 00 00 00 00 00 00 00 00 00 00
70: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
80: 10 60 02 00 00 80 00 10 00 00 00 00 11 04 00 00
90: 00 00 11 00 00 00 00 00 00 00 00 00 00 00 00 00
a0: 00 00 00 00 00 00 30 00 00 00 00 00 00 00 00 00`

func TestConfigAsRecorded(t *testing.T) {
	x := newBench(t, Config{Queues: 2})
	x.messages()
	var out strings.Builder
	for i, v := range x.Config()[:0xb0] {
		if i%16 == 0 {
			fmt.Fprintf(&out, "\n%02x:", i)
		}
		fmt.Fprintf(&out, " %02x", v)
	}
	if out.String() != recorded {
		t.Errorf("configuration space is%s", out.String())
	}
	for i, v := range x.Config()[0xb0:] {
		if v != 0 {
			t.Errorf("offset %#x is %#x", 0xb0+i, v)
		}
	}
}

func TestRegisters(t *testing.T) {
	x := newBench(t, Config{})
	for _, tt := range []struct {
		off  bus.Addr
		size int
		want uint64
	}{
		{abi.CAP, 8, 0x20_0f01_07ff}, {abi.CAP, 4, 0x0f01_07ff}, {abi.CAP + 4, 4, 0x20}, {abi.VS, 4, 0x1_0400},
		{abi.INTMS, 4, 0}, {abi.CC, 4, 0}, {abi.CSTS, 4, 0}, {abi.AQA, 4, 0}, {abi.ASQ, 8, 0}, {0x1000, 4, 0}, {0x1ffc, 4, 0},
		{0x200c, 4, 1}, {0x3000, 8, 0}, {0x3ff8, 4, 0},
	} {
		if got := x.get(tt.off, tt.size); got != tt.want {
			t.Errorf("register %#x reads as %#x, want %#x", tt.off, got, tt.want)
		}
	}
	x.put(abi.AQA, 4, 0xffff_ffff)
	x.put(abi.ASQ, 8, ^uint64(0))
	x.put(abi.ACQ+4, 4, 0x12)
	x.put(abi.CSTS, 4, 0xff)
	x.put(abi.INTMS, 4, 0xf0)
	x.put(abi.INTMC, 4, 0x30)
	x.put(abi.CC, 4, 0xffff_fffe)
	for off, want := range map[bus.Addr]uint64{abi.AQA: 0x0fff_0fff, abi.ASQ: 0xffff_f000, abi.ACQ + 4: 0x12, abi.CSTS: 8,
		abi.INTMS: 0xc0, abi.INTMC: 0xc0, abi.CC: 0x00ff_fff0} {
		if got := x.get(off, 4); got != want {
			t.Errorf("register %#x reads as %#x after writes, want %#x", off, got, want)
		}
	}
	x.put(abi.CC, 4, 1)
	if got := x.get(abi.CSTS, 4); got != 1 {
		t.Errorf("enabled: CSTS %#x", got)
	}
	x.put(abi.CC, 4, 0)
	if got := x.get(abi.CSTS, 4); got != 0 {
		t.Errorf("disabled: CSTS %#x", got)
	}
	x.Reset()
	if x.Registers().Get(abi.AQA) != 0 || x.ConfigRead(4, 2) != 0 || x.masked != 0 {
		t.Error("a reset left something")
	}
	for _, tt := range []struct {
		cfg             Config
		queues, entries int
	}{{Config{}, 4, 5}, {Config{Queues: 7, Entries: 1}, 7, 1}, {Config{Queues: -1, Entries: -1}, 1, 1}, {Config{Queues: 999, Entries: 999}, 128, 256}, {Config{Queues: 128}, 128, 129}} {
		d := New(x.eng, x.bus, 0x40, tt.cfg)
		if d.Err() != nil || d.MSIX().Len() != tt.entries || d.cfg.Queues != tt.queues || d.cfg.Latency != 10*sim.Microsecond {
			t.Errorf("%+v: %+v, %v", tt.cfg, d.cfg, d.Err())
		}
	}
}

func TestAdmin(t *testing.T) {
	x := newBench(t, Config{})
	x.enable()
	const n2 = 1<<16 | 0 // size 2, the queue number is added
	for _, tt := range []struct {
		what   string
		c      abi.Command
		status abi.Status
		result uint32
	}{
		{"number of queues", abi.Command{Opcode: abi.AdminSetFeatures, DW10: 7, DW11: 0x000f_000f}, 0, 0x0003_0003},
		{"number of queues", abi.Command{Opcode: abi.AdminGetFeatures, DW10: 7}, 0, 0x0003_0003},
		{"another feature", abi.Command{Opcode: abi.AdminSetFeatures, DW10: 8}, abi.InvalidField, 0},
		{"no such command", abi.Command{Opcode: 0x7f}, abi.InvalidOpcode, 0},
		{"CQ 0", abi.Command{Opcode: abi.AdminCreateCQ, DW10: n2, DW11: 3}, abi.InvalidQueueID, 0},
		{"CQ 5", abi.Command{Opcode: abi.AdminCreateCQ, DW10: n2 + 5, DW11: 3}, abi.InvalidQueueID, 0},
		{"CQ of one entry", abi.Command{Opcode: abi.AdminCreateCQ, DW10: 1, DW11: 3}, abi.InvalidQueueSize, 0},
		{"CQ of 2049 entries", abi.Command{Opcode: abi.AdminCreateCQ, DW10: 2048<<16 | 1, DW11: 3}, abi.InvalidQueueSize, 0},
		{"CQ in pieces", abi.Command{Opcode: abi.AdminCreateCQ, DW10: n2 + 1, DW11: 2}, abi.InvalidField, 0},
		{"CQ with vector 5", abi.Command{Opcode: abi.AdminCreateCQ, DW10: n2 + 1, DW11: 5<<16 | 3}, abi.InvalidVector, 0},
		{"SQ without CQ", abi.Command{Opcode: abi.AdminCreateSQ, DW10: n2 + 1, DW11: 1<<16 | 1}, abi.CQInvalid, 0},
		{"SQ on the admin CQ", abi.Command{Opcode: abi.AdminCreateSQ, DW10: n2 + 1, DW11: 1}, abi.CQInvalid, 0},
		{"SQ on CQ 5", abi.Command{Opcode: abi.AdminCreateSQ, DW10: n2 + 1, DW11: 5<<16 | 1}, abi.CQInvalid, 0},
		{"CQ 1, 2048 entries, vector 4", abi.Command{Opcode: abi.AdminCreateCQ, PRP1: cqAt(1), DW10: 2047<<16 | 1, DW11: 4<<16 | 3}, 0, 0},
		{"CQ 1 again", abi.Command{Opcode: abi.AdminCreateCQ, DW10: n2 + 1, DW11: 3}, abi.InvalidQueueID, 0},
		{"SQ 4 on CQ 1", abi.Command{Opcode: abi.AdminCreateSQ, PRP1: sqAt(4), DW10: n2 + 4, DW11: 1<<16 | 1}, 0, 0},
		{"SQ 4 again", abi.Command{Opcode: abi.AdminCreateSQ, DW10: n2 + 4, DW11: 1<<16 | 1}, abi.InvalidQueueID, 0},
		{"SQ in pieces", abi.Command{Opcode: abi.AdminCreateSQ, DW10: n2 + 3, DW11: 1 << 16}, abi.InvalidField, 0},
		{"CQ in use", abi.Command{Opcode: abi.AdminDeleteCQ, DW10: 1}, abi.InvalidDeletion, 0},
		{"no SQ 3", abi.Command{Opcode: abi.AdminDeleteSQ, DW10: 3}, abi.InvalidQueueID, 0},
		{"SQ 4 gone", abi.Command{Opcode: abi.AdminDeleteSQ, DW10: 4}, 0, 0},
		{"CQ 1 gone", abi.Command{Opcode: abi.AdminDeleteCQ, DW10: 1}, 0, 0},
		{"CQ 1 gone again", abi.Command{Opcode: abi.AdminDeleteCQ, DW10: 1}, abi.InvalidQueueID, 0},
		{"the admin SQ stays", abi.Command{Opcode: abi.AdminDeleteSQ, DW10: 0}, abi.InvalidQueueID, 0},
		{"identify what", abi.Command{Opcode: abi.AdminIdentify, PRP1: pageAt, DW10: 9}, abi.InvalidField, 0},
		{"namespace 2", abi.Command{Opcode: abi.AdminIdentify, PRP1: pageAt, Namespace: 2}, abi.InvalidNamespace, 0},
	} {
		if done := x.admin(tt.c); done.Status != tt.status || done.Result != tt.result {
			t.Errorf("%s: status %#x, result %#x, want %#x, %#x", tt.what, done.Status, done.Result, tt.status, tt.result)
		}
	}
	identify := func(cns, ns uint32, want map[bus.Addr]uint64) {
		t.Helper()
		x.bus.Write(pageAt+0xff8, 8, 7)
		x.bus.Write(pageAt+0x1000, 8, 7)
		x.admin(abi.Command{Opcode: abi.AdminIdentify, PRP1: pageAt, DW10: cns, Namespace: ns})
		want[0xff8], want[0x1000] = 0, 7
		for off, v := range want {
			if got := x.bus.Read(pageAt+off, 8); got != v {
				t.Errorf("identify %d: %#x at %#x, want %#x", cns, got, off, v)
			}
		}
	}
	identify(1, 0, map[bus.Addr]uint64{0: 0x1af4_1b36, 512: 1<<32 | 0x4466})
	identify(0, 1, map[bus.Addr]uint64{0: 0x2_0000, 8: 0x2_0000, 16: 0x2_0000, 128: 9 << 16})
	identify(2, 0, map[bus.Addr]uint64{0: 1})
	identify(2, 1, map[bus.Addr]uint64{0: 0})
}

func TestQueueWithMSIX(t *testing.T) {
	x := newBench(t, Config{Latency: 4 * sim.Microsecond})
	x.messages()
	x.enable()
	x.create(2, 4, 3)
	x.submit(2, abi.Command{Opcode: abi.Read, Namespace: 1})
	x.run(3999)
	x.want("before the latency is over", "")
	x.run(1)
	x.want("after it", "33")
	if c := x.reap(2); c != (abi.Completion{SQHead: 1, SQ: 2, ID: x.id, Phase: true}) {
		t.Errorf("completed as %+v", c)
	}
	x.submit(2, abi.Command{Opcode: abi.Flush, Namespace: 2})
	x.submit(2, abi.Command{Opcode: 3, Namespace: 1})
	x.run(4000)
	x.want("a message for each", "33 33")
	if a, b := x.reap(2), x.reap(2); a.Status != abi.InvalidNamespace || b.Status != abi.InvalidOpcode || !a.Phase || !b.Phase {
		t.Errorf("completed as %+v, %+v", a, b)
	}
	x.submit(2, abi.Command{Opcode: abi.Write, Namespace: 1})
	x.run(4000)
	x.want("no room: the driver has told of nothing yet", "")
	x.ring(abi.CQHead(2, 0), x.head[2])
	x.run(0)
	x.want("room", "33")
	if c := x.reap(2); !c.Phase || c.SQHead != 0 || c.ID != x.id {
		t.Errorf("the last entry before the queue wraps: %+v", c)
	}
	x.ring(abi.CQHead(2, 0), x.head[2])
	x.submit(2, abi.Command{Opcode: abi.Write, Namespace: 1})
	x.run(4000)
	x.want("the queue wrapped", "33")
	if c := x.reap(2); c.Phase || c.SQHead != 1 || c.ID != x.id {
		t.Errorf("after the queue wrapped: %+v", c)
	}
	x.ring(abi.CQHead(2, 0), 4)
	x.ring(abi.SQTail(2, 0), 4)
	x.ring(abi.SQTail(3, 0), 1)
	x.ring(abi.CQHead(3, 0), 0)
	x.run(8000)
	x.want("doorbells out of range", "")
	if x.get(bus.Addr(abi.SQTail(2, 0)), 4) != 0 {
		t.Error("a doorbell can be read")
	}
}

// A stuck queue does not keep another one from completing.
func TestStuckQueueAlone(t *testing.T) {
	x := newBench(t, Config{})
	x.messages()
	x.enable()
	x.create(1, 2, 1)
	x.create(2, 4, 2)
	x.submit(1, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.submit(1, abi.Command{Namespace: 1})
	x.submit(2, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.want("the first, and the other queue's", "31 32")
}

// A queue that is polled while its entry is masked leaves nothing behind.
func TestPolledWhileMasked(t *testing.T) {
	x := newBench(t, Config{})
	x.messages()
	x.enable()
	x.create(1, 8, 1)
	x.create(2, 8, 1)
	x.put(0x201c, 4, 1)
	x.submit(1, abi.Command{Namespace: 1})
	x.submit(2, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	pending := func(want uint64) {
		t.Helper()
		if got := x.get(0x3000, 8); got != want {
			t.Errorf("pending bits %#x, want %#x", got, want)
		}
	}
	pending(2)
	x.reap(1)
	x.ring(abi.CQHead(1, 0), x.head[1])
	pending(2)
	x.reap(2)
	x.ring(abi.CQHead(2, 0), x.head[2])
	pending(0)
	x.put(0x201c, 4, 0)
	x.want("unmasked", "")
	x.submit(1, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.want("the next", "31")
}

func TestPin(t *testing.T) {
	x := newBench(t, Config{})
	x.enable()
	x.create(1, 8, 1)
	x.create(2, 8, 2)
	x.submit(1, abi.Command{Namespace: 1})
	x.submit(1, abi.Command{Namespace: 1})
	x.submit(2, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.want("completions", "pin true")
	x.put(abi.INTMS, 4, 6)
	x.want("masked", "pin false")
	x.put(abi.INTMC, 4, 4)
	x.want("unmasked", "pin true")
	x.reap(2)
	x.ring(abi.CQHead(2, 0), 1)
	x.want("vector 2 is satisfied, vector 1 masked", "pin false")
	x.put(abi.INTMC, 4, 2)
	x.ring(abi.CQHead(1, 0), 1)
	x.want("one of two read", "pin true")
	x.ring(abi.CQHead(1, 0), 2)
	x.want("both read", "pin false")
	x.submit(1, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.want("another", "pin true")
	x.put(abi.CC, 4, 0)
	x.want("the controller is disabled", "pin false")
	x.put(abi.INTMS, 4, 1)
	x.enable()
	x.submit(0, abi.Command{Opcode: abi.AdminGetFeatures, DW10: 7})
	x.run(20 * sim.Microsecond)
	x.want("vector 0 stays masked", "")
	x.Reset()
	if x.get(abi.INTMS, 4) != 0xffff_ffff {
		t.Error("the BAR answers after a reset")
	}
}

func TestNoInterrupt(t *testing.T) {
	x := newBench(t, Config{})
	x.messages()
	x.enable()
	dw10 := uint32(7<<16 | 1)
	x.admin(abi.Command{Opcode: abi.AdminCreateCQ, PRP1: cqAt(1), DW10: dw10, DW11: 1<<16 | 1})
	x.admin(abi.Command{Opcode: abi.AdminCreateSQ, PRP1: sqAt(1), DW10: dw10, DW11: 1<<16 | 1})
	x.size[1] = 8
	x.submit(1, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.want("a queue without interrupts", "")
	if c := x.reap(1); !c.Phase {
		t.Errorf("completed as %+v", c)
	}
}

// What is on its way when its queue or the controller goes never completes,
// not even into a queue that takes its place.
func TestLostCommands(t *testing.T) {
	x := newBench(t, Config{})
	x.messages()
	x.enable()
	x.create(1, 8, 1)
	x.submit(0, abi.Command{Opcode: abi.AdminDeleteSQ, DW10: 1})
	x.submit(1, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.want("the admin queue alone", "30")
	x.reap(0)
	x.ring(abi.CQHead(0, 0), x.head[0])
	x.admin(abi.Command{Opcode: abi.AdminCreateSQ, PRP1: sqAt(1), DW10: 7<<16 | 1, DW11: 1<<16 | 1})
	x.run(20 * sim.Microsecond)
	x.want("the queue in its place", "")
	x.tail[1] = 0
	x.submit(1, abi.Command{Namespace: 1})
	x.put(abi.CC, 4, 0)
	x.run(20 * sim.Microsecond)
	x.want("disabled", "")
	x.submit(1, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.want("there are no queues", "")
	x.enable()
	x.create(1, 8, 2)
	x.submit(1, abi.Command{Namespace: 1})
	x.run(20 * sim.Microsecond)
	x.want("enabled again", "32")
}

// Against a second controller that is only a list: every command that was
// submitted completes once, in order within its queue, with the right phase.
func TestAgainstList(t *testing.T) {
	for seed := range int64(20) {
		r := rand.New(rand.NewSource(seed))
		x := newBench(t, Config{Latency: sim.Time(1 + r.Intn(5000))})
		x.messages()
		x.enable()
		for q := 1; q <= 4; q++ {
			x.create(q, 2+r.Intn(15), q)
		}
		var open [5][]uint16
		var wraps [5]int
		for range 2000 {
			q := 1 + r.Intn(4)
			switch r.Intn(3) {
			case 0:
				if len(open[q]) < x.size[q]-1 {
					x.submit(q, abi.Command{Opcode: uint8(r.Intn(3)), Namespace: 1})
					open[q] = append(open[q], x.id)
				}
			case 1:
				x.run(sim.Time(r.Intn(3000)))
			case 2:
				_, cq := base(q)
				for len(open[q]) > 0 {
					at := bus.Addr(cq + uint64(x.head[q])*16)
					c := abi.ReadCompletion(x.bus.Read(at, 8), x.bus.Read(at+8, 8))
					if c.Phase != (wraps[q]%2 == 0) {
						break
					}
					if c.ID != open[q][0] || int(c.SQ) != q || c.Status != 0 {
						t.Fatalf("seed %d: queue %d completed %+v, want command %d", seed, q, c, open[q][0])
					}
					open[q] = open[q][1:]
					if x.head[q] = (x.head[q] + 1) % x.size[q]; x.head[q] == 0 {
						wraps[q]++
					}
				}
				x.ring(abi.CQHead(q, 0), x.head[q])
			}
		}
		x.run(sim.Second)
		for q := 1; q <= 4; q++ {
			if waits := (x.cq[q].tail + x.cq[q].size - x.cq[q].head) % x.cq[q].size; int(waits) != len(open[q]) {
				t.Errorf("seed %d: queue %d has %d completions for %d commands", seed, q, waits, len(open[q]))
			}
		}
	}
}
