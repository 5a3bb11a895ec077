package procfs

import (
	"fmt"

	"bothhalves/kernelsim/kernel/sched"
	ktick "bothhalves/kernelsim/kernel/tick"
)

// loadavg models loadavg_proc_show (fs/proc/loadavg.c): three averages, how
// many tasks run or are ready of how many there are, and the last pid.
func (fs *FS) loadavg() string {
	const one = 2048 // FIXED_1
	text := ""
	for _, load := range ktick.LoadAverage(fs.boot()) {
		load += one / 200
		text += fmt.Sprintf("%d.%02d ", load/one, load%one*100/one)
	}
	running, tasks := 0, 0
	for _, p := range fs.online() {
		running += sched.RunningOn(p)
	}
	for _, t := range fs.m.Tasks() {
		if t.PID > 0 {
			tasks++
		}
	}
	return fmt.Sprintf("%s%d/%d %d\n", text, running, tasks, sched.LastPID(fs.boot()))
}
