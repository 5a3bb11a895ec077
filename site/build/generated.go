package build

import (
	"fmt"
	"html"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// generated are the pages of source files and recordings that the book
// refers to.
func (b *Builder) generated() []view {
	var views []view
	for _, slug := range sortedKeys(b.env.shown) {
		file := b.env.shown[slug]
		body, ok := b.extra[file]
		if !ok {
			body = []byte(b.showPath(file))
			b.extra[file] = body
		}
		label := "Source"
		if strings.HasPrefix(slug, "rec-") {
			label = "Recorded run"
		}
		views = append(views, view{Title: file, Heading: template.HTML("<code>" + html.EscapeString(file) + "</code>"),
			Label: label, Kind: "file", Slug: slug, Body: template.HTML(body)})
	}
	return views
}

// showPath shows a file with numbered lines, or the files of a folder.
func (b *Builder) showPath(file string) string {
	full := filepath.Join(b.config.Root, filepath.FromSlash(file))
	if info, err := os.Stat(full); err == nil && info.IsDir() {
		return b.showFolder(full)
	}
	data, err := os.ReadFile(full)
	if err != nil {
		return "<p>" + html.EscapeString(err.Error()) + "</p>"
	}
	return b.numbered(file, string(data))
}

func (b *Builder) showFolder(full string) string {
	entries, _ := os.ReadDir(full)
	var out strings.Builder
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(full, e.Name()))
		if err != nil || e.IsDir() {
			continue
		}
		fmt.Fprintf(&out, "<details><summary><code>%s</code></summary>%s</details>\n", html.EscapeString(e.Name()), b.env.highlight("", string(data)))
	}
	return out.String()
}

// numbered shows a text with an anchor for each line.
func (b *Builder) numbered(name, text string) string {
	lang := ""
	if strings.HasSuffix(name, ".go") {
		lang = "go"
	}
	code := b.env.highlight(lang, text)
	open := strings.Index(code, "<code>") + len("<code>")
	shut := strings.LastIndex(code, "</code>")
	var out strings.Builder
	out.WriteString(`<pre class="chroma numbered" tabindex="0"><code>`)
	for i, line := range strings.Split(strings.TrimSuffix(code[open:shut], "\n"), "\n") {
		fmt.Fprintf(&out, `<span class="row" id="L%d"><a class="no" href="#L%d" tabindex="-1" aria-hidden="true" data-n="%d"></a>%s`+"\n</span>", i+1, i+1, i+1, line)
	}
	return out.String() + "</code></pre>\n"
}

// verbsView is the appendix of the shell's commands.
func (b *Builder) verbsView() view {
	v := view{Title: "The shell's verbs", Heading: "The shell’s verbs", Label: "Appendix", Kind: "chapter", Slug: "verbs",
		Summary: "Every command of the simulated machine. This page is the shell's own help."}
	var body strings.Builder
	group := ""
	for _, verb := range grouped(b.config.Verbs) {
		if verb.Group != group {
			group = verb.Group
			id := "group-" + slug(group)
			fmt.Fprintf(&body, `<h2 id="%s">%s</h2>`+"\n", id, html.EscapeString(groupTitle(group)))
			v.TOC = append(v.TOC, tocEntry{2, id, template.HTML(html.EscapeString(groupTitle(group)))})
		}
		v.TOC = append(v.TOC, tocEntry{3, slug(verb.Name), template.HTML("<code>" + html.EscapeString(verb.Name) + "</code>")})
		body.WriteString(verb.html())
	}
	v.Body = template.HTML(body.String())
	return v
}

// grouped keeps the verbs' order but brings those of a group together.
func grouped(verbs []Verb) []Verb {
	first := map[string]int{}
	for i, v := range verbs {
		if _, ok := first[v.Group]; !ok {
			first[v.Group] = i
		}
	}
	out := slices.Clone(verbs)
	slices.SortStableFunc(out, func(a, b Verb) int { return first[a.Group] - first[b.Group] })
	return out
}

func groupTitle(group string) string {
	titles := map[string]string{"bench": "At the bench", "box": "At the machine's prompt", "filter": "Behind a pipe", "session": "The session"}
	if t, ok := titles[group]; ok {
		return t
	}
	return group
}

func (v Verb) html() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<h3 id="%s"><code>%s</code></h3><p>%s</p>`, slug(v.Name), html.EscapeString(v.Name), html.EscapeString(v.Summary))
	fmt.Fprintf(&b, `<pre class="usage" tabindex="0"><code>%s</code></pre>`, html.EscapeString(strings.ReplaceAll(v.Usage, " | ", "\n")))
	for _, para := range strings.Split(strings.TrimSpace(v.Detail), "\n\n") {
		if para != "" {
			fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(para))
		}
	}
	if len(v.Flags) > 0 {
		b.WriteString(`<dl class="flags">`)
		for _, f := range v.Flags {
			fmt.Fprintf(&b, "<dt><code>%s</code></dt><dd>%s</dd>", html.EscapeString(f[0]), html.EscapeString(f[1]))
		}
		b.WriteString("</dl>")
	}
	return b.String() + "\n"
}

var fileRow = regexp.MustCompile(`<tr>\n<td><code>([^<.]+)\.[a-z]+</code></td>`)

// labBody is a lab's hand-out. Where it has a table of the tasks' files, the
// rows get the tasks' anchors; where it has none, one is put below.
func (b *Builder) labBody(lab, handout string) template.HTML {
	missing := map[string]bool{}
	for _, t := range b.env.labs.byLab[lab] {
		missing[t.Name] = true
	}
	handout = fileRow.ReplaceAllStringFunc(handout, func(row string) string {
		name := strings.ReplaceAll(fileRow.FindStringSubmatch(row)[1], "_", "-")
		if !missing[name] {
			return row
		}
		delete(missing, name)
		return strings.Replace(row, "<tr>", `<tr id="task-`+name+`">`, 1)
	})
	if len(missing) == 0 {
		return template.HTML(handout)
	}
	return template.HTML(handout) + b.tasks(lab, missing)
}

// tasks is a table of a lab's tasks.
func (b *Builder) tasks(lab string, which map[string]bool) template.HTML {
	var out strings.Builder
	out.WriteString(`<h2 id="tasks-at-a-glance">Tasks at a glance</h2>` + "\n")
	out.WriteString(`<div class="scroll" tabindex="0" role="region" aria-label="Tasks"><table><thead><tr><th scope="col">task</th><th scope="col">what</th><th scope="col">kind</th><th scope="col">size</th><th scope="col">minutes</th></tr></thead><tbody>`)
	for _, t := range b.env.labs.byLab[lab] {
		if !which[t.Name] {
			continue
		}
		fmt.Fprintf(&out, `<tr id="task-%s"><td><code>%s</code></td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>`, html.EscapeString(t.Name),
			html.EscapeString(t.Name), html.EscapeString(t.Title), html.EscapeString(t.Kind), html.EscapeString(t.Size), html.EscapeString(t.Minutes))
	}
	out.WriteString("</tbody></table></div>\n")
	return template.HTML(out.String())
}

// bareLabs are the labs that have no hand-out: their tasks alone.
func (b *Builder) bareLabs() []view {
	var views []view
	for _, lab := range b.env.labs.order {
		if _, ok := b.env.labs.handout(lab); !ok {
			views = append(views, view{Title: lab, Heading: template.HTML(html.EscapeString(lab)), Label: "Lab", Kind: "chapter",
				Slug: labSlug(lab), Body: b.labBody(lab, "")})
		}
	}
	return views
}

// frontView is the first page of a book that has an index.md: its text, then
// the contents. What index.md has under the heading Contents is for those who
// read it as Markdown; here the full list takes its place.
func frontView(p *page, parts []navPart) view {
	v := contentsView(parts)
	text, _, _ := strings.Cut(p.html, `<h2 id="contents"`)
	v.Heading, v.Body = template.HTML(p.heading), template.HTML(text)+v.Body
	if p.front.Summary != "" {
		v.Summary = p.front.Summary
	}
	return v
}

// contentsView is the site's first page.
func contentsView(parts []navPart) view {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&b, `<h2 id="%s">%s</h2><ol class="contents">`, slug(part.Title), part.Title)
		for _, e := range part.Entries {
			minutes := ""
			if e.Minutes > 0 {
				minutes = fmt.Sprintf(`<span class="minutes">%d min</span>`, e.Minutes)
			}
			fmt.Fprintf(&b, `<li><span class="no">%s</span><div><a href="%s">%s</a> %s<p>%s</p></div></li>`, e.Number, e.Href, html.EscapeString(e.Title), minutes, html.EscapeString(e.Summary))
		}
		b.WriteString("</ol>\n")
	}
	return view{Title: "Both Halves", Heading: "Both Halves", Kind: "front", Slug: "index", Body: template.HTML(b.String()),
		Summary: "How Linux turns an interrupt into a packet: a book that runs, on a machine that you can stop."}
}

func missingView() view {
	return view{Title: "No such page", Heading: "No such page", Kind: "missing", Slug: "404",
		Body: `<p>Nothing is here. The <a href="index.html">contents</a> list every page of the book.</p>`}
}

var (
	idAttribute = regexp.MustCompile(` id="([^"]+)"`)
	anyTag      = regexp.MustCompile(`<[^>]*>`)
)

func idsIn(body string) map[string]int {
	ids := map[string]int{}
	for _, m := range idAttribute.FindAllStringSubmatch(body, -1) {
		ids[m[1]] = 0
	}
	return ids
}

func plainText(s string) string { return html.UnescapeString(anyTag.ReplaceAllString(s, "")) }
