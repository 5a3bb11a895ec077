package conform

import (
	"fmt"
	"strconv"
	"strings"
)

// isSet tells the names of the three registers of 256 bits.
func isSet(name string) bool { return name == "irr" || name == "isr" || name == "tmr" }

// Registers of the local APIC (SDM volume 3, "Local APIC Register Address
// Map"), and bits of IA32_APIC_BASE.
const (
	apicBase    = "0x1b"
	baseEnabled = 1 << 11
	baseX2APIC  = 1 << 10
	firstMSR    = 0x800
)

// set reads the eight words of a register as the CPU itself does: from its
// page, or as MSRs in x2APIC mode. It prints the vectors, the lowest first.
func (r runner) set(name, cpu string) (string, error) {
	base, err := r.number("msr read " + apicBase + " -cpu " + cpu)
	if err != nil {
		return "", err
	}
	if base&baseEnabled == 0 {
		return "", fmt.Errorf("the APIC of CPU %s is disabled: its registers cannot be read", cpu)
	}
	off := map[string]uint64{"isr": 0x100, "tmr": 0x180, "irr": 0x200}[name]
	var list []string
	for i := range uint64(8) {
		command := fmt.Sprintf("mmio read 4 0x%x -cpu %s", base&^0xfff+off+16*i, cpu)
		if base&baseX2APIC != 0 {
			command = fmt.Sprintf("msr read 0x%x -cpu %s", firstMSR+off>>4+i, cpu)
		}
		word, err := r.number(command)
		if err != nil {
			return "", err
		}
		for bit := range uint64(32) {
			if word>>bit&1 != 0 {
				list = append(list, fmt.Sprintf("0x%02x", 32*i+bit))
			}
		}
	}
	return "{" + strings.Join(list, " ") + "}", nil
}

// count tells how many of some CPUs have a vector in a register.
func (r runner) count(name, vector string, cpus []string) (string, error) {
	n := 0
	for _, cpu := range cpus {
		set, err := r.set(name, cpu)
		if err != nil {
			return "", err
		}
		for _, v := range bare(set) {
			if sameNumber(v, vector) {
				n++
			}
		}
	}
	return strconv.Itoa(n), nil
}

// number is what a line of the shell prints, as a number.
func (r runner) number(command string) (uint64, error) {
	text, err := r.typed(command)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", command, err)
	}
	return strconv.ParseUint(strings.TrimSpace(text), 0, 64)
}

// bareFunction is the bare machine's one function.
const bareFunction = "00:05.0"

// expand puts the offset of the MSI-X capability where CAP stands.
func (r runner) expand(command string) (string, error) {
	if !strings.Contains(command, "CAP") {
		return command, nil
	}
	off, err := r.capability(0x11)
	if err != nil {
		return "", err
	}
	words := strings.Fields(command)
	for i, w := range words {
		rest, ok := strings.CutPrefix(w, "CAP")
		if !ok {
			continue
		}
		add := uint64(0)
		if rest != "" {
			if add, err = strconv.ParseUint(strings.TrimPrefix(rest, "+"), 0, 8); err != nil {
				return "", fmt.Errorf("%s: want CAP or CAP+N", w)
			}
		}
		words[i] = fmt.Sprintf("0x%x", off+add)
	}
	return strings.Join(words, " "), nil
}

// capability walks the list of the bare machine's function.
func (r runner) capability(id uint64) (uint64, error) {
	at, err := r.number("cfg read " + bareFunction + " 1 0x34")
	for range 48 {
		if err != nil || at == 0 {
			break
		}
		word, err := r.number(fmt.Sprintf("cfg read %s 2 0x%x", bareFunction, at))
		if err != nil {
			return 0, err
		}
		if word&0xff == id {
			return at, nil
		}
		at = word >> 8
	}
	return 0, fmt.Errorf("%s has no capability 0x%02x: %v", bareFunction, id, err)
}
