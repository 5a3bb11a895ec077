package build

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"bothhalves/site/console"
)

// lint returns what is wrong with a page's HTML by rules that every page has
// to keep: ids once, labels that have fields, pictures with a text, lists of
// items, nothing block-like inside a paragraph, nothing from elsewhere.
func lint(page string) []string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	l := linter{ids: map[string]int{}}
	l.visit(doc)
	for _, id := range l.refs {
		if l.ids[id] == 0 {
			l.say("something refers to the id %s, which is not there", id)
		}
	}
	for _, id := range sortedKeys(l.ids) {
		if l.ids[id] > 1 {
			l.say("the id %s is there %d times", id, l.ids[id])
		}
	}
	if l.count["main"] != 1 || l.count["h1"] != 1 || l.count["title"] == 0 {
		l.say("want one main and one h1 and a title, got %d, %d and %d", l.count["main"], l.count["h1"], l.count["title"])
	}
	if !strings.HasPrefix(page, "<!doctype html>") || !strings.Contains(page, `<html lang="en">`) {
		l.say("no doctype or no language")
	}
	return append(l.wrong, unbalanced(page)...)
}

type linter struct {
	ids   map[string]int
	refs  []string
	count map[string]int
	wrong []string
}

func (l *linter) say(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

func (l *linter) visit(n *html.Node) {
	if n.Type == html.ElementNode {
		if l.count == nil {
			l.count = map[string]int{}
		}
		l.count[n.Data]++
		l.element(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		l.visit(c)
	}
}

func (l *linter) element(n *html.Node) {
	for _, a := range n.Attr {
		switch a.Key {
		case "id":
			l.ids[a.Val]++
		case "for", "aria-describedby", "aria-labelledby":
			l.refs = append(l.refs, strings.Fields(a.Val)...)
		case "src", "href", "action", "srcset", "poster", "data":
			l.reference(n, a.Val)
		case "style":
			l.say("<%s> has a style of its own", n.Data)
		}
		if strings.HasPrefix(a.Key, "on") {
			l.say("<%s> has a handler %s", n.Data, a.Key)
		}
	}
	if n.Data == "img" && attribute(n, "alt") == "" {
		l.say("a picture without a text")
	}
	if n.Data == "li" && n.Parent != nil && n.Parent.Data != "ul" && n.Parent.Data != "ol" {
		l.say("<li> in <%s>", n.Parent.Data)
	}
	if n.Data == "a" && attribute(n, "href") == "" {
		l.say("a link without a target")
	}
}

// reference refuses what a page from file: on a machine without a network
// could not load; a link that the reader follows may lead elsewhere.
func (l *linter) reference(n *html.Node, to string) {
	if n.Data == "a" && external(to) {
		return
	}
	if strings.Contains(to, "//") || strings.HasPrefix(to, "/") {
		l.say("<%s> refers to %s", n.Data, to)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// unbalanced reports tags that a parser has to repair: a browser would, too,
// but not always in the way that was meant.
func unbalanced(page string) []string {
	void := []string{"meta", "link", "br", "hr", "img", "input", "wbr", "!doctype"}
	var open, wrong []string
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				wrong = append(wrong, fmt.Sprintf("never closed: %v", open))
			}
			return wrong
		case html.StartTagToken:
			name, _ := z.TagName()
			if !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
			if len(open) > 1 && open[len(open)-2] == "p" && slices.Contains([]string{"p", "div", "ul", "ol", "pre", "figure", "aside", "section", "details", "table"}, string(name)) {
				wrong = append(wrong, "<"+string(name)+"> inside <p>")
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				return append(wrong, fmt.Sprintf("</%s> closes nothing; open are %v", name, open))
			}
			open = open[:len(open)-1]
		}
	}
}

func TestLintFinds(t *testing.T) {
	const before, after = `<!doctype html><html lang="en"><head><title>t</title></head><body><main><h1>h</h1>`, `</main></body></html>`
	tests := []struct{ body, want string }{
		{`<p id="a">x</p><a href="b.html#c">y</a><a href="https://kernel.org">z</a>`, ""},
		{`<p id="a"></p><p id="a"></p>`, "2 times"},
		{`<label for="x">l</label>`, "id x"},
		{`<img src="a.png">`, "without a text"},
		{`<img src="https://example.com/a.png" alt="a">`, "refers to"},
		{`<script src="//cdn/x.js"></script>`, "refers to"},
		{`<a href="/abs">x</a>`, "refers to"},
		{`<p><em>x</p>`, "closes nothing"},
		{`<p><div>x</div></p>`, "inside <p>"},
		{`<div><li>x</li></div>`, "<li> in"},
		{`<p style="color:red">x</p>`, "style"},
		{`<h1>two</h1>`, "one h1"},
		{`<section>`, "closes nothing"},
	}
	for _, tt := range tests {
		got := strings.Join(lint(before+tt.body+after), "; ")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.body, got, tt.want)
		}
	}
}

func TestPagesAreValid(t *testing.T) {
	everything := "# All\n\n"
	for _, name := range []string{"listing", "console", "predict", "figure", "witness", "instructor"} {
		data, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		everything += "## " + name + "\n\n" + strings.Split(string(data), "//- - - - - - - - -//\n")[1] + "\n\n"
	}
	site, _ := testBook(t, map[string]string{"book/en/01-one.md": chapterOne, "book/en/02-two.md": chapterTwo, "book/en/03-all.md": everything}).Build()
	lintSite(t, site)
}

func lintSite(t *testing.T, site *Site) {
	t.Helper()
	for _, name := range sortedKeys(site.Files) {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, w := range lint(string(site.Files[name])) {
			t.Errorf("%s: %s", name, w)
		}
	}
	for _, name := range []string{"assets/book.css", "assets/book.js"} {
		if text := string(site.Files[name]); strings.Contains(text, "://") || strings.Contains(text, "@import") || strings.Contains(text, "url(") {
			t.Errorf("%s loads something", name)
		}
	}
}

// TestTheBook builds the book of this repository, whole.
func TestTheBook(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Config{Root: root, Open: console.Open, Layouts: console.Layouts()})
	if err != nil {
		t.Fatal(err)
	}
	site, err := b.Build()
	if err != nil {
		t.Errorf("%v", err)
	}
	if site != nil {
		lintSite(t, site)
	}
}
