package irq

// SetSetting says something of an interrupt once for all its users.
func SetSetting(d *Desc, s Setting) { d.settings |= s }

// SetHintOnly models irq_update_affinity_hint.
func SetHintOnly(d *Desc, m Mask) { d.hint = m }

// ClearSetting takes it back.
func ClearSetting(d *Desc, s Setting) { d.settings &^= s }
