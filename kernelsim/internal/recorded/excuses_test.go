package recorded_test

import "regexp"

// An excuse names facts that are not compared, and why not.
type excuse struct {
	run, step, kind, fact *regexp.Regexp
	reason                string
}

func excuses() []excuse {
	re := regexp.MustCompile
	return []excuse{
		{re(``), re(``), re(`spurious`), re(`/proc/irq/[134]/.*count|/proc/irq/[134]/.*unhandled \d`), "how often the keyboard controller and the serial ports had signaled"},
		{re(`numa-2x4-nvme4`), re(`reads 06|trace 14`), re(`trace events`), re(`irq_handler_\w+: irq=(29|3\d) `), "the cards' watchdogs"},
		{re(`numa`), re(`trace (09|11)`), re(`trace events`), re(`irq_handler`), "the card tells of its link when it is switched on"},
		{re(``), re(`trace 01-nvme-load`), re(`trace events`), re(`irq_handler`), "the NVMe driver's own commands complete: a stand-in gives none"},
		{re(``), re(``), re(`8259A`), re(`^irr=`), "requests that devices left latched behind the masks: timer, i8042, serial ports, clock"},
	}
}

// excuse is why a fact is not compared, empty if it is.
func (w *world) excuse(kind, fact string) string {
	for _, e := range excuses() {
		if e.run.MatchString(w.run.Name) && e.step.MatchString(w.step) && e.kind.MatchString(kind) && e.fact.MatchString(fact) {
			return e.reason
		}
	}
	return ""
}
