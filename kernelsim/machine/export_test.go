package machine

// WithWired calls f when the processors stand on their board, before the
// firmware runs.
func WithWired(f func(m *Machine)) Part { return func(p *Parts) { p.wired = f } }
