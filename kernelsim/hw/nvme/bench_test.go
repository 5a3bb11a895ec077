package nvme

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	abi "bothhalves/kernelsim/hw/nvme/nvmeabi"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/sim"
)

// sqAt and cqAt are where the tests put an I/O queue.
func sqAt(q int) uint64 { return 0x11_0000 + uint64(q)*0x2000 }
func cqAt(q int) uint64 { return sqAt(q) + 0x1000 }

// A bench is a controller and its driver's bookkeeping.
type bench struct {
	*Device
	t    testing.TB
	eng  *sim.Engine
	bus  *bus.Bus
	log  []string
	tail [5]int
	size [5]int
	head [5]int
	id   uint16
}

func newBench(t testing.TB, cfg Config) *bench {
	t.Helper()
	x := &bench{t: t, eng: sim.New(1), bus: bus.New()}
	ram := bus.NewRAM(0, 0x100_0000)
	if _, err := ram.Add(0x10_0000, 0x10_0000); err != nil {
		t.Fatal(err)
	}
	if err := x.bus.Map("ram", 0, 0x100_0000, ram, 0); err != nil {
		t.Fatal(err)
	}
	x.bus.OnMessage(func(m bus.Message) { x.log = append(x.log, fmt.Sprintf("%x", m.Data)) })
	x.Device = New(x.eng, x.bus, pcie.MakeBDF(0, 3, 0), cfg)
	err := pcie.NewRoot(x.bus).Attach(x.Func, func(pin int, high bool) { x.log = append(x.log, fmt.Sprint("pin ", high)) })
	if err != nil {
		t.Fatal(err)
	}
	x.ConfigWrite(0x10, 4, barAt)
	x.ConfigWrite(0x04, 2, 0x0107)
	x.ConfigWrite(0x3c, 1, 0x0b)
	return x
}

func (x *bench) put(off bus.Addr, size int, v uint64) { x.bus.Write(barAt+off, size, v) }
func (x *bench) get(off bus.Addr, size int) uint64    { return x.bus.Read(barAt+off, size) }
func (x *bench) ring(off uint32, v int)               { x.put(bus.Addr(off), 4, uint64(v)) }
func (x *bench) run(t sim.Time)                       { x.eng.Run(x.eng.Now() + t) }
func (x *bench) want(what string, log string) {
	x.t.Helper()
	if got := strings.Join(x.log, " "); got != log {
		x.t.Errorf("%s: %q, want %q", what, got, log)
	}
	x.log = nil
}

// messages turns MSI-X on with entry k sending 0x30+k.
func (x *bench) messages() {
	for k := range x.MSIX().Len() {
		at := bus.Addr(0x2000 + 16*k)
		x.put(at, 8, 0xfee0_0000)
		x.put(at+8, 8, uint64(0x30+k))
	}
	x.ConfigWrite(0x42, 2, 0x8000)
	x.ConfigWrite(0x04, 2, 0x0507)
}

// enable starts the controller with admin queues of 4 entries.
func (x *bench) enable() {
	x.put(abi.AQA, 4, 3<<16|3)
	x.put(abi.ASQ, 8, asqAt)
	x.put(abi.ACQ, 8, acqAt)
	x.put(abi.CC, 4, 4<<20|6<<16|1)
	x.tail, x.head, x.size = [5]int{}, [5]int{}, [5]int{4}
}

// base is where queue q's rings are.
func base(q int) (sq, cq uint64) {
	if q == 0 {
		return asqAt, acqAt
	}
	return sqAt(q), cqAt(q)
}

// submit stores a command and rings the doorbell.
func (x *bench) submit(q int, c abi.Command) {
	x.id++
	c.ID = x.id
	sq, _ := base(q)
	for i, w := range c.Words() {
		x.bus.Write(bus.Addr(sq+uint64(x.tail[q])*64+uint64(8*i)), 8, w)
	}
	x.tail[q] = (x.tail[q] + 1) % x.size[q]
	x.ring(abi.SQTail(q, 0), x.tail[q])
}

// reap reads the next completion of a queue without telling the controller.
func (x *bench) reap(q int) abi.Completion {
	_, cq := base(q)
	at := bus.Addr(cq + uint64(x.head[q])*16)
	c := abi.ReadCompletion(x.bus.Read(at, 8), x.bus.Read(at+8, 8))
	x.head[q] = (x.head[q] + 1) % x.size[q]
	return c
}

// admin carries out an admin command.
func (x *bench) admin(c abi.Command) abi.Completion {
	x.t.Helper()
	x.submit(0, c)
	x.run(10 * sim.Microsecond)
	done := x.reap(0)
	if done.ID != x.id || done.SQ != 0 || int(done.SQHead) != x.tail[0] {
		x.t.Fatalf("command %d completed as %+v", x.id, done)
	}
	x.ring(abi.CQHead(0, 0), x.head[0])
	x.log = nil
	return done
}

// create makes an I/O queue pair of n entries with an interrupt vector.
func (x *bench) create(q, n, vector int) {
	x.t.Helper()
	dw10 := uint32(n-1)<<16 | uint32(q)
	cq := x.admin(abi.Command{Opcode: abi.AdminCreateCQ, PRP1: cqAt(q), DW10: dw10, DW11: uint32(vector)<<16 | 3})
	sq := x.admin(abi.Command{Opcode: abi.AdminCreateSQ, PRP1: sqAt(q), DW10: dw10, DW11: uint32(q)<<16 | 1})
	if cq.Status != 0 || sq.Status != 0 {
		x.t.Fatalf("queue %d: status %#x, %#x", q, cq.Status, sq.Status)
	}
	x.size[q], x.head[q], x.tail[q] = n, 0, 0
}

func TestNoAllocation(t *testing.T) {
	x := newBench(t, Config{})
	x.bus.OnMessage(func(bus.Message) {})
	x.messages()
	x.enable()
	x.create(1, 8, 1)
	tail := 0
	once := func() {
		tail = (tail + 1) % 8
		x.ring(abi.SQTail(1, 0), tail)
		x.run(10 * sim.Microsecond)
		x.ring(abi.CQHead(1, 0), tail)
	}
	once()
	if n := testing.AllocsPerRun(100, once); n != 0 {
		t.Errorf("a command costs %v allocations", n)
	}
}

func BenchmarkCommand(b *testing.B) {
	x := newBench(b, Config{})
	x.bus.OnMessage(func(bus.Message) {})
	x.messages()
	x.enable()
	x.create(1, 8, 1)
	tail := 0
	b.ReportAllocs()
	for b.Loop() {
		tail = (tail + 1) % 8
		x.ring(abi.SQTail(1, 0), tail)
		x.run(10 * sim.Microsecond)
		x.ring(abi.CQHead(1, 0), tail)
	}
}
