// Package near finds what a misspelt name probably meant.
package near

import "strings"

// Best returns the candidate closest to name, or "" if none is close.
func Best(name string, candidates []string) string {
	best, limit := "", 1+len(name)/3
	for _, c := range candidates {
		d := Distance(strings.ToLower(name), strings.ToLower(c))
		if d <= limit && (best == "" || d < Distance(strings.ToLower(name), strings.ToLower(best))) {
			best = c
		}
	}
	return best
}

// Hint is " (did you mean X?)" or nothing, to be put behind a message.
func Hint(name string, candidates []string) string {
	if b := Best(name, candidates); b != "" {
		return " (did you mean " + b + "?)"
	}
	return ""
}

// Distance is the number of bytes to insert, delete or replace to turn a
// into b.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}
