package shell

// nearest is the candidate that a misspelt name most likely meant, or "".
// One slip is forgiven in three letters, two in six, and never more than
// three: a far-fetched suggestion is worse than none.
func nearest(name string, candidates []string) string {
	best, limit := "", min(3, (len(name)+2)/3)
	for _, c := range candidates {
		if d := distance(name, c); d <= limit && (best == "" || d < distance(name, best)) {
			best = c
		}
	}
	return best
}

// distance counts the letters to insert, drop, change or swap to get from a
// to b (optimal string alignment).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+differ(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func differ(x, y byte) int {
	if x == y {
		return 0
	}
	return 1
}

// didYouMean is the tail of an error about an unknown name.
func didYouMean(name string, candidates []string) string {
	if n := nearest(name, candidates); n != "" {
		return "; did you mean " + n + "?"
	}
	return ""
}
