package recorded

// direct is what was done to the table of a card while the kernel did not look.
// Entry 1 is its receive queue's: irq 25 on CPU 0, vector 0x22. FRAMES are as
// many messages as so many frames made there.
const direct = `
	msix 00-msix 00:02.0
	counts counts [before]
	arm
	poke 00:02.0 1 12 1
	SIG3
	msix 01-msix.masked-pending 00:02.0
	counts counts [entry masked, 3 frames sent]
	poke 00:02.0 1 12 0
	msix 01-msix.unmasked 00:02.0
	counts counts [entry unmasked]
	stray 01-mask.trace
	arm
	poke 00:02.0 1 8 0x77
	SIG2
	counts counts [data 0x77, 2 frames]
	stray 02-unused-vector.trace
	logged 02-dmesg
	poke 00:02.0 1 8 0x22
	SIG1
	counts counts [data restored, 1 frame]
	arm
	poke 00:02.0 1 0 0xfee02004
	LATER
	LATER
	counts counts [address 0xfee02004 (CPU 1 instead of 0), 2 frames]
	stray 03-other-cpu.trace
	logged 03-dmesg
	poke 00:02.0 1 0 0xfee01004
	LATER
	counts counts [address restored, 1 frame]
	arm
	poke 00:02.0 1 8 0xed
	LATER
	counts counts [data 0xed, 1 frame]
	stray 04-vector-0xed.trace
	poke 00:02.0 1 8 0x22
	LATER
	arm
	poke 00:02.0 1 8 0xfd
	LATER
	counts counts [data 0xfd, 1 frame]
	stray 04-vector-0xfd.trace
	poke 00:02.0 1 8 0x22
	LATER
	arm
	poke 00:02.0 1 8 0xfe
	LATER
	counts counts [data 0xfe, 1 frame]
	stray 04-vector-0xfe.trace
	poke 00:02.0 1 8 0x22
	LATER
	logged 04-dmesg
	arm
	poke 00:02.0 1 8 0x400
	LATER
	counts counts [data 0x400 (NMI), 1 frame]
	stray 05-nmi.trace
	logged 05-dmesg
	poke 00:02.0 1 8 0x22
	arm
	poke 00:02.0 1 0 0xfee03004
	LATER
	counts counts [address 0xfee03004 (CPUs 0 and 1), 1 frame]
	stray 06-two-cpus.trace
	logged 06-dmesg
	poke 00:02.0 1 0 0xfee01004
	LATER
	counts counts [all restored, 1 frame]
	msix 07-msix 00:02.0
	compare 07-hw
	arm
	functionmask 00:02.0 1
	LATER
	msix 08-msix.function-masked 00:02.0
	counts counts [function masked, 1 frame]
	functionmask 00:02.0 0
	counts counts [function unmasked]
	stray 08-function-mask.trace
	msix 08-msix.after 00:02.0
`

func directRuns() []Run {
	const boot = "boot -cpus 4 -device virtio-net,vectors=4,bdf=00:02.0"
	const signal = "signal 00:02.0 1"
	return []Run{
		run("msix-direct/virtio-1q-no-event-idx", boot, direct,
			"SIG3", signal+"\n"+signal+"\n"+signal, "SIG2", signal+"\n"+signal, "SIG1", signal, "LATER", signal),
		// With an event index the device tells of the first frame alone, and
		// of none any more once its message was lost.
		run("msix-direct/virtio-1q-event-idx", boot, direct, "SIG3", signal, "SIG2", signal, "SIG1", "", "LATER", ""),
	}
}
