package irq

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/oops"
)

// A DebugShower is a level that has more to tell (debug_show of struct
// irq_domain_ops): of one interrupt, or of itself where data is nil.
type DebugShower interface {
	DebugShow(c *cpu.CPU, data *Data, ind int) string
}

// A namedMessage is a bus's message that knows whose it is.
type namedMessage interface{ DevName() string }

// DebugShow models irq_debug_show (kernel/irq/debugfs.c): all that the layer
// knows of an interrupt, as debugfs shows it.
func (d *Desc) DebugShow(c *cpu.CPU) string {
	var b strings.Builder
	device := "(null)"
	if m, ok := d.MSIDesc.(namedMessage); ok {
		device = m.DevName()
	}
	fmt.Fprintf(&b, "handler:  %s\ndevice:   %s\n", d.flowSymbol(), device)
	status := d.status()
	fmt.Fprintf(&b, "status:   0x%08x\n", status)
	showBits(&b, 0, status, settingNames())
	fmt.Fprintf(&b, "istate:   0x%08x\n", uint32(d.istate))
	showBits(&b, 0, uint32(d.istate), istateNames())
	fmt.Fprintf(&b, "ddepth:   %d\nwdepth:   %d\n", d.depth, d.wakes)
	fmt.Fprintf(&b, "dstate:   0x%08x\n", uint32(d.State))
	showBits(&b, 0, uint32(d.State), stateNames())
	fmt.Fprintf(&b, "node:     %d\naffinity: %s\neffectiv: %s\npending:  %s\n", d.Node, d.Affinity, d.Effective, d.pending)
	d.Data.debugShow(c, &b, 0)
	return b.String()
}

// debugShow models irq_debug_show_data: one level, and those below it.
func (d *Data) debugShow(c *cpu.CPU, b *strings.Builder, ind int) {
	domain := ""
	if d.Domain != nil {
		domain = d.Domain.Name
	}
	fmt.Fprintf(b, "%*sdomain:  %s\n%*shwirq:   0x%x\n", ind, "", domain, ind+1, "", d.HWIRQ)
	fmt.Fprintf(b, "%*schip:    %s\n%*sflags:   0x%x\n", ind+1, "", d.ChipName(), ind+2, "", uint32(d.chip.flags))
	showBits(b, ind+1, uint32(d.chip.flags), chipFlagNames())
	if d.Domain != nil {
		if s, ok := d.Domain.Ops.(DebugShower); ok {
			b.WriteString(s.DebugShow(c, d, ind+1))
		}
	}
	if d.Parent != nil {
		fmt.Fprintf(b, "%*sparent:\n", ind+1, "")
		d.Parent.debugShow(c, b, ind+4)
	}
}

// flowSymbol is the kernel's name of the flow handler.
func (d *Desc) flowSymbol() string {
	name, _, _ := strings.Cut(oops.Name(d.handle), "  ")
	switch name {
	case "irq.HandleEdge":
		return "handle_edge_irq"
	case "irq.HandleFastEOI":
		return "handle_fasteoi_irq"
	case "irq.HandleLevel":
		return "handle_level_irq"
	case "irq.HandleSimple":
		return "handle_simple_irq"
	case "irq.HandlePerCPU":
		return "handle_percpu_irq"
	case "irq.HandleBad":
		return "handle_bad_irq"
	}
	return name
}

// status is status_use_accessors, part of which is kept elsewhere.
func (d *Desc) status() uint32 {
	const noBalancing = 1 << 13
	s := uint32(d.settings)
	if d.level {
		s |= uint32(LevelSetting)
	}
	if d.has(NoBalancing) {
		s |= noBalancing
	}
	return s
}

// A bitName is one bit of a state, by its name.
type bitName struct {
	mask uint32
	name string
}

// showBits models irq_debug_show_bits.
func showBits(b *strings.Builder, ind int, v uint32, names []bitName) {
	for _, n := range names {
		if v&n.mask != 0 {
			fmt.Fprintf(b, "%*s%s\n", ind+12, "", n.name)
		}
	}
}

func settingNames() []bitName {
	return []bitName{{1 << 10, "_IRQ_NOPROBE"}, {uint32(NoRequest), "_IRQ_NOREQUEST"}, {uint32(NeverThreaded), "_IRQ_NOTHREAD"},
		{uint32(NoAutoEnabled), "_IRQ_NOAUTOEN"}, {uint32(NestedThread), "_IRQ_NESTED_THREAD"},
		{uint32(PerCPUDevID), "_IRQ_PER_CPU_DEVID"}, {1 << 18, "_IRQ_IS_POLLED"},
		{uint32(DisableUnlazy), "_IRQ_DISABLE_UNLAZY"}, {1 << 20, "_IRQ_HIDDEN"}}
}

func istateNames() []bitName {
	return []bitName{{uint32(AutoDetect), "IRQS_AUTODETECT"}, {uint32(SpuriousDisabled), "IRQS_SPURIOUS_DISABLED"},
		{uint32(PollInProgress), "IRQS_POLL_INPROGRESS"}, {uint32(OneShot), "IRQS_ONESHOT"}, {uint32(Replay), "IRQS_REPLAY"},
		{uint32(Waiting), "IRQS_WAITING"}, {uint32(Pending), "IRQS_PENDING"}, {0x800, "IRQS_SUSPENDED"}, {uint32(NMI), "IRQS_NMI"}}
}

func stateNames() []bitName {
	return []bitName{{1, "IRQ_TYPE_EDGE_RISING"}, {2, "IRQ_TYPE_EDGE_FALLING"}, {4, "IRQ_TYPE_LEVEL_HIGH"}, {8, "IRQ_TYPE_LEVEL_LOW"},
		{uint32(Level), "IRQD_LEVEL"}, {uint32(Activated), "IRQD_ACTIVATED"}, {uint32(Started), "IRQD_IRQ_STARTED"},
		{uint32(Disabled), "IRQD_IRQ_DISABLED"}, {uint32(Masked), "IRQD_IRQ_MASKED"}, {uint32(InProgress), "IRQD_IRQ_INPROGRESS"},
		{uint32(PerCPU), "IRQD_PER_CPU"}, {uint32(NoBalancing), "IRQD_NO_BALANCING"}, {uint32(SingleTarget), "IRQD_SINGLE_TARGET"},
		{uint32(MovePCNTXT), "IRQD_MOVE_PCNTXT"}, {uint32(AffinitySet), "IRQD_AFFINITY_SET"},
		{uint32(SetAffinityPending), "IRQD_SETAFFINITY_PENDING"}, {uint32(AffinityManaged), "IRQD_AFFINITY_MANAGED"},
		{uint32(AffinityOnActivate), "IRQD_AFFINITY_ON_ACTIVATE"}, {uint32(ManagedShutdown), "IRQD_MANAGED_SHUTDOWN"},
		{uint32(CanReserve), "IRQD_CAN_RESERVE"}, {1 << 20, "IRQD_FORWARDED_TO_VCPU"}, {uint32(WakeupState), "IRQD_WAKEUP_STATE"},
		{1 << 19, "IRQD_WAKEUP_ARMED"}, {uint32(DefaultTriggerSet), "IRQD_DEFAULT_TRIGGER_SET"},
		{uint32(EnforceIRQContext), "IRQD_HANDLE_ENFORCE_IRQCTX"}, {1 << 30, "IRQD_IRQ_ENABLED_ON_SUSPEND"}}
}

// chipFlagNames lacks AffinityPreStartup: 6.1 shows that in the number alone.
func chipFlagNames() []bitName {
	return []bitName{{uint32(SetTypeMasked), "IRQCHIP_SET_TYPE_MASKED"}, {uint32(EOIIfHandled), "IRQCHIP_EOI_IF_HANDLED"},
		{4, "IRQCHIP_MASK_ON_SUSPEND"}, {8, "IRQCHIP_ONOFFLINE_ENABLED"}, {uint32(SkipSetWake), "IRQCHIP_SKIP_SET_WAKE"},
		{uint32(OneShotSafe), "IRQCHIP_ONESHOT_SAFE"}, {uint32(EOIThreaded), "IRQCHIP_EOI_THREADED"},
		{0x80, "IRQCHIP_SUPPORTS_LEVEL_MSI"}, {uint32(SupportsNMI), "IRQCHIP_SUPPORTS_NMI"},
		{0x200, "IRQCHIP_ENABLE_WAKEUP_ON_SUSPEND"}, {0x800, "IRQCHIP_IMMUTABLE"}}
}

// Inject models irq_inject_interrupt (kernel/irq/resend.c): the interrupt is
// made to come as if its device had signaled. EINVAL for a level, which nobody
// can send again, and for one that is not set up; EBUSY while the last one is
// under way.
func Inject(c *cpu.CPU, n Number) error {
	d := ToDesc(c, n)
	if d == nil {
		return fmt.Errorf("irq: no interrupt %d: %w", n, errno.EINVAL)
	}
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	switch {
	case d.istate&NMI != 0, !d.has(Activated):
		return fmt.Errorf("irq: interrupt %d is not set up, or comes as an NMI: %w", n, errno.EINVAL)
	case d.level:
		d.istate &^= Pending
		return fmt.Errorf("irq: interrupt %d is a level, which comes by itself: %w", n, errno.EINVAL)
	case d.istate&Replay != 0:
		return fmt.Errorf("irq: interrupt %d is on its way already: %w", n, errno.EBUSY)
	case d.chip.trigger == nil:
		d.istate &^= Pending
		return fmt.Errorf("irq: the chip of interrupt %d cannot send it, and software must not: %w", n, errno.EINVAL)
	}
	d.istate |= Pending
	d.resend(c)
	return nil
}
