package build

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"bothhalves/site/console"
)

// A drawn run is a sequence figure whose arrows come from what a machine did.
// Its text has, beside the commands,
//
//	lanes: driver = CPU 0, device = 00:05.0, lapic0
//	watch: pending bit @ device = mmio read 8 0xfebf8000
//
// A lane stands for a CPU, a local APIC, the IOAPIC, the 8259A pair (pic) or a
// PCI function. Each command is an access by its CPU or an event of a device;
// the interrupt messages that follow it are taken from `bus log`; a watched
// value is read after each command and noted where it has changed.
type drawnRun struct {
	m       *console.Machine
	names   []string          // of the lanes
	lanes   map[string]string // what it stands for, as actor gives it, to its name
	watches []*watch
	out     strings.Builder // in the notation of figure.Sequence
}

// A watch is a value that is looked at after each step.
type watch struct {
	what, lane, command, last string
}

// sequenceText runs the figure's commands and writes what happened in the
// notation of figure.Sequence.
func (s figureSpec) sequenceText(p *page, f *fence) (string, error) {
	d := &drawnRun{m: s.machine(p, f), lanes: map[string]string{}}
	var commands strings.Builder
	for _, line := range strings.Split(s.text, "\n") {
		if err := d.declare(line, &commands); err != nil {
			return "", err
		}
	}
	if res, failed := d.m.RunAll(console.Commands(s.keys["run"])); failed != "" {
		return "", fmt.Errorf("`%s` failed: %s", failed, strings.TrimSpace(res.Out))
	}
	if _, err := d.messages(); err != nil { // what came before is not shown
		return "", err
	}
	if err := d.look(false); err != nil {
		return "", err
	}
	for _, step := range script(commands.String()) {
		if err := d.step(step); err != nil {
			return "", err
		}
	}
	return "lanes: " + strings.Join(d.names, ", ") + "\n" + d.out.String(), nil
}

// declare reads a lanes or a watch line; anything else is a command.
func (d *drawnRun) declare(line string, commands *strings.Builder) error {
	key, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
	switch key {
	case "lanes":
		for _, lane := range strings.Split(rest, ",") {
			name, of, ok := strings.Cut(lane, "=")
			if !ok {
				of = name
			}
			d.names = append(d.names, strings.TrimSpace(name))
			d.lanes[actor(of)] = strings.TrimSpace(name)
		}
	case "watch":
		head, command, ok := strings.Cut(rest, "=")
		what, lane, at := strings.Cut(head, "@")
		if !ok || !at {
			return fmt.Errorf("want `watch: WHAT @ LANE = COMMAND`, not %q", line)
		}
		d.watches = append(d.watches, &watch{what: strings.TrimSpace(what), lane: strings.TrimSpace(lane), command: strings.TrimSpace(command)})
	default:
		commands.WriteString(line + "\n")
	}
	return nil
}

// actor is how a lane's machine name is looked up: "CPU 0" is "cpu0".
func actor(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), " ", ""))
}

// step types one command and writes its access, the messages that it sent and
// the watched values that it changed.
func (d *drawnRun) step(t typed) error {
	if err := t.run(d.m); err != nil {
		return err
	}
	from, to := d.parties(t.command)
	what := t.command
	if t.note != "" {
		what = t.note
	}
	if v := console.Value(t.output); v != "" {
		what += " → " + v
	}
	d.arrow(from, to, what)
	log, err := d.messages()
	if err != nil {
		return err
	}
	for _, line := range log {
		d.message(line, cpuOf(t.command))
	}
	return d.look(true)
}

// arrow writes a step between two lanes, or on the one of them that is drawn.
func (d *drawnRun) arrow(from, to, what string) {
	a, b := d.lanes[from], d.lanes[to]
	what = strings.ReplaceAll(what, "\n", " ")
	switch {
	case a != "" && b != "" && a != b:
		fmt.Fprintf(&d.out, "%s -> %s: %s\n", a, b, what)
	case a != "":
		fmt.Fprintf(&d.out, "%s: %s\n", a, what)
	case b != "":
		fmt.Fprintf(&d.out, "%s: %s\n", b, what)
	}
}

// parties says who does a command and to whom. The registers of a function
// are wherever its BARs put them, so an address that is no interrupt
// controller's belongs to the drawn function.
func (d *drawnRun) parties(command string) (from, to string) {
	words := strings.Fields(command)
	cpu := cpuOf(command)
	switch {
	case words[0] == "mmio" && len(words) > 3:
		return "cpu" + cpu, d.owner(words[3], cpu)
	case words[0] == "io":
		return "cpu" + cpu, "pic"
	case words[0] == "msr":
		return "cpu" + cpu, "lapic" + cpu
	case words[0] == "cfg" && len(words) > 2:
		return "cpu" + cpu, words[2]
	case words[0] == "event" && len(words) > 1:
		return words[1], ""
	case words[0] == "pin" && len(words) > 2:
		return pinOwner(words), ""
	case words[0] == "cpu" && len(words) > 2 && words[2] == "ack":
		return "lapic" + words[1], "cpu" + words[1]
	case words[0] == "cpu" && len(words) > 1:
		return "cpu" + words[1], ""
	}
	return "cpu" + cpu, ""
}

func pinOwner(words []string) string {
	switch words[1] {
	case "ioapic":
		return "ioapic0"
	case "pic":
		return "pic"
	}
	return "lapic" + words[2]
}

// owner is who answers at a physical address.
func (d *drawnRun) owner(text, cpu string) string {
	switch at, _ := strconv.ParseUint(text, 0, 64); {
	case at>>20 == lapicPage>>20:
		return "lapic" + cpu
	case at>>12 == 0xfec00:
		return "ioapic0"
	}
	for _, name := range sortedKeys(d.lanes) {
		if strings.Contains(name, ":") {
			return name
		}
	}
	return ""
}

// cpuOf is the CPU that a command names with -cpu, 0 if it names none.
func cpuOf(command string) string {
	words := strings.Fields(command)
	for i, w := range words[:max(len(words)-1, 0)] {
		if w == "-cpu" {
			return words[i+1]
		}
	}
	return "0"
}

// messages takes what the interrupt bus has carried since the last look.
func (d *drawnRun) messages() ([]string, error) {
	res := d.m.Run("bus log")
	if res.Failed {
		return nil, fmt.Errorf("`bus log` failed: %s", strings.TrimSpace(res.Out))
	}
	var out []string
	for _, line := range strings.Split(res.Out, "\n") {
		if line = strings.TrimSpace(line); line != "" && line != "none" {
			out = append(out, line)
		}
	}
	return out, nil
}

// field finds KEY=VALUE in a line of `bus log`.
func field(line, key string) string {
	m := regexp.MustCompile(`(?:^| )` + key + `=(\S+)`).FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return m[1]
}

// message writes one line of `bus log`: from its source to each local APIC
// that is drawn and named by its destination; an EOI from its CPU's APIC.
func (d *drawnRun) message(line, cpu string) {
	source, _, _ := strings.Cut(line, " ")
	if source == "eoi" {
		d.arrow("lapic"+cpu, "ioapic0", "EOI of vector "+field(line, "vector"))
		return
	}
	what := "message: vector " + field(line, "vector")
	if mode := field(line, "delivery"); mode != "fixed" {
		what = "message: " + mode + ", vector " + field(line, "vector")
	}
	drawn := false
	for _, to := range destinations(field(line, "dest"), field(line, "mode")) {
		if d.lanes[to] != "" {
			d.arrow(source, to, what)
			drawn = true
		}
	}
	if !drawn {
		d.arrow(source, "", what+" to "+field(line, "dest"))
	}
}

// destinations are the local APICs that a destination can name: by number, or
// bit by bit in the flat model.
func destinations(dest, mode string) []string {
	n, err := strconv.ParseUint(dest, 0, 32)
	if err != nil {
		return nil
	}
	if mode == "physical" && n != 0xff {
		return []string{fmt.Sprint("lapic", n)}
	}
	var out []string
	for bit := range 8 {
		if n>>bit&1 == 1 {
			out = append(out, fmt.Sprint("lapic", bit))
		}
	}
	return out
}

// look reads the watched values, and notes those that have changed.
func (d *drawnRun) look(note bool) error {
	for _, w := range d.watches {
		res := d.m.Run(w.command)
		if res.Failed {
			return fmt.Errorf("`%s` failed: %s", w.command, strings.TrimSpace(res.Out))
		}
		v := console.Value(res.Out)
		if note && v != w.last {
			fmt.Fprintf(&d.out, "%s: %s: %s → %s\n", w.lane, w.what, short(w.last), short(v))
		}
		w.last = v
	}
	return nil
}

// short is a number without its leading zeros: 0x0000000000000001 is 0x1.
func short(v string) string {
	if n, err := strconv.ParseUint(v, 0, 64); err == nil && strings.HasPrefix(v, "0x") {
		return fmt.Sprintf("%#x", n)
	}
	return v
}
