package script

import (
	"fmt"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// A cutting is a cut command at work: cut N CMD runs CMD at the Nth decision
// point of the next command; cut all CMD plays the whole check once for each
// decision point of it.
type cutting struct {
	point int // where to cut; 0 counts the points instead
	all   bool
	cmd   []string
	base  uint64 // decision points passed when the cut was ordered
	armed bool
	found int // counted points
	hit   bool
}

// cutCommand arms the cut for the next command.
func (h *host) cutCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		h.usage(ts, "cut N|all 'CMD'")
	}
	cmd, err := Words(args[1])
	if err != nil || len(cmd) == 0 {
		h.usage(ts, "cut N|all 'CMD'")
	}
	c := h.cut
	if c == nil {
		c = &cutting{}
		h.cut = c
	}
	if c.armed {
		h.usage(ts, "cut: one cut a check")
	}
	c.cmd, c.armed = cmd, true
	if args[0] == "all" {
		c.all = true
	} else if n, err := strconv.Atoi(args[0]); err == nil && n > 0 {
		c.point = n
	} else {
		h.usage(ts, "cut N|all 'CMD'")
	}
	c.base = h.own.Decisions()
	if c.point > 0 {
		h.own.At(c.base+uint64(c.point), h.inject)
	}
}

// inject runs the cut's command in the middle of the next command.
func (h *host) inject() {
	h.cut.hit = true
	h.exec(h.own, h.cut.cmd)
}

// counted says, after a command that followed a cut in counting mode, that
// the points are known and the run may end.
func (h *host) counted() bool {
	c := h.cut
	if c == nil || !c.armed || c.point > 0 {
		return false
	}
	c.found = int(h.own.Decisions() - c.base)
	return true
}

// cutNote names the cut in a failure.
func (h *host) cutNote() string {
	if h.cut == nil || !h.cut.armed || h.cut.point == 0 {
		return ""
	}
	return fmt.Sprintf("with %s at decision point %d: ", quote(h.cut.cmd), h.cut.point)
}
