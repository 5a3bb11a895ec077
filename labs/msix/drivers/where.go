package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
)

// Where is a module that lists in one line each where a disk's interrupts may
// go, and where they go.
func Where() machine.Module {
	return machine.Module{Name: "where", Files: []machine.File{{Name: "where", Read: where}}}
}

func where(c *cpu.CPU) string {
	var may, goes []string
	for _, d := range irq.Descs(c) {
		if names := d.Names(); len(names) == 0 || !strings.HasPrefix(names[0], "nvme0") {
			continue
		}
		may = append(may, d.ShownAffinity().String())
		if _, on, ok := vector.Of(c, d.IRQ); ok {
			goes = append(goes, fmt.Sprint(on))
		}
	}
	return "may go to: " + strings.Join(may, " ") + "\ngoes to: " + strings.Join(goes, " ") + "\n"
}
