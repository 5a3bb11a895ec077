package build

import "strings"

// diffLines is a line diff of want against got: "-" for what the book has,
// "+" for what there really is, with two lines of context.
func diffLines(want, got string) string {
	a, b := lines(want), lines(got)
	if len(a)*len(b) > 4_000_000 {
		return "(too long to compare line by line)"
	}
	return withContext(align(a, b), 2)
}

// align is the longest common subsequence, written as marked lines.
func align(a, b []string) []string {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, " "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "-"+a[i])
			i++
		default:
			out = append(out, "+"+b[j])
			j++
		}
	}
	return out
}

func withContext(marked []string, n int) string {
	var b strings.Builder
	skipped := false
	for i, line := range marked {
		near := false
		for k := max(0, i-n); k <= min(len(marked)-1, i+n); k++ {
			near = near || marked[k][0] != ' '
		}
		if !near {
			skipped = true
			continue
		}
		if skipped && b.Len() > 0 {
			b.WriteString("…\n")
		}
		skipped = false
		b.WriteString(line + "\n")
	}
	return b.String()
}

func lines(s string) []string {
	s = strings.TrimSuffix(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
