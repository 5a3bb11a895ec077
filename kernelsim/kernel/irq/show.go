package irq

// TypeName models type_show (kernel/irq/irqdesc.c).
func (d *Desc) TypeName() string {
	if d.has(Level) {
		return "level"
	}
	return "edge"
}

// WakeupName models wakeup_show (kernel/irq/irqdesc.c): whether the interrupt
// wakes the system.
func (d *Desc) WakeupName() string {
	if d.has(WakeupState) {
		return "enabled"
	}
	return "disabled"
}
