package procfs

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu/dyn"
	"bothhalves/kernelsim/machine"
)

// proc lists /proc: the kernel's files, the processes, and what modules add.
func (fs *FS) proc() []node {
	list := []node{
		show("cmdline", fs.cmdline),
		show("cpuinfo", fs.cpuinfo),
		show("interrupts", fs.interrupts),
		show("iomem", fs.iomem),
		show("ioports", fs.ioports),
		dir("irq", fs.irqs),
		show("kallsyms", fs.kallsyms),
		show("loadavg", fs.loadavg),
		show("meminfo", fs.meminfo),
		show("modules", fs.modules),
		show("softirqs", fs.softirqs),
		show("stat", fs.stat),
		dir("sys", fs.sysctl),
		show("uptime", fs.uptime),
		show("version", func() string { return version }),
		show("vmallocinfo", fs.vmallocinfo),
	}
	list = append(list, fs.processes()...)
	for _, mod := range fs.m.Loaded() {
		for _, f := range mod.Files {
			list = graft(list, strings.Split(f.Name, "/"), fs.moduleFile(f))
		}
	}
	return list
}

// The kernel's identity, as utsname has it and /proc/version prints it
// (init/version.c).
const (
	osType    = "Linux"
	osRelease = "6.1.0-56-amd64"
	osVersion = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"
	version   = osType + " version " + osRelease + " (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) " + osVersion + "\n"
)

// cmdline models cmdline_proc_show (fs/proc/cmdline.c).
func (fs *FS) cmdline() string { return fs.m.Config().Append + "\n" }

// meminfo models meminfo_proc_show (fs/proc/meminfo.c) as far as memory is
// modelled: the line of the per-CPU allocator.
func (fs *FS) meminfo() string {
	a := dyn.Allocator(fs.boot())
	if a == nil {
		return ""
	}
	return fmt.Sprintf("Percpu:         %8d kB\n", a.MeminfoKB())
}

// moduleFile is a file that a loaded module offers. Its functions are kernel
// code: a process runs them.
func (fs *FS) moduleFile(f machine.File) node {
	n := node{refuse: errno.EIO}
	if f.Read != nil {
		n.read = func() (text string, err error) {
			err = fs.m.DoOn("cat", fs.on, func(c *cpu.CPU) { text = f.Read(c) })
			return text, err
		}
	}
	if f.Write != nil {
		n.write = func(text string, _ bool) error {
			var failed error
			if err := fs.m.DoOn("sh", fs.on, func(c *cpu.CPU) { failed = f.Write(c, text) }); err != nil {
				return err
			}
			return failed
		}
	}
	return n
}

// graft adds a leaf below a list of nodes, making directories on the way.
// What stands there already stays.
func graft(list []node, path []string, leaf node) []node {
	name := path[0]
	for i, n := range list {
		if n.name != name {
			continue
		}
		if n.list != nil && len(path) > 1 {
			children := n.list()
			list[i].list = func() []node { return graft(children, path[1:], leaf) }
		}
		return list
	}
	if len(path) == 1 {
		leaf.name = name
		return append(list, leaf)
	}
	return append(list, dir(name, func() []node { return graft(nil, path[1:], leaf) }))
}
