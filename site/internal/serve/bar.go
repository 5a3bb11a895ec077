package serve

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Bar returns a progress report for builds: a bar that fills up, on a
// terminal, and nothing anywhere else.
func Bar(w io.Writer) func(done, total int, page string) {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(done, total int, page string) {
		if total < 2 {
			return
		}
		fmt.Fprint(w, barLine(done, total, page))
		if done == total {
			fmt.Fprint(w, "\r\x1b[K")
		}
	}
}

func barLine(done, total int, page string) string {
	const width = 28
	full := width * done / total
	return fmt.Sprintf("\r\x1b[K[%s%s] %d/%d %s", strings.Repeat("█", full), strings.Repeat("·", width-full), done, total, page)
}
