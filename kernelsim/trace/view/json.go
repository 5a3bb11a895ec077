package view

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"bothhalves/kernelsim/trace"
)

// JSON prints one object a record, a line each. The time is in nanoseconds
// since power-on; flags are ftrace's five characters.
func JSON(w io.Writer, ring *trace.Ring, s Selection) error {
	b := bufio.NewWriter(w)
	var err error
	s.Each(ring, func(r *trace.Record) bool {
		_, err = fmt.Fprintf(b, `{"time":%d,"cpu":%d,"task":%s,"pid":%d,"flags":%s,"system":%s,"event":%s,"args":{`,
			r.Time, r.CPU, quote(Comm(r, ring.Names())), r.Task, quote(Flags(r)),
			quote(r.Kind.Info().System), quote(r.Kind.String()))
		for i, f := range Fields(r, ring.Names()) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quote(f.Name) + ":" + f.json())
		}
		b.WriteString("}}\n")
		return err == nil
	})
	if err != nil {
		return err
	}
	return b.Flush()
}

// json is the value as JSON; numbers lose the zeros that the kernel prints
// before them.
func (f Field) json() string {
	if !f.Num {
		return quote(f.Text)
	}
	if short := strings.TrimLeft(f.Text, "0"); short != "" {
		return short
	}
	return "0"
}

// quote makes a JSON string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
