package firstchunk

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/kernel/percpu"
)

// dumpAllocInfo models pcpu_dump_alloc_info (mm/percpu.c): the sizes, then
// for each allocation its group and the CPU of each unit, dashes where none
// is. Numbers are as wide as the counts of groups and CPUs.
func (s *setup) dumpAllocInfo(level string, ai *percpu.Layout) {
	s.print(level, "pcpu-alloc: s%d r%d d%d u%d alloc=%d*%d",
		ai.Static, ai.Reserved, ai.Dynamic, ai.UnitSize, ai.AllocSize/ai.AtomSize, ai.AtomSize)

	groupWidth, cpuWidth := digits(len(ai.Groups)), digits(s.CPUs)
	upa := max(ai.AllocSize/max(ai.UnitSize, 1), 1)
	width := upa*(cpuWidth+1) + groupWidth + 3
	perLine := roundDownPow2(max(60/width, 1))

	var line strings.Builder
	alloc := 0
	for group, g := range ai.Groups {
		for unit, cpu := range g.CPUs {
			if unit%upa == 0 {
				if alloc > 0 && alloc%perLine == 0 {
					s.print(level, "pcpu-alloc: %s", line.String())
					line.Reset()
				}
				alloc++
				fmt.Fprintf(&line, "[%0*d] ", groupWidth, group)
			}
			if cpu == percpu.EmptyUnit {
				line.WriteString(strings.Repeat("-", cpuWidth) + " ")
			} else {
				fmt.Fprintf(&line, "%0*d ", cpuWidth, cpu)
			}
		}
	}
	s.print(level, "pcpu-alloc: %s", line.String())
}

func digits(n int) int { return len(fmt.Sprint(n)) }

func roundDownPow2(n int) int {
	p := 1
	for p*2 <= n {
		p *= 2
	}
	return p
}

// possibleMask prints CPUs 0 to n-1 as a bitmap: hexadecimal, commas between
// groups of 32 bits, as %*pb does.
func possibleMask(n int) string {
	var words []string
	for ; n > 0; n -= 32 {
		words = append(words, fmt.Sprintf("%0*x", (min(n, 32)+3)/4, uint64(1)<<min(n, 32)-1))
	}
	for i, j := 0, len(words)-1; i < j; i, j = i+1, j-1 {
		words[i], words[j] = words[j], words[i]
	}
	return strings.Join(words, ",")
}
