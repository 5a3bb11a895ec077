package hrtimer

// before models __timerqueue_less; of equal times the one that came first is
// first, as in the tree.
func (t *Timer) before(o *Timer) bool {
	if t.expires != o.expires {
		return t.expires < o.expires
	}
	return t.order < o.order
}

// first models timerqueue_getnext: the timer that must run first, nil if none
// waits.
func (b *clockBase) first() *Timer {
	if len(b.heap) == 0 {
		return nil
	}
	return b.heap[0]
}

// push models timerqueue_add.
func (b *clockBase) push(t *Timer) {
	b.heap = append(b.heap, t)
	b.up(len(b.heap)-1, t)
}

// pop models timerqueue_del of t, wherever it is.
func (b *clockBase) pop(t *Timer) {
	i, last := t.index-1, len(b.heap)-1
	moved := b.heap[last]
	b.heap[last] = nil
	b.heap = b.heap[:last]
	t.index = 0
	if moved == t {
		return
	}
	if b.place(i, moved); i > 0 && moved.before(b.heap[(i-1)/2]) {
		b.up(i, moved)
	} else {
		b.down(i, moved)
	}
}

// place puts t into slot i.
func (b *clockBase) place(i int, t *Timer) {
	b.heap[i] = t
	t.index = i + 1
}

// up moves t from slot i towards the root.
func (b *clockBase) up(i int, t *Timer) {
	for i > 0 && t.before(b.heap[(i-1)/2]) {
		b.place(i, b.heap[(i-1)/2])
		i = (i - 1) / 2
	}
	b.place(i, t)
}

// down moves t from slot i towards the leaves.
func (b *clockBase) down(i int, t *Timer) {
	for {
		child := 2*i + 1
		if child+1 < len(b.heap) && b.heap[child+1].before(b.heap[child]) {
			child++
		}
		if child >= len(b.heap) || !b.heap[child].before(t) {
			b.place(i, t)
			return
		}
		b.place(i, b.heap[child])
		i = child
	}
}
