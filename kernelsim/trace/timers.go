package trace

// A TimerArm is what timer_start tells (include/trace/events/timer.h): a timer
// of the wheel waits from now on. The two times are in jiffies after
// INITIAL_JIFFIES.
type TimerArm struct {
	Timer, Function uint32 // up to 1<<20 timers, 1<<16 names
	Expires, Now    uint32
	CPU, Index      uint32 // whose wheel, and where in it: idx
	Flags           uint32 // TIMER_MIGRATING 1, _DEFERRABLE 2, _PINNED 4, _IRQSAFE 8
}

// Pack puts it into a record's four words.
func (t TimerArm) Pack() (a, b, c, d uint32) {
	return t.Timer&0xfffff | t.Index<<20, t.Function&0xffff | t.CPU&0xff<<16 | t.Flags<<24, t.Expires, t.Now
}

// UnpackTimerArm undoes Pack.
func UnpackTimerArm(r *Record) TimerArm {
	return TimerArm{Timer: r.A & 0xfffff, Index: r.A >> 20, Function: r.B & 0xffff,
		CPU: r.B >> 16 & 0xff, Flags: r.B >> 24, Expires: r.C, Now: r.D}
}

// An HRTimerArm is what hrtimer_start tells. SoftExpires is when the timer may
// expire, Expires when it must, in ns; between them lie at most 16 s.
type HRTimerArm struct {
	Timer, Function      uint32 // up to 1<<16 of each
	Mode                 uint32 // enum hrtimer_mode
	WasArmed             bool
	Expires, SoftExpires int64
}

// UnpackHRTimerArm reads a record of hrtimer_start; Kind says how it is packed.
func UnpackHRTimerArm(r *Record) HRTimerArm {
	expires := int64(uint64(r.C) | uint64(r.D)<<32)
	return HRTimerArm{Timer: r.A & 0xffff, Function: r.A >> 16, Mode: r.B & 0x7f, WasArmed: r.B&0x80 != 0,
		Expires: expires, SoftExpires: expires - int64(r.B>>8)*1000}
}
