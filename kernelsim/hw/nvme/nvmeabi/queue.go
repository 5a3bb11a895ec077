package nvmeabi

import "bothhalves/kernelsim/reg"

// Sizes of queue entries, and their logarithms as CC has them
// (NVME_NVM_IOSQES, NVME_NVM_IOCQES).
const (
	CommandSize    = 64
	CompletionSize = 16
	CommandLog2    = 6
	CompletionLog2 = 4
)

// Admin commands (nvme_admin_delete_sq and the names after it).
const (
	AdminDeleteSQ    = 0x00
	AdminCreateSQ    = 0x01
	AdminDeleteCQ    = 0x04
	AdminCreateCQ    = 0x05
	AdminIdentify    = 0x06
	AdminSetFeatures = 0x09
	AdminGetFeatures = 0x0a
)

// I/O commands (nvme_cmd_flush and the names after it).
const (
	Flush = 0x00
	Write = 0x01
	Read  = 0x02
)

// FeatureQueues is the feature that asks for queues (NVME_FEAT_NUM_QUEUES).
const FeatureQueues = 0x07

// What Identify can be asked for (NVME_ID_CNS_NS, NVME_ID_CNS_CTRL,
// NVME_ID_CNS_NS_ACTIVE_LIST), and the size of the answer.
const (
	IdentifyNamespace  = 0
	IdentifyController = 1
	IdentifyActive     = 2
	IdentifySize       = 4096
)

// Flags of the commands that create queues (NVME_QUEUE_PHYS_CONTIG,
// NVME_CQ_IRQ_ENABLED).
const (
	QueueContiguous = 1 << 0
	CQInterrupt     = 1 << 1
)

// A Status is how a command ended: status code type and status code
// (NVME_SC_SUCCESS and the names after it).
type Status uint16

// The statuses.
const (
	Success          Status = 0x000
	InvalidOpcode    Status = 0x001
	InvalidField     Status = 0x002
	InvalidNamespace Status = 0x00b
	CQInvalid        Status = 0x100
	InvalidQueueID   Status = 0x101
	InvalidQueueSize Status = 0x102
	InvalidVector    Status = 0x108
	InvalidDeletion  Status = 0x10c
)

// A Command is a submission queue entry, as far as this controller reads it
// (struct nvme_command; specification 4.2).
type Command struct {
	Opcode    uint8
	ID        uint16
	Namespace uint32
	PRP1      uint64
	DW10      uint32
	DW11      uint32
}

// Offsets in a submission queue entry.
const (
	commandDW0   = 0
	commandPRP1  = 24
	commandDW10  = 40
	commandBytes = 8 // read at a time
)

// ReadCommand takes an entry apart; read answers eight bytes at an offset in
// it.
func ReadCommand(read func(off uint32) uint64) Command {
	head, tail := read(commandDW0), read(commandDW10)
	return Command{
		Opcode:    uint8(head),
		ID:        uint16(head >> 16),
		Namespace: uint32(head >> 32),
		PRP1:      read(commandPRP1),
		DW10:      uint32(tail),
		DW11:      uint32(tail >> 32),
	}
}

// Words is the entry as a driver stores it.
func (c Command) Words() (w [CommandSize / commandBytes]uint64) {
	w[commandDW0/commandBytes] = uint64(c.Opcode) | uint64(c.ID)<<16 | uint64(c.Namespace)<<32
	w[commandPRP1/commandBytes] = c.PRP1
	w[commandDW10/commandBytes] = uint64(c.DW10) | uint64(c.DW11)<<32
	return w
}

// A Completion is a completion queue entry (struct nvme_completion;
// specification 4.6).
type Completion struct {
	Result uint32
	SQHead uint16
	SQ     uint16
	ID     uint16
	Phase  bool // flips each time the queue wraps: this is how a driver knows a new entry
	Status Status
}

// The fields of the second quad word.
var (
	completionSQHead = reg.Field{Hi: 15, Lo: 0}
	completionSQ     = reg.Field{Hi: 31, Lo: 16}
	completionID     = reg.Field{Hi: 47, Lo: 32}
	completionPhase  = reg.Bit(48)
	completionStatus = reg.Field{Hi: 63, Lo: 49}
)

// CompletionLayout is the layout of the second quad word of a completion.
func CompletionLayout() reg.Layout {
	return reg.Layout{
		reg.Number("sqhd", 15, 0).Noted("how far the controller has read the submission queue"),
		reg.Number("sqid", 31, 16).Noted("the submission queue"),
		reg.Number("cid", 47, 32).Noted("the command"),
		reg.Flag("phase", 48).Noted("flips each time the queue wraps"),
		reg.Number("status", 63, 49),
	}
}

// Words is the entry as the controller stores it. The second word has the
// phase: it must be stored last.
func (c Completion) Words() (first, last uint64) {
	last = completionSQHead.Put(last, uint64(c.SQHead))
	last = completionSQ.Put(last, uint64(c.SQ))
	last = completionID.Put(last, uint64(c.ID))
	if c.Phase {
		last = completionPhase.Put(last, 1)
	}
	return uint64(c.Result), completionStatus.Put(last, uint64(c.Status))
}

// ReadCompletion takes an entry apart.
func ReadCompletion(first, last uint64) Completion {
	return Completion{
		Result: uint32(first),
		SQHead: uint16(completionSQHead.Get(last)),
		SQ:     uint16(completionSQ.Get(last)),
		ID:     uint16(completionID.Get(last)),
		Phase:  completionPhase.Get(last) != 0,
		Status: Status(completionStatus.Get(last)),
	}
}
