package view

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"bothhalves/kernelsim/trace"
)

// Perfetto prints the selected records in the Trace Event Format, which
// ui.perfetto.dev opens: a process for every CPU, a thread in it for every
// context, a slice for every span, and an instant for every event.
func Perfetto(w io.Writer, ring *trace.Ring, cpus int, s Selection) error {
	b := bufio.NewWriter(w)
	b.WriteString(`{"displayTimeUnit":"ns","traceEvents":[` + "\n")
	for id := range cpus {
		fmt.Fprintf(b, `{"ph":"M","name":"process_name","pid":%d,"args":{"name":"CPU %d"}},`+"\n", id, id)
		for tid, context := range contexts() {
			fmt.Fprintf(b, `{"ph":"M","name":"thread_name","pid":%d,"tid":%d,"args":{"name":"%s"}},`+"\n", id, tid, context)
		}
	}
	for _, lane := range Lanes(ring, cpus, s) {
		tid := slices.Index(contexts(), lane.Context)
		for _, span := range slices.Concat(lane.Spans, lane.Calls) {
			fmt.Fprintf(b, `{"ph":"X","name":%s,"pid":%d,"tid":%d,"ts":%s,"dur":%s},`+"\n",
				quote(span.Name), lane.CPU, tid, micro(span.From), micro(span.To-span.From))
		}
	}
	s.Each(ring, func(r *trace.Record) bool {
		fmt.Fprintf(b, `{"ph":"i","s":"t","name":%s,"pid":%d,"tid":%d,"ts":%s,"args":{"text":%s}},`+"\n",
			quote(r.Kind.String()), r.CPU, len(contexts())-1, micro(r.Time), quote(Args(r, ring.Names())))
		return true
	})
	b.WriteString(`{"ph":"M","name":"trace_name","pid":0,"args":{"name":"ksim"}}]}` + "\n")
	return b.Flush()
}

// contexts are the threads of a CPU's process, in the order of their numbers.
func contexts() []string { return []string{HardIRQ, SoftIRQ, Task, "events"} }

// micro prints nanoseconds as microseconds.
func micro(ns int64) string { return fmt.Sprintf("%d.%03d", ns/1000, ns%1000) }
