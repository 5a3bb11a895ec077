package irq

// Depth is how many disables are not undone.
func Depth(d *Desc) int { return d.depth }

// Awaits reports IRQS_PENDING, Replays IRQS_REPLAY.
func Awaits(d *Desc) bool { return d.istate&Pending != 0 }

// Replays reports IRQS_REPLAY.
func Replays(d *Desc) bool { return d.istate&Replay != 0 }
