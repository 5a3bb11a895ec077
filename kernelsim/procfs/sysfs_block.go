package procfs

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/kernel/blkmq"
	"bothhalves/kernelsim/kernel/errno"
)

// block lists /sys/block: the disks that have been opened.
func (fs *FS) block() (list []node) {
	for _, drv := range fs.m.Disks() {
		if d := drv.Disk(); d != nil {
			list = append(list, sealed(d.Name, func() []node {
				return []node{
					sealed("mq", func() []node { return hardwareQueues(d) }),
					sealed("queue", func() []node { return []node{rqAffinity(d)} }),
					attr("size", func() string { return fmt.Sprintln(d.Sectors) }),
				}
			}))
		}
	}
	return list
}

// hardwareQueues lists mq: for each hardware queue the CPUs that submit to it,
// and how many requests it takes (block/blk-mq-sysfs.c).
func hardwareQueues(d *blkmq.Disk) (list []node) {
	for _, h := range d.Queues {
		list = append(list, sealed(strconv.Itoa(h.Index), func() []node {
			return []node{
				attr("cpu_list", func() string { return queueCPUs(h) }),
				attr("nr_reserved_tags", func() string { return "0\n" }),
				attr("nr_tags", func() string { return fmt.Sprintln(h.Depth()) }),
			}
		}))
	}
	return list
}

// queueCPUs models blk_mq_hw_sysfs_cpus_show: one number after the other.
func queueCPUs(h *blkmq.HW) string {
	var words []string
	for id := range h.CPUs.All() {
		words = append(words, strconv.Itoa(id))
	}
	return strings.Join(words, ", ") + "\n"
}

// rqAffinity models queue_rq_affinity_show and queue_rq_affinity_store
// (block/blk-sysfs.c). A number that means nothing is taken and changes
// nothing.
func rqAffinity(d *blkmq.Disk) node {
	return setting("rq_affinity", func() string { return fmt.Sprintln(d.Affinity) }, func(text string, _ bool) error {
		n, err := strconv.ParseUint(strings.TrimSuffix(text, "\n"), 10, 32)
		if err != nil {
			return errno.EINVAL
		}
		if n <= 2 {
			d.Affinity = int(n)
		}
		return nil
	})
}
