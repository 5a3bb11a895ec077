package recorded_test

import "regexp"

// An excuse names facts that are not compared, and why not.
type excuse struct {
	run, step, kind, fact *regexp.Regexp
	reason                string
}

var excuses = func(re func(string) *regexp.Regexp) []excuse {
	return []excuse{
		{re(``), re(`boot`), re(`log`), re(`^(NR_IRQS|IOAPIC\[|ACPI: INT_SRC_OVR|ACPI: Using IOAPIC)`), "this kernel's log does not repeat the firmware's tables"},
		{re(``), re(``), re(`spurious`), re(`/proc/irq/[134]/.*count|/proc/irq/[134]/.*unhandled \d`), "how often the keyboard controller and the serial ports had signaled"},
		{re(`numa-2x4-nvme4`), re(`reads 06|trace 14`), re(`trace events`), re(`irq_handler_\w+: irq=(29|3\d) `), "the cards' watchdogs"},
		{re(`numa`), re(`trace (09|11)`), re(`trace events`), re(`irq_handler`), "the card tells of its link when it is switched on"},
		{re(``), re(`trace 01-nvme-load`), re(`trace events`), re(`irq_handler`), "the NVMe driver's own commands complete: here it gives them when the disk is first used"},
		{re(``), re(``), re(`8259A`), re(`^irr=`), "requests that devices left latched behind the masks: timer, i8042, serial ports, clock"},
	}
}(regexp.MustCompile)

// excuse is why a fact is not compared, empty if it is.
func (w *world) excuse(kind, fact string) string {
	for _, e := range excuses {
		if e.run.MatchString(w.run.Name) && e.step.MatchString(w.step) && e.kind.MatchString(kind) && e.fact.MatchString(fact) {
			return e.reason
		}
	}
	return ""
}
