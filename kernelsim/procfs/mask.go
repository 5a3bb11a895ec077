package procfs

import (
	"fmt"
	"strings"
)

// cpuList prints numbers in order as the format %*pbl does: 0-2,5.
func cpuList(ids []int) string {
	var parts []string
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 {
			j++
		}
		part := fmt.Sprint(ids[i])
		if j > i {
			part += fmt.Sprintf("-%d", ids[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// cpuMask prints numbers as the format %*pb does (bitmap_string,
// lib/vsprintf.c): hexadecimal, 32 of n bits a group, the highest first.
func cpuMask(ids []int, n int) string {
	words := make([]uint32, (n+31)/32)
	for _, id := range ids {
		words[id/32] |= 1 << (id % 32)
	}
	text := ""
	for i := len(words) - 1; i >= 0; i-- {
		bits := 32
		if i == len(words)-1 && n%32 != 0 {
			bits = n % 32
		}
		if text != "" {
			text += ","
		}
		text += fmt.Sprintf("%0*x", (bits+3)/4, words[i])
	}
	return text
}
