package procfs

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
	watchdog "bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/sim"
)

// sysctl lists /proc/sys: the settings that act in this build.
func (fs *FS) sysctl() []node {
	return []node{dir("kernel", func() []node {
		return []node{
			attr("osrelease", func() string { return osRelease + "\n" }),
			attr("ostype", func() string { return osType + "\n" }),
			attr("version", func() string { return osVersion + "\n" }),
			setting("watchdog_thresh", fs.watchdogThresh, fs.setWatchdogThresh),
		}
	})}
}

func (fs *FS) watchdogThresh() string {
	return fmt.Sprintf("%d\n", watchdog.WatchdogThresh(fs.boot())/sim.Second)
}

// maxThresh is the upper end that kernel/sysctl.c gives watchdog_thresh.
const maxThresh = 60

// setWatchdogThresh models proc_watchdog_thresh: the watchdogs of all
// processors start over, each on its own.
func (fs *FS) setWatchdogThresh(text string, _ bool) error {
	n, err := intSetting(text, 0, maxThresh)
	if err != nil || sim.Time(n)*sim.Second == watchdog.WatchdogThresh(fs.boot()) {
		return err
	}
	watchdog.SetWatchdogThresh(fs.boot(), sim.Time(n)*sim.Second)
	for _, p := range fs.m.CPUs() {
		if sched.Online(p) {
			if err := fs.m.DoOn("sh", []int{p.ID}, watchdog.RestartWatchdog); err != nil {
				return err
			}
		}
	}
	return nil
}

// intSetting models proc_dointvec_minmax (kernel/sysctl.c) for a single
// integer: decimal, or hexadecimal and octal by their prefixes; what follows
// a blank is not looked at.
func intSetting(text string, least, most int64) (int64, error) {
	text = strings.TrimLeft(text, " \t\n\r\v\f")
	word := text
	if i := strings.IndexAny(text, " \t\n"); i >= 0 {
		word = text[:i]
	}
	digits := strings.TrimPrefix(word, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || strings.ContainsAny(word, "_bBoO") {
		return 0, errno.EINVAL
	}
	n, err := strconv.ParseInt(word, 0, 32)
	if err != nil || n < least || n > most {
		return 0, errno.EINVAL
	}
	return n, nil
}

// number models kstrtoul(text, 10): digits, and at most one newline behind.
func number(text string) (uint64, error) {
	text = strings.TrimPrefix(strings.TrimSuffix(text, "\n"), "+")
	if strings.HasPrefix(text, "+") {
		return 0, errno.EINVAL
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errno.EINVAL
	}
	return n, nil
}

// boolean models kstrtobool (lib/kstrtox.c).
func boolean(text string) (bool, error) {
	switch {
	case text == "":
	case strings.ContainsAny(text[:1], "yYtT1"), strings.HasPrefix(strings.ToLower(text), "on"):
		return true, nil
	case strings.ContainsAny(text[:1], "nNfF0"), strings.HasPrefix(strings.ToLower(text), "of"):
		return false, nil
	}
	return false, errno.EINVAL
}
