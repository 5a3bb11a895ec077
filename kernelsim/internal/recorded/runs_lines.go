package recorded

func lineRuns() []Run {
	return []Run{
		run("intx/ioapic-shared", "boot -cpus 4 -device e1000e,bdf=00:02.0 -device e1000e,bdf=00:06.0 -append pci=nomsi", lines, "CARDS", "00:02.0 00:06.0", "LINE", "10"),
		run("intx/q35", "boot -machine q35 -cpus 4 -device e1000e,bdf=00:02.0 -device e1000e,bdf=00:06.0 -append pci=nomsi", lines, "CARDS", "00:02.0 00:06.0", "LINE", "22"),
		run("intx/ioapic-virtio-e1000e", "boot -cpus 4 -device virtio-net,bdf=00:03.0 -device e1000e,bdf=00:07.0 -append pci=nomsi", lines, "CARDS", "00:03.0 00:07.0", "LINE", "11"),
		run("intx/noapic-xtpic", "boot -cpus 2 -device e1000e,bdf=00:02.0 -device e1000e,bdf=00:06.0 -append 'pci=nomsi noapic'", lines, "CARDS", "00:02.0 00:06.0", "LINE", "10"),
		run("irqbalance/smp4", "boot -cpus 4 -blk nvme,queues=4,bdf=00:03.0 -device virtio-net,vectors=10,bdf=00:02.0", balance),
		run("idt-apic/pc-smp4", "boot -cpus 4 -blk nvme,queues=4,bdf=00:04.0 -device virtio-net,vectors=10,bdf=00:02.0 -device e1000e,bdf=00:03.0"+unloaded, after),
		run("idt-apic/q35-smp2", "boot -machine q35 -cpus 2 -blk nvme,queues=2,bdf=00:03.0 -device virtio-net,vectors=6,bdf=00:01.0 -device e1000e,bdf=00:02.0"+unloaded, afterQ35),
	}
}

// lines is what was done to shared lines: each card got one frame, then five;
// the line was moved, and three frames came.
const lines = `
	compare 00-before
	compare 00-hw
	lines 01-nic0-one.trace CARDS
	lines 01-nic0-five.trace CARDS
	lines 02-nic1-one.trace CARDS
	lines 02-nic1-five.trace CARDS
	affinity 05-affinity /proc/irq/LINE/smp_affinity CARDS
	compare 05-affinity
	compare 06-after
	spurious 06-spurious
`

// balance lets irqbalance deal the interrupts out, twice, the second time after
// all of a card's were put on one processor and had come there.
const balance = `
	compare 00-before
	irqbalance --oneshot
	touch 00-before 01-after-idle
	compare 01-after-idle
	echo 1 > /proc/irq/30/smp_affinity
	echo 1 > /proc/irq/31/smp_affinity
	echo 1 > /proc/irq/32/smp_affinity
	echo 1 > /proc/irq/33/smp_affinity
	echo 1 > /proc/irq/34/smp_affinity
	echo 1 > /proc/irq/35/smp_affinity
	echo 1 > /proc/irq/36/smp_affinity
	echo 1 > /proc/irq/37/smp_affinity
	touch 01-after-idle 02-all-on-cpu0
	compare 02-all-on-cpu0
	touch 02-all-on-cpu0 03-after-loaded
	irqbalance --oneshot
	compare 03-after-loaded
	touch 03-after-loaded 04-later
	compare 04-later
`

// after loads all drivers, in the order in which the recording did.
const after = `
	compare 00-boot
	bind 00:04.0
	bind 00:02.0
	bind 00:03.0
	compare 01-after
	msix 01-msix.00-02.0 00:02.0
	msix 01-msix.00-03.0 00:03.0
	msix 01-msix.00-04.0 00:04.0
`

const afterQ35 = `
	compare 00-boot
	bind 00:03.0
	bind 00:01.0
	bind 00:02.0
	compare 01-after
	msix 01-msix.00-01.0 00:01.0
	msix 01-msix.00-02.0 00:02.0
	msix 01-msix.00-03.0 00:03.0
`

// unloaded is traced without the events.
const unloaded = " -append modprobe.blacklist=nvme,virtio_net,e1000e"
