package build

import (
	"fmt"
	"html"
	"strings"

	"bothhalves/site/internal/listing"
)

// goBlock renders ```go blocks. With symbol= or file= and region= the body is
// a listing: it has to be what the source says.
func goBlock(p *page, f *fence) string {
	if len(f.attrs) == 0 {
		return codeBlock(p, f)
	}
	if bad := f.attrs.unknown("symbol", "file", "region", "doc", "fold"); bad != "" {
		p.problem(f.pos, fmt.Sprintf("a listing has no attribute %q", bad), "it knows symbol=, file=, region=, doc=off and fold=LAB/TASK")
	}
	cut, err := f.cut(p.env.sources)
	if err != nil {
		p.problem(f.pos, err.Error(), "name a symbol (package.Func, package.Type.Method) or a file and the first words of a comment in it")
		return codeBlock(p, f)
	}
	p.sources[cut.File] = true
	f.compare(p, cut)
	return f.fold(p, listingHTML(p, cut, f.title()))
}

func (f *fence) cut(x *listing.Index) (listing.Cut, error) {
	symbol, file, region := f.attrs["symbol"], f.attrs["file"], f.attrs["region"]
	switch {
	case symbol != "" && region != "":
		return x.SymbolRegion(symbol, region)
	case symbol != "":
		return x.Symbol(symbol, f.attrs["doc"] != "off")
	case file != "" && region != "":
		return x.Region(file, region)
	}
	return listing.Cut{}, fmt.Errorf("a listing without symbol= and without file= and region=")
}

// compare reports where the Markdown's copy differs from the source.
func (f *fence) compare(p *page, cut listing.Cut) {
	if f.body == cut.Text {
		return
	}
	if !f.flat {
		p.problem(f.pos, "an indented listing cannot be kept identical with its source", "start the block in column 1")
		return
	}
	p.drift(f.pos, fmt.Sprintf("the listing differs from %s:%d", cut.File, cut.First), f.body, cut.Text, f.replace(cut.Text))
}

func (f *fence) title() string {
	if s := f.attrs["symbol"]; s != "" {
		return s
	}
	return f.attrs["region"]
}

func listingHTML(p *page, cut listing.Cut, title string) string {
	p.code += strings.Count(cut.Text, "\n")
	href := p.env.showSource(cut.File)
	p.links = append(p.links, link{raw: cut.File, page: strings.TrimSuffix(href, ".html")})
	return fmt.Sprintf(`<figure class="listing"><figcaption><span class="what">%s</span> <a href="%s#L%d">%s:%d</a></figcaption>%s</figure>`+"\n",
		html.EscapeString(title), href, cut.First, html.EscapeString(cut.File), cut.First, p.env.highlight("go", cut.Text))
}

// fold hides a listing behind the task that asks the reader to write it.
func (f *fence) fold(p *page, listing string) string {
	task, ok := f.attrs["fold"]
	if !ok {
		return listing
	}
	href, title, err := p.env.labs.find(task)
	if err != nil {
		p.problem(f.pos, "fold="+task+": "+err.Error(), "fold=LAB/TASK names a task under labs/")
		return listing
	}
	return fmt.Sprintf(`<details class="fold"><summary>The code that task <b>%s</b> asks you to write. Open it when you have tried.</summary>`+
		`<p class="foldlink"><a href="%s">%s</a></p>`+"\n%s</details>\n", html.EscapeString(task), href, html.EscapeString(title), listing)
}
