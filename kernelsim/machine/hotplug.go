package machine

import "bothhalves/kernelsim/kernel/errno"

// SetOnline takes a processor down or brings it up, as writing to
// /sys/devices/system/cpu/cpuN/online does.
func (m *Machine) SetOnline(n int, on bool) error { return errno.ENOSYS }
