package pcie

import (
	"encoding/binary"
	"math/bits"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// MSI is the MSI capability (PCI local bus specification 3.0, 6.8.1): one
// address and one data word for up to 32 messages, in configuration space.
type MSI struct {
	f        *Func
	cap      uint16
	log2     int
	wide     bool // the address has 64 bits
	maskable bool
}

// AddMSI gives the function MSI with 1<<log2max messages (PCI_CAP_ID_MSI):
// with a 64-bit address if wide, with mask and pending registers if maskable.
func (f *Func) AddMSI(off uint16, log2max int, wide, maskable bool) *MSI {
	m := &MSI{f, off, min(max(log2max, 0), pcireg.MSIMaxLog2), wide, maskable}
	if f.msi != nil || log2max != m.log2 {
		f.fail("MSI with 1<<%d messages: use 1<<0 to 1<<%d, once", log2max, pcireg.MSIMaxLog2)
		return m
	}
	control := pcireg.MSICapable.Put(0, uint64(log2max))
	if wide {
		control |= pcireg.MSI64
	}
	if maskable {
		control |= pcireg.MSIMaskable
	}
	if !f.roomForCap(off, pcireg.CapMSI, m.size()) {
		return m
	}
	body := make([]byte, m.size())
	binary.LittleEndian.PutUint16(body, uint16(control))
	f.msi = m
	f.AddCap(off, pcireg.CapMSI, body, m.writable())
	return m
}

// Offsets from the capability. A wide address moves what follows by four
// bytes.
func (m *MSI) data() uint16    { return m.shifted(8) }
func (m *MSI) mask() uint16    { return m.shifted(12) }
func (m *MSI) pending() uint16 { return m.shifted(16) }

func (m *MSI) shifted(off uint16) uint16 {
	if m.wide {
		off += 4
	}
	return m.cap + off
}

// size is the length of the capability behind its ID and link.
func (m *MSI) size() int {
	if m.maskable {
		return int(m.pending()-m.cap) + 2 // four bytes of the register, without the two in front
	}
	return int(m.data() - m.cap)
}

// writable is the bits that software may change, behind ID and link.
func (m *MSI) writable() []byte {
	w := make([]byte, m.size()+2)
	binary.LittleEndian.PutUint16(w[2:], uint16(pcireg.MSIGranted.Mask())|pcireg.MSIEnable)
	binary.LittleEndian.PutUint32(w[4:], ^uint32(3))
	if m.wide {
		binary.LittleEndian.PutUint32(w[8:], ^uint32(0))
	}
	binary.LittleEndian.PutUint16(w[m.data()-m.cap:], 0xffff)
	if m.maskable {
		binary.LittleEndian.PutUint32(w[m.mask()-m.cap:], lowBits(m.Len()))
	}
	return w[2:]
}

// lowBits has the n lowest bits set, of 32.
func lowBits(n int) uint32 { return uint32(uint64(1)<<n - 1) }

// control is the message control word.
func (m *MSI) control() uint16 {
	if m.f.msi != m { // it was refused
		return 0
	}
	return m.f.config.word(m.cap + pcireg.MSIControlReg)
}

// Enabled is bit 0 of the message control (PCI_MSI_FLAGS_ENABLE).
func (m *MSI) Enabled() bool { return m.control()&pcireg.MSIEnable != 0 }

// Len is the number of messages that the function has (PCI_MSI_FLAGS_QMASK).
func (m *MSI) Len() int { return 1 << m.log2 }

// Granted is the number of messages that software lets the function use
// (PCI_MSI_FLAGS_QSIZE), never more than it has.
func (m *MSI) Granted() int {
	return min(1<<pcireg.MSIGranted.Get(uint64(m.control())), m.Len())
}

// Message is what message k is now: the address, and the data with its low
// bits replaced by the number.
func (m *MSI) Message(k int) (addr bus.Addr, data uint32) {
	if m.f.msi != m {
		return 0, 0
	}
	addr = bus.Addr(m.f.config.dword(m.cap + 4))
	if m.wide {
		addr |= bus.Addr(m.f.config.dword(m.cap+8)) << 32
	}
	low := uint32(m.Granted() - 1)
	return addr, uint32(m.f.config.word(m.data()))&^low | uint32(k)&low
}

// Notify has the function signal message k (QEMU calls it msi_notify). While
// MSI is disabled, or for a message that software did not grant, nothing
// happens. A masked message waits if the capability has a mask register.
func (m *MSI) Notify(k int) {
	switch {
	case k < 0 || !m.Enabled() || k >= m.Granted():
	case m.maskable:
		m.f.config.setDword(m.pending(), m.waiting()|1<<k)
		m.release()
	default:
		m.send(k)
	}
}

// Clear takes message k's event back: what caused it was satisfied by other
// means.
func (m *MSI) Clear(k int) {
	if m.Pending(k) {
		m.f.config.setDword(m.pending(), m.waiting()&^(1<<k))
	}
}

// Pending is bit k of the pending register (PCI_MSI_PENDING_32).
func (m *MSI) Pending(k int) bool {
	return k >= 0 && k < m.Len() && m.waiting()>>k&1 != 0
}

// waiting is the pending register, 0 if there is none.
func (m *MSI) waiting() uint32 {
	if !m.maskable || m.f.msi != m {
		return 0
	}
	return m.f.config.dword(m.pending())
}

// release sends what waits and may go, in the order of the numbers. Without
// the right to write to memory everything waits. A message that is no longer
// granted is forgotten.
func (m *MSI) release() {
	if m.waiting() == 0 || !m.Enabled() {
		return
	}
	wait := m.waiting() & lowBits(m.Granted())
	ready := wait &^ m.f.config.dword(m.mask())
	if !m.f.command(pcireg.CommandMaster) {
		ready = 0
	}
	m.f.config.setDword(m.pending(), wait&^ready)
	for ; ready != 0; ready &= ready - 1 {
		m.send(bits.TrailingZeros32(ready))
	}
}

// send writes message k.
func (m *MSI) send(k int) {
	addr, data := m.Message(k)
	m.f.DMAWrite(addr, 4, uint64(data))
}
