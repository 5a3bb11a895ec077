package build

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed assets
var assets embed.FS

// A view is what the page template shows.
type view struct {
	Title   string
	Heading template.HTML
	Label   string // "Chapter 1", "Lab", …
	Summary string
	Minutes int
	Kind    string // class of the body
	Slug    string
	Body    template.HTML
	TOC     []tocEntry
	Prev    *navEntry
	Next    *navEntry
	Nav     []navPart
}

type tocEntry struct {
	Level int
	ID    string
	Text  template.HTML
}

type navPart struct {
	Title   string
	Entries []navEntry
}

type navEntry struct {
	Href, Number, Title, Summary string
	Minutes                      int
	Current                      bool
}

// assemble puts the rendered pages into the frame of the site and adds the
// pages that nobody wrote. others are the ids of those.
func (b *Builder) assemble(pages []*page) (*Site, map[string]map[string]int, error) {
	site := &Site{Files: map[string][]byte{}, Slugs: map[string]string{}}
	parts := b.navigation(pages)
	front := contentsView(parts)
	pages = withoutFront(pages, func(p *page) { front = frontView(p, parts) })
	for i, p := range pages {
		v := b.chapterView(p)
		v.Prev, v.Next = neighbors(pages, i)
		v.Nav = markCurrent(parts, p.slug+".html")
		if err := site.add(b.frame, v); err != nil {
			return nil, nil, err
		}
		site.Slugs[p.file] = p.slug + ".html"
	}
	others := map[string]map[string]int{}
	tested, err := b.testedView()
	if err != nil {
		return nil, nil, err
	}
	for _, v := range slices.Concat(b.generated(), b.bareLabs(), []view{b.verbsView(), tested, front, missingView()}) {
		v.Nav = markCurrent(parts, v.Slug+".html")
		if err := site.add(b.frame, v); err != nil {
			return nil, nil, err
		}
		others[v.Slug] = idsIn(string(v.Body))
	}
	return site, others, b.addFiles(site)
}

// withoutFront takes the edition's index.md out of the pages: it becomes the
// front page.
func withoutFront(pages []*page, front func(*page)) []*page {
	var rest []*page
	for _, p := range pages {
		if p.slug == "index" {
			front(p)
		} else {
			rest = append(rest, p)
		}
	}
	return rest
}

func (s *Site) add(frame *template.Template, v view) error {
	var out bytes.Buffer
	if err := frame.ExecuteTemplate(&out, "page.html", v); err != nil {
		return fmt.Errorf("%s: %v", v.Slug, err)
	}
	s.Files[v.Slug+".html"] = out.Bytes()
	return nil
}

// addFiles adds the style sheet, the script and the pictures.
func (b *Builder) addFiles(s *Site) error {
	for _, name := range []string{"book.css", "book.js", "icon.svg"} {
		data, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return err
		}
		s.Files["assets/"+name] = data
	}
	for href, file := range b.env.taken {
		data, err := os.ReadFile(filepath.Join(b.config.Root, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		s.Files[href] = data
	}
	return nil
}

// chapterView is a written page in its frame.
func (b *Builder) chapterView(p *page) view {
	v := view{
		Title: p.title(), Heading: template.HTML(p.heading), Summary: p.front.Summary, Minutes: p.minutes(),
		Kind: "chapter", Slug: p.slug, Body: template.HTML(p.html), Label: p.label(),
	}
	if p.heading == "" {
		v.Heading = template.HTML(template.HTMLEscapeString(v.Title))
	}
	if lab, ok := strings.CutPrefix(p.slug, "lab-"); ok && strings.HasPrefix(p.file, "labs/") {
		v.Body = b.labBody(lab, p.html)
	}
	for _, h := range p.headings {
		if h.level <= 3 {
			v.TOC = append(v.TOC, tocEntry{h.level, h.id, template.HTML(h.html)})
		}
	}
	return v
}

func (p *page) title() string {
	if p.front.Title != "" {
		return p.front.Title
	}
	if p.heading != "" {
		return plainText(p.heading)
	}
	return p.slug
}

// number is the chapter's number, "" for an appendix or a lab.
func (p *page) number() string {
	digits, _, ok := strings.Cut(path.Base(p.slug), "-")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n >= 90 || p.front.Part != "" {
		return ""
	}
	return strconv.Itoa(n)
}

func (p *page) label() string {
	switch {
	case strings.HasPrefix(p.file, "labs/"):
		return "Lab"
	case p.number() != "":
		return "Chapter " + p.number()
	}
	return "Appendix"
}

// navigation sorts the pages into parts for the contents.
func (b *Builder) navigation(pages []*page) []navPart {
	parts := []navPart{{Title: "Chapters"}, {Title: "Appendices"}, {Title: "Labs"}}
	for _, p := range withoutFront(pages, func(*page) {}) {
		e := navEntry{Href: p.slug + ".html", Number: p.number(), Title: p.title(), Summary: p.front.Summary, Minutes: p.minutes()}
		at := map[string]int{"Appendix": 1, "Lab": 2}[strings.Fields(p.label())[0]]
		parts[at].Entries = append(parts[at].Entries, e)
	}
	parts[1].Entries = append(parts[1].Entries, navEntry{Href: "verbs.html", Title: "The shell's verbs", Summary: "Every command of the simulated machine, from its own help."},
		navEntry{Href: "tested.html", Title: testedTitle, Summary: testedSummary})
	for _, v := range b.bareLabs() {
		parts[2].Entries = append(parts[2].Entries, navEntry{Href: v.Slug + ".html", Title: v.Title})
	}
	var out []navPart
	for _, part := range parts {
		if len(part.Entries) > 0 {
			out = append(out, part)
		}
	}
	return out
}

func markCurrent(parts []navPart, href string) []navPart {
	out := make([]navPart, len(parts))
	for i, p := range parts {
		out[i] = navPart{Title: p.Title, Entries: append([]navEntry(nil), p.Entries...)}
		for k := range out[i].Entries {
			out[i].Entries[k].Current = out[i].Entries[k].Href == href
		}
	}
	return out
}

func neighbors(pages []*page, i int) (prev, next *navEntry) {
	at := func(k int) *navEntry {
		if k < 0 || k >= len(pages) {
			return nil
		}
		return &navEntry{Href: pages[k].slug + ".html", Title: pages[k].title()}
	}
	if i == 0 {
		return &navEntry{Href: "index.html", Title: "Contents"}, at(1)
	}
	return at(i - 1), at(i + 1)
}
