// Package nvmeabi holds what an NVMe controller and its driver share: the
// registers in BAR0, and the entries of the queues in memory (NVM Express
// base specification 1.4; Linux: include/linux/nvme.h). Nothing here acts.
package nvmeabi

import "bothhalves/kernelsim/reg"

// Registers in BAR0 (NVME_REG_CAP and the names after it).
const (
	CAP   = 0x00 // 8 bytes
	VS    = 0x08
	INTMS = 0x0c
	INTMC = 0x10
	CC    = 0x14
	CSTS  = 0x1c
	AQA   = 0x24
	ASQ   = 0x28 // 8 bytes
	ACQ   = 0x30 // 8 bytes
	DBS   = 0x1000
)

// SQTail is the offset of a submission queue's doorbell, CQHead of a
// completion queue's (specification 3.1.16 and 3.1.17): they take turns, each
// 4<<stride bytes long.
func SQTail(queue, stride int) uint32 { return DBS + uint32(2*queue)*(4<<stride) }

// CQHead is the offset of a completion queue's doorbell.
func CQHead(queue, stride int) uint32 { return DBS + uint32(2*queue+1)*(4<<stride) }

// Bits of the registers (NVME_CC_ENABLE, NVME_CC_SHN_NORMAL, NVME_CSTS_RDY,
// NVME_CSTS_SHST_CMPLT).
const (
	CCEnable             = 1 << 0
	CSTSReady            = 1 << 0
	CSTSFatal            = 1 << 1
	CSTSShutdownComplete = 2 << 2
)

// Fields of the registers that both halves take apart (NVME_CAP_MQES,
// NVME_CAP_STRIDE; NVME_CC_SHN_MASK; NVME_AQ_DEPTH).
var (
	CAPEntries   = reg.Field{Hi: 15, Lo: 0}
	CAPTimeout   = reg.Field{Hi: 31, Lo: 24}
	CAPStride    = reg.Field{Hi: 35, Lo: 32}
	CAPNVM       = reg.Bit(37)
	CCShutdown   = reg.Field{Hi: 15, Lo: 14}
	CCSQEntry    = reg.Field{Hi: 19, Lo: 16}
	CCCQEntry    = reg.Field{Hi: 23, Lo: 20}
	AQASubmit    = reg.Field{Hi: 11, Lo: 0}
	AQAComplete  = reg.Field{Hi: 27, Lo: 16}
	CSTSShutdown = reg.Field{Hi: 3, Lo: 2}
)

// CAPLayout is the layout of the controller capabilities (specification
// 3.1.1).
func CAPLayout() reg.Layout {
	return reg.Layout{
		reg.Number("mqes", 15, 0).Noted("entries in a queue at most, less one"),
		reg.Flag("cqr", 16).Noted("a queue must be physically contiguous"),
		reg.Number("to", 31, 24).Noted("time until ready at most, in units of 500 ms"),
		reg.Number("dstrd", 35, 32).Noted("a doorbell has 4<<dstrd bytes"),
		reg.Flag("nvm", 37).Noted("the NVM command set"),
		reg.Number("mpsmin", 51, 48).Noted("smallest page: 4096<<mpsmin"),
		reg.Number("mpsmax", 55, 52).Noted("largest page: 4096<<mpsmax"),
	}
}

// VSLayout is the layout of the version (specification 3.1.2).
func VSLayout() reg.Layout {
	return reg.Layout{reg.Number("tertiary", 7, 0), reg.Number("minor", 15, 8), reg.Number("major", 31, 16)}
}

// CCLayout is the layout of the controller configuration (specification
// 3.1.5).
func CCLayout() reg.Layout {
	return reg.Layout{
		reg.Flag("enable", 0),
		reg.Number("css", 6, 4).Noted("command set"),
		reg.Number("mps", 10, 7).Noted("page: 4096<<mps"),
		reg.Number("ams", 13, 11).Noted("arbitration"),
		reg.Enum("shutdown", 15, 14, "running", "normal", "abrupt"),
		reg.Number("iosqes", 19, 16).Noted("submission entries have 1<<iosqes bytes"),
		reg.Number("iocqes", 23, 20).Noted("completion entries have 1<<iocqes bytes"),
	}
}

// CSTSLayout is the layout of the controller status (specification 3.1.6).
func CSTSLayout() reg.Layout {
	return reg.Layout{
		reg.Flag("ready", 0),
		reg.Flag("fatal", 1),
		reg.Enum("shutdown", 3, 2, "running", "occurring", "complete"),
	}
}

// AQALayout is the layout of the admin queue attributes (specification 3.1.8).
func AQALayout() reg.Layout {
	return reg.Layout{
		reg.Number("asqs", 11, 0).Noted("entries of the admin submission queue, less one"),
		reg.Number("acqs", 27, 16).Noted("entries of the admin completion queue, less one"),
	}
}
