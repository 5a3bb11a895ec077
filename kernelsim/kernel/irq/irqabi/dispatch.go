package irqabi

// An Entry is what stands in one place of vector_irq (arch/x86/kernel/irq.c).
type Entry struct {
	State EntryState
	IRQ   int // of an entry that is Wanted: the number of its interrupt
}

// An EntryState says what a vector leads to.
type EntryState uint8

// The states. Wanted is a pointer to an irq_desc in Linux; the others are
// VECTOR_UNUSED and, in one, VECTOR_SHUTDOWN and VECTOR_RETRIGGERED
// (arch/x86/include/asm/hw_irq.h).
const (
	Unused   EntryState = iota // nobody has the vector
	Wanted                     // an interrupt has it
	Expected                   // nobody has it any more; one interrupt may be under way
)

// A Processor is the one that takes an interrupt, and what it needs for that.
type Processor interface {
	// CPU is its number (smp_processor_id).
	CPU() int
	// VectorIRQ is per_cpu(vector_irq, cpu)[vec], and SetUnused puts
	// VECTOR_UNUSED there.
	VectorIRQ(cpu int, vec uint8) Entry
	SetUnused(cpu int, vec uint8)
	// Handle is handle_irq: interrupt irq is led to its handlers. Its flow
	// acknowledges it.
	Handle(irq int)
	// EOI is ack_APIC_irq.
	EOI()
	// Complain writes "No irq handler for vector" into the log.
	Complain(vec uint8)
}

// A Dispatch models __common_interrupt (arch/x86/kernel/irq.c) from where the
// vector is known. Context: hard interrupt, IF clear. This is the seam of the
// lab task irq-dispatch.
type Dispatch func(c Processor, vec uint8)
