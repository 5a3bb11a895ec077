package vector

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
)

var _ irq.DebugShower = vectorOps{}

// DebugShow models x86_vector_debug_show (arch/x86/kernel/apic/vector.c): the
// vectors of an interrupt, or of the whole machine where there is none.
func (vectorOps) DebugShow(c *cpu.CPU, data *irq.Data, ind int) string {
	if data == nil {
		return shared.Of(c).matrix.Text(ind)
	}
	d, ok := data.ChipData.(*chipData)
	if !ok {
		return fmt.Sprintf("%*sVector: Not assigned\n", ind, "")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%*sVector: %5d\n%*sTarget: %5d\n", ind, "", d.vector, ind, "", d.cpu)
	if d.prev != 0 {
		fmt.Fprintf(&b, "%*sPrevious vector: %5d\n%*sPrevious target: %5d\n", ind, "", d.prev, ind, "", d.prevCPU)
	}
	for _, f := range [...]struct {
		name string
		on   bool
	}{{"move_in_progress: ", d.moving}, {"is_managed:       ", d.managed}, {"can_reserve:      ", d.reservable},
		{"has_reserved:     ", d.booked}, {"cleanup_pending:  ", d.queued}} {
		fmt.Fprintf(&b, "%*s%s%d\n", ind, "", f.name, bit(f.on))
	}
	return b.String()
}
