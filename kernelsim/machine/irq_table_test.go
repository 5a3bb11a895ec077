package machine_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/drivers/nvme"
	"bothhalves/kernelsim/drivers/standin"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/internal/recorded"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/shell"
)

// A tableLog keeps what processors write to MSI-X tables, to command registers
// and message controls, and to the lower half of the ICR.
type tableLog struct {
	lines  []string
	config uint32 // the address port
}

// attach listens at every processor.
func (l *tableLog) attach(m *machine.Machine) {
	for _, c := range m.CPUs() {
		c.Attach(&icrSpy{c.APIC, l}, &busSpy{c.Platform, l})
	}
}

type icrSpy struct {
	cpu.LocalAPIC
	log *tableLog
}

func (x *icrSpy) MMIOWrite(off uint32, size int, v uint64) {
	if off == 0x300 {
		x.log.lines = append(x.log.lines, fmt.Sprintf("icr %08x", v))
	}
	x.LocalAPIC.MMIOWrite(off, size, v)
}

type busSpy struct {
	cpu.Platform
	log *tableLog
}

func (x *busSpy) WritePhys(addr uint64, size int, v uint64) {
	if addr>>20 == 0xfeb {
		x.log.lines = append(x.log.lines, fmt.Sprintf("%x %x", addr, v))
	}
	x.Platform.WritePhys(addr, size, v)
}

func (x *busSpy) Out(port uint16, size int, v uint32) {
	switch {
	case port == 0xcf8:
		x.log.config = v
	case port&^3 == 0xcfc:
		off := x.log.config&0xfc | uint32(port&3)
		x.log.lines = append(x.log.lines, fmt.Sprintf("config %v %x %x", pcie.BDF(x.log.config>>8), off, v))
	}
	x.Platform.Out(port, size, v)
}

// recordedWrites reads a trace of QEMU: what was written in each step.
func recordedWrites(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/oracle/vectors/smp4-table-writes.qemu.trace")
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`addr 0x([0-9a-f]+) value 0x([0-9a-f]+) size 4 name 'msix-table'`)
	config := regexp.MustCompile(`pci_cfg_write \S+ (\S+) @0x([0-9a-f]+) <- 0x([0-9a-f]+)`)
	icr := regexp.MustCompile(`apic_mem_writel 0x300 = 0x([0-9a-f]+)`)
	steps, step := map[string][]string{}, ""
	for l := range strings.Lines(string(text)) {
		if mark, ok := strings.CutPrefix(l, "### "); ok {
			step = mark[:2]
			if strings.HasSuffix(mark, "end\n") {
				step = "between"
			}
		}
		for _, re := range []*regexp.Regexp{table, config, icr} {
			if f := re.FindStringSubmatch(l); f != nil {
				w := strings.Join(f[1:], " ")
				w = map[*regexp.Regexp]string{table: "", config: "config ", icr: "icr "}[re] + w
				steps[step] = append(steps[step], w)
			}
		}
	}
	return steps
}

// TestTableWrites goes through the steps of the recording vectors/
// smp4-table-writes and compares every write, in its order.
func TestTableWrites(t *testing.T) {
	want := recordedWrites(t)
	log := &tableLog{}
	m := bootRecorded(t, "vectors/smp4-table-writes", machine.WithWired(log.attach))
	s := &tableSteps{t: t, m: m}
	facts := 0
	// What firmware and QEMU did otherwise: a start from NVMe would have left
	// bus mastering on, and of virtio's end the last write was not recorded.
	m.Do("firmware", func(c *cpu.CPU) { pci.Find(c, 4<<3).Write16(c, 4, 0x107) })
	want["15"] = append(want["15"], "config 00:03.0 4 103")
	for _, step := range s.steps() {
		log.lines = nil
		for _, do := range step.do {
			if err := m.Do("modprobe", func(c *cpu.CPU) { do(c) }); err != nil {
				t.Fatalf("step %s: %v", step.name, err)
			}
			if err := m.RunIdle(); err != nil {
				t.Fatal(err)
			}
		}
		if step.act != nil {
			if err := errors.Join(step.act(), m.RunIdle()); err != nil {
				t.Fatalf("step %s: %v", step.name, err)
			}
		}
		facts += compareTables(t, m, step.name+"-msix") + compareTables(t, m, step.name+"-msix.enabled")
		got := slices.DeleteFunc(slices.Clone(log.lines), quiet)
		if strings.Join(got, "\n") != strings.Join(want[step.name], "\n") {
			t.Errorf("step %s:\n got %s\nwant %s", step.name, strings.Join(got, "\n     "), strings.Join(want[step.name], "\n     "))
		}
		facts += len(want[step.name])
	}
	// Three frames each in 03 and 04. In 06 the one that came while it was
	// disabled is sent again once, then there are two frames.
	if s.runs != 3+3+1+2 {
		t.Errorf("handlers ran %d times", s.runs)
	}
	facts += s.facts
	t.Logf("%d facts compared", facts)
	if facts < 600 {
		t.Errorf("only %d facts compared", facts)
	}
}

// bootRecorded boots the machine of a recorded run by its boot line.
func bootRecorded(t *testing.T, name string, parts ...machine.Part) *machine.Machine {
	t.Helper()
	r, ok := recorded.Find(name)
	if !ok {
		t.Fatalf("no run %s", name)
	}
	s := shell.New(noHost{}, parts...)
	t.Cleanup(s.Close)
	if err := s.Line(r.Boot, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	return s.Machine()
}

// noHost has no files.
type noHost struct{}

func (noHost) ReadFile(string) ([]byte, error) { return nil, os.ErrNotExist }
func (noHost) WriteFile(string, []byte) error  { return os.ErrPermission }
func (noHost) Interrupted() bool               { return false }

// compareTables compares a table and its pending bits that were read at some
// moment, if they were.
func compareTables(t *testing.T, m *machine.Machine, name string) (n int) {
	t.Helper()
	text, err := os.ReadFile("../internal/recorded/testdata/vectors/smp4-table-writes/" + name)
	if err != nil {
		return 0
	}
	var b pcie.BDF
	for l := range strings.Lines(string(text)) {
		f := strings.Fields(l)
		if l[0] == '#' && strings.HasPrefix(f[1], "00:") {
			b, _ = pcie.ParseBDF(f[1])
		}
		if l[0] == '#' {
			continue
		}
		if f[0] == "PBA:" {
			pending := uint64(0)
			for k := range m.Board().PCI.Func(b).MSIX().Len() {
				if m.Board().PCI.Func(b).MSIX().Pending(k) {
					pending |= 1 << k
				}
			}
			if got := fmt.Sprintf("0x%08x", pending); got != f[1] {
				t.Errorf("%s: pending bits %s, recorded %s", name, got, f[1])
			}
			n++
			continue
		}
		var k int
		fmt.Sscan(f[0], &k)
		e := m.Board().PCI.Func(b).MSIX().Entry(k)
		got := fmt.Sprintf("0x%08x 0x%08x 0x%08x 0x%08x", uint32(e.Addr), uint32(e.Addr>>32), e.Data, e.Control)
		if want := strings.Join(f[1:5], " "); got != want {
			t.Errorf("%s: entry %d is %s, recorded %s", name, k, got, want)
		}
		n += 4
	}
	return n
}

// tableSteps are the steps with what they keep.
type tableSteps struct {
	t     *testing.T
	m     *machine.Machine
	runs  int
	facts int
}

// A tableStep is a step by its number in the recording.
type tableStep struct {
	name string
	do   []func(c *cpu.CPU)
	act  func() error // from outside
}

// quiet leaves out the interrupts by which processors wake each other, and start
// one that comes back, and the routing of pins in the bridge: of the latter two
// nothing was recorded.
var quietly = regexp.MustCompile(`^icr 0000(08f|c5|85|06)|^config 00:01\.0 `)

func quiet(l string) bool { return quietly.MatchString(l) }

func (s *tableSteps) steps() []tableStep {
	const nic, virtio, disk = pcie.BDF(2 << 3), pcie.BDF(3 << 3), pcie.BDF(4 << 3)
	names := []string{"eth0-rx-0", "eth0-tx-0", "eth0"}
	dev := func(c *cpu.CPU, b pcie.BDF) *pci.Dev { return pci.Find(c, b) }
	vec := func(c *cpu.CPU, b pcie.BDF, k int) irq.Number { n, _ := pci.IRQVector(dev(c, b), k); return n }
	frame := func(b pcie.BDF, k int) func(c *cpu.CPU) {
		return func(*cpu.CPU) { s.m.Board().PCI.Func(b).MSIX().Notify(k) }
	}
	count := func(*cpu.CPU, irq.Number, any) irq.Return { s.runs++; return irq.Handled }
	request := func(c *cpu.CPU) {
		for k, name := range names {
			irq.Request(c, vec(c, nic, k), count, 0, name, dev(c, nic))
		}
	}
	free := func(c *cpu.CPU) {
		for k := range names {
			irq.Free(c, vec(c, nic, k), dev(c, nic))
		}
	}
	onIRQ := func(b pcie.BDF, k int, f func(c *cpu.CPU, n irq.Number) error) func(c *cpu.CPU) {
		return func(c *cpu.CPU) { f(c, vec(c, b, k)) }
	}
	move := func(b pcie.BDF, k, to int) func(c *cpu.CPU) {
		return func(c *cpu.CPU) { irq.SetAffinity(c, vec(c, b, k), cpumask.Of(to)) }
	}
	bind := func(drv pci.Driver, b pcie.BDF) func(c *cpu.CPU) {
		return func(c *cpu.CPU) { pci.Bind(c, drv, dev(c, b)) }
	}
	do := func(f ...func(c *cpu.CPU)) []func(c *cpu.CPU) { return f }
	online := func(on bool) func() error { return func() error { return s.m.SetOnline(3, on) } }
	first := frame(nic, 0)
	look := func(name string) func(c *cpu.CPU) {
		return func(*cpu.CPU) { s.facts += compareTables(s.t, s.m, name) }
	}
	return []tableStep{
		{name: "01", do: do(func(c *cpu.CPU) {
			pci.EnableDevice(c, dev(c, nic))
			pci.SetMaster(c, dev(c, nic))
			pci.AllocIRQVectors(c, dev(c, nic), 3, 3, pci.IRQMSIX)
		})},
		{name: "02", do: do(request)},
		{name: "03", do: do(first, first, first)},
		{name: "04", do: do(move(nic, 0, 0), first, first, first)},
		{name: "05", do: do(onIRQ(nic, 0, irq.Disable), onIRQ(nic, 0, irq.Enable))},
		{name: "06", do: do(onIRQ(nic, 0, irq.Disable), first, look("06-msix.disabled-1"), look("06-msix.disabled-3"), // an 82574 tells once until it is served
			onIRQ(nic, 0, irq.Enable), first, first)},
		{name: "07", do: do(free)},
		{name: "08", do: do(request)},
		{name: "between", do: do(free)},
		{name: "09", do: do(func(c *cpu.CPU) {
			pci.FreeIRQVectors(c, dev(c, nic))
			pci.DisableDevice(c, dev(c, nic))
		})},
		{name: "10", do: do(bind(standin.New("virtio-net", 0, ""), virtio))},
		{name: "11", do: do(frame(virtio, 1), frame(virtio, 2))},
		{name: "12", do: do(onIRQ(virtio, 1, irq.Disable), onIRQ(virtio, 1, irq.Enable))},
		{name: "13", do: do(onIRQ(virtio, 1, irq.Disable), frame(virtio, 1), look("13-msix.disabled-1"), frame(virtio, 1), frame(virtio, 1),
			look("13-msix.disabled-3"),
			move(virtio, 1, 1), onIRQ(virtio, 1, irq.Enable))},
		{name: "14", do: do(frame(virtio, 1), frame(virtio, 1))},
		{name: "15", do: do(func(c *cpu.CPU) { pci.Unbind(c, dev(c, virtio)) })},
		{name: "16", do: do(bind(nvme.New(nvme.Config{}), disk))},
		{name: "17", act: online(false)},
		{name: "18", act: online(true)},
		{name: "19", do: do(func(c *cpu.CPU) { pci.Unbind(c, dev(c, disk)) })},
	}
}
