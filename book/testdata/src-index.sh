#!/bin/sh
# src-index.sh TREE: writes src-index.txt to standard output, from a Linux tree.
# One line a file: its path, a colon, then NAME@LINE for every function,
# function-like macro, struct, enum and per-CPU variable defined in it.
set -eu
cd "${1:?usage: src-index.sh TREE}"

echo "# Linux $(make -s kernelversion). Made by src-index.sh; see README.md."
find Documentation/core-api/irq Documentation/x86 Documentation/locking Documentation/core-api/this_cpu_ops.rst Documentation/x86/x86_64/mm.rst Documentation/timers/timers-howto.rst \
	Documentation/trace/ftrace.rst Documentation/networking/scaling.rst Documentation/networking/napi.rst -type f 2>/dev/null |
	LC_ALL=C sort | sed 's/$/:/'
{
	find kernel/irq kernel/sched/core.c kernel/sched/cputime.c kernel/sched/fair.c kernel/sched/wait.c kernel/sched/completion.c kernel/locking kernel/time/timer.c \
		kernel/time/hrtimer.c kernel/time/tick-sched.c kernel/softirq.c kernel/kthread.c kernel/workqueue.c kernel/smpboot.c \
		kernel/smp.c kernel/cpu.c kernel/fork.c kernel/watchdog.c kernel/trace/ring_buffer.c kernel/trace/trace_output.c kernel/panic.c \
		mm/percpu.c mm/percpu-internal.h mm/percpu-vm.c mm/percpu-km.c mm/percpu-stats.c mm/vmstat.c kernel/module/main.c mm/vmalloc.c mm/memblock.c \
		lib/smp_processor_id.c lib/percpu_counter.c lib/percpu-refcount.c lib/cpu_rmap.c lib/group_cpus.c init/main.c fs/proc/interrupts.c \
		fs/proc/softirqs.c fs/proc/stat.c fs/proc/meminfo.c \
		arch/x86/kernel/apic arch/x86/kernel/cpu/common.c arch/x86/kernel/head_64.S arch/x86/kernel/head64.c arch/x86/kernel/setup.c \
		arch/x86/kernel/dumpstack_64.c arch/x86/mm/fault.c arch/x86/include/asm/cpu_entry_area.h kernel/entry/common.c arch/x86/kernel/idt.c arch/x86/kernel/irq.c \
		arch/x86/kernel/irq_64.c arch/x86/kernel/irqinit.c arch/x86/kernel/i8259.c arch/x86/kernel/nmi.c \
		arch/x86/kernel/process_64.c arch/x86/kernel/setup_percpu.c arch/x86/kernel/smp.c arch/x86/kernel/smpboot.c \
		arch/x86/kernel/traps.c arch/x86/kernel/vmlinux.lds.S arch/x86/kernel/apb_timer.c arch/x86/entry \
		arch/x86/include/asm/page_64_types.h arch/x86/include/asm/percpu.h arch/x86/include/asm/preempt.h arch/x86/include/asm/current.h \
		arch/x86/include/asm/apic.h arch/x86/include/asm/apicdef.h arch/x86/include/asm/desc.h arch/x86/include/asm/desc_defs.h \
		arch/x86/include/asm/hardirq.h arch/x86/include/asm/idtentry.h arch/x86/include/asm/io_apic.h \
		arch/x86/include/asm/irq_vectors.h arch/x86/include/asm/msi.h arch/x86/include/asm/processor.h \
		arch/x86/include/asm/smp.h arch/x86/include/asm/irqflags.h arch/x86/include/asm/hw_irq.h arch/x86/include/asm/irq_stack.h \
		include/asm-generic/percpu.h include/asm-generic/vmlinux.lds.h include/asm-generic/preempt.h include/asm-generic/irq_regs.h \
		include/linux/percpu.h include/linux/percpu-defs.h include/linux/percpu_counter.h include/linux/percpu-refcount.h \
		include/linux/preempt.h include/linux/smp.h include/linux/hardirq.h include/linux/interrupt.h include/linux/irq.h \
		include/linux/irqdesc.h include/linux/irqdomain.h include/linux/irqflags.h include/linux/irqhandler.h include/linux/msi.h \
		include/linux/bottom_half.h include/linux/spinlock.h include/linux/spinlock_api_smp.h include/linux/lockdep.h \
		include/linux/netdevice.h include/linux/skbuff.h include/linux/workqueue.h include/linux/sched.h include/linux/local_lock.h \
		include/linux/local_lock_internal.h include/linux/vmstat.h include/linux/topology.h include/linux/u64_stats_sync.h \
		include/trace/events/irq.h include/trace/events/sched.h include/trace/events/napi.h include/trace/events/percpu.h \
		net/core/dev.c net/core/gro.c net/core/net-procfs.c net/core/net-sysfs.c net/core/skbuff.c net/core/sysctl_net_core.c net/core/flow_dissector.c \
		drivers/net/ethernet/amazon/ena drivers/pci/msi drivers/pci/probe.c drivers/pci/pci.c drivers/iommu/intel/irq_remapping.c drivers/nvme/host/pci.c drivers/net/virtio_net.c block/blk-mq.c block/blk-mq-cpumap.c block/blk-mq-pci.c kernel/stop_machine.c \
		-type f -name '*.[chS]' 2>/dev/null
} | LC_ALL=C sort -u | while read -r f; do
	awk -v file="$f" '
	function add(name) { if (name != "" && !seen[name]++) out = out " " name "@" FNR }
	# A function: a name before "(" on a line that starts in column 0 and does not end a declaration.
	/^[A-Za-z_].*\(/ && !/;[ \t]*$/ && !/^(#|typedef|else|if|for|while|switch|return|struct [a-z_]+ \{)/ {
		if (match($0, /^(DEFINE_PER_CPU[A-Z_]*|DECLARE_PER_CPU[A-Z_]*|SYSCALL_DEFINE[0-9]|SYM_[A-Z_]*START[A-Z_]*|DEFINE_IDTENTRY[A-Z_]*)\(/)) {
			rest = substr($0, RLENGTH + 1); n = split(rest, part, /[,)]/)
			for (i = 1; i <= n; i++) { gsub(/[ \t*]|\[.*$|__percpu/, "", part[i]) }
			add(part[$0 ~ /PER_CPU/ ? 2 : 1])
		} else if (match($0, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
			name = substr($0, RSTART, RLENGTH - 1); gsub(/[ \t]/, "", name)
			if (name !~ /^(__attribute__|EXPORT_.*|MODULE_.*|early_param|__setup|.*_initcall|__printf|__acquires|__releases|__must_hold)$/) add(name)
		}
	}
	# A per-CPU variable: the declaration ends in the same line.
	/^(static )?(DEFINE|DECLARE)_PER_CPU[A-Z_]*\(.*;/ {
		rest = $0; sub(/^[^(]*\(/, "", rest); split(rest, part, ","); name = part[2]
		gsub(/[ \t*;]|\).*$|\[.*$/, "", name); add(name)
	}
	# A name alone at the start of a line, its return type above it.
	/^[a-z_][A-Za-z0-9_]*\([^;]*$/ { name = $0; sub(/\(.*/, "", name); add(name) }
	/^#[ \t]*define[ \t]+[A-Za-z_]/ { name = $0; sub(/^#[ \t]*define[ \t]+/, "", name); sub(/[^A-Za-z0-9_].*/, "", name); add(name) }
	/^(struct|enum|union) [a-z_0-9]+ \{/ { add($2) }
	END { print file ":" out }' "$f"
done
