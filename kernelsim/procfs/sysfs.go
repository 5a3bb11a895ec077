package procfs

import (
	"errors"
	"fmt"
	"strings"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
)

// sys lists /sys.
func (fs *FS) sys() []node {
	return []node{
		sealed("block", fs.block),
		sealed("bus", fs.bus),
		sealed("devices", func() []node {
			return []node{sealed("system", func() []node {
				return []node{sealed("cpu", fs.cpus), sealed("node", fs.nodes)}
			})}
		}),
		sealed("kernel", func() []node {
			return []node{
				// Where tracefs was before it had a place of its own, and
				// still is mounted.
				sealed("debug", func() []node {
					return []node{sealed("irq", fs.debugIRQ), sealed("tracing", fs.tracefs)}
				}),
				sealed("irq", fs.sysIRQs),
				sealed("tracing", fs.tracefs),
			}
		}),
		sealed("module", fs.sysModules),
	}
}

// cpus lists /sys/devices/system/cpu (drivers/base/cpu.c).
func (fs *FS) cpus() []node {
	var online, offline, all []int
	for _, p := range fs.m.CPUs() {
		all = append(all, p.ID)
		if sched.Online(p) {
			online = append(online, p.ID)
		} else {
			offline = append(offline, p.ID)
		}
	}
	list := []node{
		attr("kernel_max", func() string { return "8191\n" }), // NR_CPUS − 1
		cpuFile("offline", offline),
		cpuFile("online", online),
		cpuFile("possible", all),
		cpuFile("present", all),
	}
	for _, p := range fs.m.CPUs() {
		list = append(list, sealed(fmt.Sprintf("cpu%d", p.ID), func() []node { return fs.cpu(p.ID) }))
	}
	return list
}

func cpuFile(name string, ids []int) node {
	return attr(name, func() string { return cpuList(ids) + "\n" })
}

// cpu lists cpuN. The boot CPU cannot be taken down and has no file for it; one
// that is down has no topology and no caches (topology_remove_dev,
// cacheinfo_cpu_pre_down).
func (fs *FS) cpu(id int) []node {
	list := append(fs.cpuLinks(id), sealed("topology", func() []node { return fs.topologyFiles(id) }))
	if !sched.Online(fs.m.CPUs()[id]) {
		list = list[:1] // the link to its node
	}
	if id == 0 {
		return list
	}
	return append(list, setting("online", func() string {
		if sched.Online(fs.m.CPUs()[id]) {
			return "1\n"
		}
		return "0\n"
	}, func(text string, _ bool) error { return fs.setOnline(id, text) }))
}

// setOnline models online_store (drivers/base/core.c): what is so already is
// fine.
func (fs *FS) setOnline(id int, text string) error {
	up, err := boolean(text)
	if err != nil || up == sched.Online(fs.m.CPUs()[id]) {
		return err
	}
	err = fs.m.SetOnline(id, up)
	if e := new(errno.Errno); errors.As(err, &e) {
		return e
	}
	return err
}

// topologyFiles lists cpuN/topology (drivers/base/topology.c).
func (fs *FS) topologyFiles(id int) []node {
	package_, core, siblings := fs.topology(id)
	number := func(name string, n int) node { return attr(name, func() string { return fmt.Sprintln(n) }) }
	return []node{
		number("core_id", core),
		cpuFile("core_cpus_list", fs.threadsOf(id)),
		cpuFile("package_cpus_list", siblings),
		number("physical_package_id", package_),
		fs.coreSiblings(id),
		cpuFile("core_siblings_list", siblings),
		cpuFile("thread_siblings_list", fs.threadsOf(id)),
	}
}

// nodes lists /sys/devices/system/node (drivers/base/node.c).
func (fs *FS) nodes() []node {
	var all []int
	for n := range fs.m.Config().Nodes {
		all = append(all, n)
	}
	list := []node{cpuFile("has_cpu", all), cpuFile("online", all), cpuFile("possible", all)}
	for _, n := range all {
		list = append(list, sealed(fmt.Sprintf("node%d", n), func() []node { return fs.nodeFiles(n, len(all)) }))
	}
	return list
}

func (fs *FS) nodeFiles(n, nodes int) []node {
	return []node{
		cpuFile("cpulist", fs.cpusOf(n)),
		attr("cpumap", func() string { return cpuMask(fs.cpusOf(n), len(fs.m.CPUs())) + "\n" }),
		attr("distance", func() string { return distances(n, nodes) }),
	}
}

// distances are those of a board that does not tell: 10 to the node itself,
// 20 to any other (LOCAL_DISTANCE, REMOTE_DISTANCE).
func distances(n, nodes int) string {
	var words []string
	for other := range nodes {
		d := "20"
		if other == n {
			d = "10"
		}
		words = append(words, d)
	}
	return strings.Join(words, " ") + "\n"
}
