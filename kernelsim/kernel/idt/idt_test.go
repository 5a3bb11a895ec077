package idt_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/idt/idtabi"
	"bothhalves/kernelsim/machine"
)

var update = flag.Bool("update", false, "rewrite testdata")

// on runs fn on a CPU of a booted kernel with interrupts off: it may do to the
// table what it likes.
func on(t *testing.T, cfg machine.Config, fn func(c *cpu.CPU)) {
	t.Helper()
	cfg.CPUs = 1
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Do("test", func(c *cpu.CPU) {
		c.CLI()
		was, table := slices.Clone(c.IDT()), c.SIDT()
		fn(c)
		copy(c.IDT(), was)
		c.LIDT(table, c.IDT())
		c.STI()
	}); err != nil {
		t.Fatal(err)
	}
}

// What the stubs push, and what C makes of it (arch/x86/entry/entry_64.S of
// 4.9 and 4.20, include/asm/idtentry.h from 5.8 on).
func TestStubABI(t *testing.T) {
	for _, x := range []struct {
		v      cpu.Vector
		abi    idtabi.ABI
		push   int8
		pushed int64
	}{
		{0x20, idtabi.Not, 0x5f, -0x21}, {0x7f, idtabi.Not, 0, -0x80}, {0x80, idtabi.Not, -1, -0x81},
		{0x91, idtabi.Not, -0x12, -0x92}, {0xee, idtabi.Not, -0x6f, -0xef}, {0xff, idtabi.Not, -0x80, -0x100},
		{0x20, idtabi.Byte, 0x20, 0x20}, {0x7f, idtabi.Byte, 0x7f, 0x7f}, {0x80, idtabi.Byte, -0x80, -0x80},
		{0x91, idtabi.Byte, -0x6f, -0x6f}, {0xff, idtabi.Byte, -1, -1},
	} {
		if push, pushed := idt.Push(x.v, x.abi), idt.Pushed(x.v, x.abi); push != x.push || pushed != x.pushed {
			t.Errorf("0x%02x, %v: pushes %#x, leaves %#x; want %#x and %#x", uint8(x.v), x.abi, push, pushed, x.push, x.pushed)
		}
	}
	for v := range 256 {
		for _, abi := range []idtabi.ABI{idtabi.Not, idtabi.Byte} {
			if got := idt.VectorFromFrame(idt.Pushed(cpu.Vector(v), abi), abi); got != cpu.Vector(v) {
				t.Errorf("0x%02x, %v: comes back as 0x%02x", v, abi, uint8(got))
			}
		}
	}
	if idtabi.Not.String() == idtabi.Byte.String() {
		t.Error("both conventions have one name")
	}
}

// The places of the stubs, by the recorded table.
func TestStubAddresses(t *testing.T) {
	for _, x := range []struct{ got, want uint64 }{
		{idt.Stub(0x20), 0xffffffff81c00290}, {idt.Stub(0x21), 0xffffffff81c00298}, {idt.Stub(0xeb), 0xffffffff81c008e8},
		{idt.SpuriousStub(0xec), 0xffffffff81c008f0}, {idt.SpuriousStub(0xf5), 0xffffffff81c00938},
		{idt.EarlyStub(0), 0xffffffff83079000}, {idt.EarlyStub(0x14), 0xffffffff830790b4},
		{idt.Address("asm_exc_nmi"), 0xffffffff81c01650}, {idt.Address("no such symbol"), 0},
	} {
		if x.got != x.want {
			t.Errorf("%#x, want %#x", x.got, x.want)
		}
	}
	for gates, want := range map[int]uint16{1: 15, 32: 511, 256: 4095} {
		if got := idt.Limit(gates); got != want {
			t.Errorf("limit of %d gates: %d, want %d", gates, got, want)
		}
	}
}

// gateAt is a gate of the table as it lies in memory.
func gateAt(c *cpu.CPU, v cpu.Vector) gatereg.Gate {
	g, _ := cpu.DecodeGate([gatereg.Size]byte(c.IDT()[int(v)*gatereg.Size:]))
	return g
}

// The stages of boot (arch/x86/kernel/idt.c): what stands in the table after
// each of them.
func TestStages(t *testing.T) {
	on(t, machine.Config{}, func(c *cpu.CPU) {
		r, _ := idt.FindRelease("")
		idt.Init(c, idt.Config{Release: r})
		expect := func(stage string, v cpu.Vector, offset uint64, ist uint8, present bool) {
			t.Helper()
			if g := gateAt(c, v); g.Offset != offset || g.IST != ist || g.Present != present {
				t.Errorf("%s: vector 0x%02x: %+v, want %#x on IST %d", stage, uint8(v), g, offset, ist)
			}
		}
		expect("before", cpu.DE, 0, 0, false)
		c.LIDT(cpu.IDTR{}, c.IDT())
		idt.SetupEarlyHandler(c)
		expect("early handlers", cpu.DE, 0xffffffff83079000, 0, true)
		expect("early handlers", 31, 0xffffffff83079117, 0, true)
		expect("early handlers", 32, 0, 0, false)
		if r := c.SIDT(); r != (cpu.IDTR{Base: 0xfffffe0000000000, Limit: 4095}) {
			t.Errorf("IDTR is %+v", r)
		}
		c.LIDT(cpu.IDTR{}, c.IDT())
		idt.SetupEarlyTraps(c)
		expect("early traps", cpu.DB, 0xffffffff81c00cd0, 0, true)
		expect("early traps", cpu.BP, 0xffffffff81c00ba0, 0, true)
		if gateAt(c, cpu.DB).DPL != 0 || gateAt(c, cpu.BP).DPL != 3 {
			t.Error("early traps: a program may use int3, and no other")
		}
		if c.SIDT().Limit != 4095 {
			t.Error("early traps: the table is not loaded")
		}
		idt.SetupEarlyPF(c)
		expect("early #PF", cpu.PF, 0xffffffff81c00be0, 0, true)
		idt.SetupTraps(c)
		expect("traps", cpu.DB, 0xffffffff81c00cd0, 3, true)
		expect("traps", idt.Syscall, 0xffffffff81c00c10, 0, true)
		expect("traps", 0x41, 0, 0, false)
		for _, v := range []cpu.Vector{0x41, idt.LocalTimer} {
			if idt.System(c, v) {
				t.Errorf("0x%02x is marked as the system's too early", uint8(v))
			}
		}
		alloc(t, c)
		c.LIDT(cpu.IDTR{}, c.IDT())
		idt.SetupAPICAndIRQGates(c)
		expect("all", 0x41, 0xffffffff81c00398, 0, true)
		expect("all", idt.HyperVStimer0, 0x1234, 0, true)
		expect("all", idt.HyperVReenlighten, 0xffffffff81c00900, 0, true)
		if c.SIDT().Limit != 4095 {
			t.Error("all: the table is not loaded")
		}
		if err := idt.AllocIntrGate(c, idt.HyperVReenlighten, 0x1234); err == nil {
			t.Error("a gate was taken from a closed table")
		}
	})
}

// alloc takes a gate while the table is open.
func alloc(t *testing.T, c *cpu.CPU) {
	t.Helper()
	if err := idt.AllocIntrGate(c, 0xeb, 0x1234); err == nil || !strings.Contains(err.Error(), "vector 0xeb") {
		t.Errorf("a device's vector was taken: %v", err)
	}
	if err := idt.AllocIntrGate(c, idt.LocalTimer, 0x1234); err != nil {
		t.Errorf("the first system vector: %v", err)
	}
	if err := idt.AllocIntrGate(c, idt.HyperVStimer0, 0x1234); err != nil || !idt.System(c, idt.HyperVStimer0) {
		t.Errorf("a system vector: %v, marked=%v", err, idt.System(c, idt.HyperVStimer0))
	}
}

// Which vectors nobody can be given: those with a line in the tables, and no
// others; the unused ones from 0xec on are not marked.
func TestSystemVectors(t *testing.T) {
	on(t, machine.Config{}, func(c *cpu.CPU) {
		for i := range 256 {
			v := cpu.Vector(i)
			want := i < 20 || i == 29 || i == 0x20 || i == 0x80 || i == 0xec || i >= 0xf0 && i != 0xf3 && i != 0xf5
			if got := idt.System(c, v); got != want {
				t.Errorf("0x%02x: system=%v, want %v", i, got, want)
			}
		}
		if idt.ReleaseOf(c).Name != "6.1" {
			t.Errorf("release %s", idt.ReleaseOf(c).Name)
		}
	})
}

// The parts: every gate is packed by the one, every device's chosen by the
// other, IDTR limited by the third.
func TestParts(t *testing.T) {
	on(t, machine.Config{}, func(c *cpu.CPU) {
		r, _ := idt.FindRelease("6.1")
		packed, devices := 0, map[cpu.Vector]uint64{}
		idt.Init(c, idt.Config{Release: r,
			Encode: func(g gatereg.Gate) [gatereg.Size]byte { packed++; return cpu.EncodeGate(g) },
			Device: func(v cpu.Vector, stub uint64) gatereg.Gate {
				devices[v] = stub
				return gatereg.Gate{Offset: stub, Selector: 8, Type: gatereg.TrapGate, Present: true}
			},
			Limit: func(gates int) uint16 { return uint16(gates) }})
		idt.SetupTraps(c)
		idt.SetupAPICAndIRQGates(c)
		if packed != 21+16+202+5 {
			t.Errorf("%d gates were packed", packed)
		}
		if len(devices) != 202 || devices[0x21] != idt.Stub(0x21) || devices[0xeb] != idt.Stub(0xeb) {
			t.Errorf("%d devices' gates, the first at %#x", len(devices), devices[0x21])
		}
		if g := gateAt(c, 0x90); g.Type != gatereg.TrapGate || g.Selector != 8 {
			t.Errorf("a device's gate is %+v", g)
		}
		if g := gateAt(c, 0xef); g != idt.DeviceGate(0xef, idt.SpuriousStub(0xef)) {
			t.Errorf("a spurious vector's gate is %+v", g)
		}
		if c.SIDT().Limit != 256 {
			t.Errorf("limit %d", c.SIDT().Limit)
		}
	})
}

// What differs between the releases: every line of the table that is not that
// of 6.1.
func TestReleaseTables(t *testing.T) {
	tables := map[string][]string{}
	for _, r := range idt.Releases() {
		on(t, machine.Config{Kernel: r.Name}, func(c *cpu.CPU) {
			for v := range 256 {
				tables[r.Name] = append(tables[r.Name], c.GateLine(cpu.Vector(v)))
			}
		})
	}
	var b strings.Builder
	for _, r := range idt.Releases() {
		fmt.Fprintf(&b, "%s: timer 0x%02x, stubs push %v, message of %s\n", r.Name, uint8(r.Timer), r.ABI, r.NoHandler)
		for v, line := range tables[r.Name] {
			if line != tables["6.1"][v] {
				f := strings.Fields(line)
				fmt.Fprintf(&b, "  %s ist=%s dpl=%s %s\n", f[0], f[5], f[7], f[9])
			}
		}
	}
	name := "testdata/releases.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("-update rewrites it: got\n%s", b.String())
	}
}

func TestFindRelease(t *testing.T) {
	if r, err := idt.FindRelease(""); err != nil || r.Name != "6.1" {
		t.Errorf("the reference is %q, %v", r.Name, err)
	}
	if r, err := idt.FindRelease("4.20"); err != nil || r.ABI != idtabi.Not || r.Timer != 0xec {
		t.Errorf("4.20 is %+v, %v", r, err)
	}
	_, err := idt.FindRelease("5.15")
	if err == nil || err.Error() != "kernel 5.15: choose one of 4.9, 4.20, 5.14, 6.1, 6.12" {
		t.Errorf("5.15: %v", err)
	}
}

// All 256 gates against the recorded ones, which the machine's tests keep.
func TestRecordedTable(t *testing.T) {
	want, err := os.ReadFile("../../machine/testdata/oracle/idt/gates.idt")
	if err != nil {
		t.Fatal(err)
	}
	on(t, machine.Config{}, func(c *cpu.CPU) {
		if got := c.DumpIDT(); got != string(want) {
			t.Errorf("got\n%s", got)
		}
	})
}
