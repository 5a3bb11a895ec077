package recorded

// loads is the beginning of every run of vectors: the drivers are loaded one
// after the other.
const loads = `
	boottrace 00-boot.trace
	compare 00-boot
	arm
	bind NVME
	trace 01-nvme-load.trace
	compare 02-nvme
	msix 02-nvme.msix NVME
	arm
	bind NIC
	trace 03-nic-load.trace
	compare 05-nic
	msix 05-nic.msix NIC
	compare 05-hw
	reads 06-nvme-read
	compare 07-after-reads
	msix 07-nvme.msix NVME
`

// moves is what follows: the interrupt IRQ of the card's first receive queue is
// moved to one processor and to one of several, and a mask is refused where it
// must be.
const moves = `
	signal NIC 1
	state 08-move.state [before]
	msix 08-msix.0-before NIC
	arm
	echo MASK1 > /proc/irq/IRQ/smp_affinity
	state 08-move.state [after echo MASK1 > smp_affinity, no interrupt yet]
	msix 08-msix.1-after-write NIC
	HOLD
	signal NIC 1
	state 08-move.state [after one interrupt]
	msix 08-msix.2-after-irq1 NIC
	signal NIC 1
	state 08-move.state [after two interrupts]
	msix 08-msix.3-after-irq2 NIC
	signal NIC 1
	state 08-move.state [after three interrupts]
	msix 08-msix.4-after-irq3 NIC
	trace 08-move.trace
	arm
	echo MASK2 > /proc/irq/IRQ/smp_affinity
	signal NIC 1
	signal NIC 1
	state 08-move.state [mask MASK2, two interrupts later]
	msix 08-msix.5-multi NIC
	trace 09-move-multi.trace
	refusals 10-refusals
`

// hotplug is the end: every queue has had a frame, a processor goes offline and
// comes back, and the card's driver is unloaded.
const hotplug = `
	settle 11-before-offline NIC
	compare 11-before-offline
	echo 0 > /sys/devices/system/cpu/cpuOFF/online
	dmesg 12-offline.dmesg
	compare 13-offline
	msix 13-nic.msix NIC
	msix 13-nvme.msix NVME
	compare 13-hw
	lastrefusal 10-refusals
	MOVED
	arm
	echo 1 > /sys/devices/system/cpu/cpuOFF/online
	trace 14-online.trace
	dmesg 14-online.dmesg
	compare 15-online
	msix 15-nic.msix NIC
	msix 15-nvme.msix NVME
	settle 16-online-after-frames NIC
	compare 16-online-after-frames
	arm
	unbind NIC
	trace 17-nic-unload.trace
	compare 18-unloaded
`

// nodes is what was done on two nodes: ETH1 is a card of node 1.
const nodes = `
	NODES
	cpuinfo 00-cpuinfo
	boottrace 00-boot.trace
	compare 00-boot
	arm
	bind NVME
	trace 01-nvme-load.trace
	compare 02-nvme
	msix 02-nvme.msix NVME
	arm
	bind ETH0
	bind ETH1
	irqtrace 03-nic-load.trace 04-nic0-up.trace 04-nic1-up.trace
	files 05-after-request
	compare 05-nic
	msix 05-nic0.msix ETH0
	msix 05-nic1.msix ETH1
	compare 05-hw
	reads 06-nvme-read
	state 08-state [requested]
	arm
	echo FAR > /proc/irq/IRQ/smp_affinity_list
	state 08-state [echo FAR > smp_affinity_list: a CPU of the other node]
	replay 08-far.trace
	state 08-state [two frames later]
	arm
	down ETH1
	state 08-state [interface down (freed)]
	up ETH1
	state 08-state [up again: a chosen mask outside the node]
	trace 09-far-down-up.trace
	arm
	echo ff > /proc/irq/IRQ/smp_affinity
	state 08-state [echo ff > smp_affinity: all CPUs]
	replay 10-all.trace
	state 08-state [two frames later]
	arm
	down ETH1
	state 08-state [interface down]
	up ETH1
	state 08-state [up again: a chosen mask of all CPUs]
	trace 11-all-down-up.trace
	compare 12-before-offline
	echo 0 > /sys/devices/system/cpu/cpuOFF/online
	dmesg 12-offline.dmesg
	compare 13-offline
	msix 13-nvme.msix NVME
	files 13-offline.masks
	arm
	echo 1 > /sys/devices/system/cpu/cpuOFF/online
	trace 14-online.trace
	compare 15-online
	msix 15-nvme.msix NVME
	files 15-online.masks
`

// traced keeps the drivers from being loaded at boot, as a recorded boot's
// did not load them either.
// The events of vectors are recorded from the beginning.
const traced = " -append 'modprobe.blacklist=nvme,virtio_net,e1000e trace_event=irq_vectors,irq_matrix'"

func vectorRuns() []Run {
	pc := []string{"NVME", "00:03.0", "NIC", "00:02.0"}
	with := func(more ...string) []string { return append(append([]string{}, pc...), more...) }
	return []Run{
		run("vectors/smp4", "boot -cpus 4 -blk nvme,queues=4,bdf=00:03.0 -device virtio-net,vectors=10,bdf=00:02.0"+traced,
			loads+moves+hotplug, with("MASK1", "8", "MASK2", "6", "IRQ", "30", "HOLD", "hold 1", "OFF", "3", "MOVED", "files 13-moved-irq")...),
		run("vectors/smp4-nvme2", "boot -cpus 4 -blk nvme,queues=2,bdf=00:03.0 -device virtio-net,vectors=6,bdf=00:02.0"+traced,
			loads+moves+hotplug, with("MASK1", "2", "MASK2", "c", "IRQ", "28", "HOLD", "", "OFF", "1", "MOVED", "files 13-moved-irq")...),
		run("vectors/smp8", "boot -cpus 8 -blk nvme,queues=8,bdf=00:03.0 -device virtio-net,vectors=10,bdf=00:02.0"+traced,
			loads+moves+hotplug, with("MASK1", "80", "MASK2", "30", "IRQ", "34", "HOLD", "", "OFF", "5", "MOVED", "")...),
		run("vectors/smp12-physflat", "boot -cpus 12 -blk nvme,queues=4,bdf=00:03.0 -device virtio-net,vectors=10,bdf=00:02.0"+traced,
			loads+moves+hotplug, with("MASK1", "800", "MASK2", "300", "IRQ", "30", "HOLD", "hold 9", "OFF", "9", "MOVED", "")...),
		run("vectors/smt-4x2", "boot -cpus 8 -threads 2 -blk nvme,queues=3,bdf=00:03.0 -device virtio-net,vectors=10,bdf=00:02.0"+traced,
			"files 00-siblings\n"+loads+moves+hotplug, with("MASK1", "80", "MASK2", "30", "IRQ", "29", "HOLD", "", "OFF", "5", "MOVED", "")...),
		run("vectors/intremap-q35", "boot -machine q35 -cpus 4 -blk nvme,queues=4,bdf=00:02.0 -device virtio-net,vectors=10,bdf=00:01.0 -append 'intremap=on modprobe.blacklist=nvme,virtio_net trace_event=irq_vectors,irq_matrix'",
			loads+moves+hotplug, "NVME", "00:02.0", "NIC", "00:01.0", "MASK1", "8", "MASK2", "6", "IRQ", "31", "HOLD", "", "OFF", "3", "MOVED", "files 13-moved-irq",
			"trace 03-nic", "loosetrace 03-nic", "trace 08-move", "loosetrace 08-move", "trace 09-move", "loosetrace 09-move"),
		run("vectors/numa-2x4", "boot -cpus 8 -nodes 2 -blk nvme,queues=8,bdf=00:03.0 -device e1000e,bdf=00:02.0 -device e1000e,bdf=00:04.0"+traced,
			nodes, "NVME", "00:03.0", "ETH0", "00:02.0", "ETH1", "00:04.0", "IRQ", "36", "FAR", "1", "OFF", "6", "NODES", "node 00:04.0 1 81:01.0"),
		run("vectors/numa-2x4-nvme4", "boot -cpus 8 -nodes 2 -blk nvme,queues=4,bdf=00:03.0 -device e1000e,bdf=00:02.0 -device e1000e,bdf=00:04.0"+traced,
			nodes, "NVME", "00:03.0", "ETH0", "00:02.0", "ETH1", "00:04.0", "IRQ", "32", "FAR", "2", "OFF", "7",
			"NODES", "node 00:04.0 1 81:01.0\nnode 00:03.0 1 81:02.0"),
		// Every write to a table, step by step: the machine's TestTableWrites.
		run("vectors/smp4-table-writes", "boot -cpus 4 -device e1000e,bdf=00:02.0 -device virtio-net,vectors=4,bdf=00:03.0 -blk nvme,queues=4,bdf=00:04.0"+unloaded, ""),
	}
}
