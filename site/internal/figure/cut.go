package figure

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cut narrows a timeline: from and to are durations since its beginning, cpus
// a list as "0,2", events a regular expression for the marks that stay.
// Empty strings leave things as they are.
func (t Timeline) Cut(from, to, cpus, events string) (Timeline, error) {
	start, err := offset(from, 0)
	if err != nil {
		return t, fmt.Errorf("from: %v", err)
	}
	end, err := offset(to, t.To-t.From)
	if err != nil {
		return t, fmt.Errorf("to: %v", err)
	}
	re, err := regexp.Compile(events)
	if err != nil {
		return t, fmt.Errorf("events: %v", err)
	}
	end = min(end, t.To-t.From)
	if end <= start {
		return t, fmt.Errorf("nothing lies between %v and %v", time.Duration(start), time.Duration(end))
	}
	out := Timeline{From: t.From + start, To: t.From + end}
	for i, l := range t.Lanes {
		if cpus == "" || slices.Contains(splitList(cpus), strconv.Itoa(i)) {
			out.Lanes = append(out.Lanes, l.cut(out.From, out.To, re))
		}
	}
	return out, nil
}

// Window narrows a timeline to absolute times; until 0 means the end.
func (t Timeline) Window(since, until int64) Timeline {
	if until == 0 {
		until = t.To
	}
	since = max(since, t.From)
	out := Timeline{From: since, To: max(until, since)}
	for _, l := range t.Lanes {
		out.Lanes = append(out.Lanes, l.cut(out.From, out.To, regexp.MustCompile("")))
	}
	return out
}

func (l Lane) cut(from, to int64, events *regexp.Regexp) Lane {
	out := Lane{Name: l.Name}
	for _, s := range l.Spans {
		if s.End > from && s.Start < to {
			s.Start, s.End = max(s.Start, from), min(s.End, to)
			out.Spans = append(out.Spans, s)
		}
	}
	for _, m := range l.Marks {
		if m.At >= from && m.At <= to && events.MatchString(m.Label) {
			out.Marks = append(out.Marks, m)
		}
	}
	return out
}

func offset(text string, otherwise int64) (int64, error) {
	if strings.TrimSpace(text) == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(strings.TrimSpace(text))
	return int64(d), err
}
