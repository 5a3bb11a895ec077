package build

// instructorBlock renders ```instructor blocks: Markdown, folded.
func instructorBlock(p *page, f *fence) string {
	if !f.flat {
		return p.indented(f)
	}
	words, code := p.words, p.code
	body := p.render(f.start, f.stop)
	p.words, p.code = words, code // not part of the reader's minutes
	return `<details class="instructor"><summary>For instructors</summary>` + "\n" + body + p.flushNotes() + "</details>\n"
}
