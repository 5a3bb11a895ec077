package machine

import (
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/irqabi"
)

// IRQParts are the replaceable parts of the generic interrupt layer and of the
// ways into it and below it. What is nil is the default.
type IRQParts struct {
	Dispatch irqabi.Dispatch
	Edge     irqabi.Edge
	Walk     irqabi.Walk
	Note     irqabi.Note
	Domain   irqabi.Domain
}

// layer is what the layer itself is told of them.
func (p *IRQParts) layer() irq.Parts { return irq.Parts{Edge: p.Edge, Walk: p.Walk, Note: p.Note} }

// WithDispatch replaces the way from a device's vector to its interrupt
// (__common_interrupt).
func WithDispatch(f irqabi.Dispatch) Part { return func(p *Parts) { p.IRQ.Dispatch = f } }

// WithEdgeFlow replaces handle_edge_irq.
func WithEdgeFlow(f irqabi.Edge) Part { return func(p *Parts) { p.IRQ.Edge = f } }

// WithActionWalk replaces __handle_irq_event_percpu: which handlers are asked,
// and what becomes of their answers.
func WithActionWalk(f irqabi.Walk) Part { return func(p *Parts) { p.IRQ.Walk = f } }

// WithNoteInterrupt replaces the account of interrupts that nobody wants
// (note_interrupt).
func WithNoteInterrupt(f irqabi.Note) Part { return func(p *Parts) { p.IRQ.Note = f } }

// WithMSIDomain replaces the operations of the domain PCI-MSI.
func WithMSIDomain(d irqabi.Domain) Part { return func(p *Parts) { p.IRQ.Domain = d } }
