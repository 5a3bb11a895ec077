package build

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"bothhalves/site/console"
	"bothhalves/site/internal/figure"
	"bothhalves/site/internal/listing"
	"bothhalves/site/internal/witness"
)

// A Config says what the book is built from.
type Config struct {
	Root    string         // of the repository
	Edition string         // folder of the chapters, "book/en" if empty
	Open    console.Opener // starts a shell session
	Verbs   []Verb         // the shell's, for the appendix
	Tested  []Tested       // the labs' kill tables, for the appendix
	Layouts map[string]figure.Bits

	// Progress, if set, hears of every page that is done.
	Progress func(done, total int, page string)
}

// A Verb is a command of the shell, as the appendix shows it.
type Verb struct {
	Name, Group, Usage, Summary, Detail string
	Flags                               [][2]string
}

// A Builder builds the book again and again, and each time only what an edit
// has touched. It is not safe for use by several goroutines.
type Builder struct {
	config Config
	env    *env
	pages  map[string]*page // by file, as last built
	built  []string         // files that the last Build rendered
	frame  *template.Template
	extra  map[string][]byte
}

// A Site is the finished book: contents by path, slashes, relative.
type Site struct {
	Files map[string][]byte
	Slugs map[string]string // file in the repository to its page's path
}

// New returns a Builder for a book.
func New(c Config) (*Builder, error) {
	if c.Edition == "" {
		c.Edition = "book/en"
	}
	b := &Builder{config: c, pages: map[string]*page{}, extra: map[string][]byte{}}
	b.env = &env{
		root: c.Root, md: markdown(), runner: console.NewRunner(c.Open),
		sources: listing.NewIndex(c.Root, "kernelsim", "labs", "checker", "site"),
		layouts: c.Layouts, shown: map[string]string{}, taken: map[string]string{}, marked: map[[2]string]string{},
	}
	var err error
	if b.frame, err = template.ParseFS(assets, "assets/*.html"); err != nil {
		return nil, err
	}
	return b, b.loadShared()
}

// loadShared reads what all pages refer to.
func (b *Builder) loadShared() (err error) {
	b.env.labs = loadLabs(b.config.Root)
	b.env.witness, err = witness.Load(b.config.Root, "book")
	return err
}

// Ran is the number of shell lines executed so far.
func (b *Builder) Ran() int { return b.env.runner.Ran() }

// Rendered lists the files that the last Build rendered anew.
func (b *Builder) Rendered() []string { return b.built }

// Changed tells the Builder that files have changed on disk (slash paths from
// the root). The next Build renders what depends on them; chapters are
// compared by content and need not be told.
func (b *Builder) Changed(files ...string) error {
	shared := false
	for _, f := range files {
		if strings.HasSuffix(f, ".go") {
			b.env.sources.Forget(f)
			delete(b.extra, f)
			for name, p := range b.pages {
				if p.sources[f] {
					delete(b.pages, name)
				}
			}
			continue
		}
		if !strings.HasPrefix(f, b.config.Edition+"/") {
			clear(b.pages)
			clear(b.extra)
			shared = true
		}
	}
	if !shared {
		return nil
	}
	return b.loadShared()
}

// Build renders the book. If something is wrong with it, the error is of type
// Problems and the site is returned all the same, as good as it could be.
func (b *Builder) Build() (*Site, error) {
	files, err := b.chapters()
	if err != nil {
		return nil, err
	}
	if err := b.register(files); err != nil {
		return nil, err
	}
	pages, err := b.render(files)
	if err != nil {
		return nil, err
	}
	var ps Problems
	for _, p := range pages {
		ps = append(ps, p.problems...)
	}
	site, others, err := b.assemble(pages)
	if err != nil {
		return nil, err
	}
	ps = append(ps, verify(pages, others)...)
	ps = append(ps, b.env.verifyTasks(pages)...)
	ps.sort()
	return site, ps.err()
}

// chapters lists the Markdown files: numbered chapters first, then the
// appendices by name, then the labs' hand-outs.
func (b *Builder) chapters() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(b.config.Root, filepath.FromSlash(b.config.Edition), "*.md"))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no chapters (*.md); is this the root of the repository?", path.Join(b.config.Root, b.config.Edition))
	}
	var files []string
	for _, f := range found {
		if name := filepath.Base(f); name != "README.md" {
			files = append(files, path.Join(b.config.Edition, name))
		}
	}
	slices.Sort(files)
	for _, lab := range b.env.labs.order {
		if f, ok := b.env.labs.handout(lab); ok {
			files = append(files, f)
		}
	}
	return files, nil
}

// register makes all pages known to each other before any is rendered.
func (b *Builder) register(files []string) error {
	b.env.names = map[string]string{"verbs": "verbs", "contents": "index", "index": "index"}
	b.env.glossary = ""
	terms := map[string]string{}
	for _, f := range files {
		slug := pageSlug(f)
		b.env.addName(f, slug)
		if strings.HasSuffix(slug, "glossary") {
			src, err := os.ReadFile(filepath.Join(b.config.Root, filepath.FromSlash(f)))
			if err != nil {
				return err
			}
			b.env.glossary, terms = slug, readTerms(src)
		}
	}
	if !equalMaps(terms, b.env.terms) {
		clear(b.pages) // hover texts stand on every page
	}
	b.env.terms = terms
	return nil
}

func pageSlug(file string) string {
	if strings.HasPrefix(file, "labs/") {
		return labSlug(path.Base(path.Dir(file)))
	}
	return strings.TrimSuffix(path.Base(file), ".md")
}

// render builds the pages whose source is not the one already built, two at
// a time.
func (b *Builder) render(files []string) ([]*page, error) {
	pages := make([]*page, len(files))
	var todo []int
	for i, f := range files {
		src, err := os.ReadFile(filepath.Join(b.config.Root, filepath.FromSlash(f)))
		if err != nil {
			return nil, err
		}
		if old := b.pages[f]; old != nil && bytes.Equal(old.src, normal(src)) {
			pages[i] = old
			continue
		}
		pages[i] = newPage(b.env, f, pageSlug(f), src)
		todo = append(todo, i)
	}
	b.built = nil
	b.progress(0, len(todo), "")
	b.each(todo, func(i int) { pages[i].build() }, func(done int, i int) {
		b.built = append(b.built, files[i])
		b.progress(done, len(todo), files[i])
	})
	clear(b.pages)
	for i, f := range files {
		b.pages[f] = pages[i]
	}
	slices.Sort(b.built)
	return pages, nil
}

func (b *Builder) progress(done, total int, page string) {
	if b.config.Progress != nil {
		b.config.Progress(done, total, page)
	}
}

// each runs work for all indexes on as many processors as there are; after is
// called for one at a time.
func (b *Builder) each(todo []int, work func(int), after func(done, i int)) {
	var wg sync.WaitGroup
	next, finished := make(chan int), make(chan int)
	for range min(runtime.GOMAXPROCS(0), len(todo)) {
		wg.Go(func() {
			for i := range next {
				work(i)
				finished <- i
			}
		})
	}
	go func() {
		for _, i := range todo {
			next <- i
		}
		close(next)
		wg.Wait()
		close(finished)
	}()
	done := 0
	for i := range finished {
		done++
		after(done, i)
	}
}

// Update rewrites what has drifted in the Markdown: listings, recorded
// output, computed answers. It returns the files that it changed; call Build
// afterwards to see what is left.
func (b *Builder) Update() ([]string, error) {
	var changed []string
	for range 3 { // a rewritten block can move what stands behind it
		if _, err := b.Build(); err != nil && !isProblems(err) {
			return changed, err
		}
		again := false
		for _, f := range sortedKeys(b.pages) {
			p := b.pages[f]
			if len(p.edits) == 0 {
				continue
			}
			again = true
			if err := os.WriteFile(filepath.Join(b.config.Root, filepath.FromSlash(f)), p.apply(), 0o644); err != nil {
				return changed, err
			}
			if !slices.Contains(changed, f) {
				changed = append(changed, f)
			}
		}
		if !again {
			break
		}
	}
	return changed, nil
}

func isProblems(err error) bool {
	_, ok := err.(Problems)
	return ok
}

func equalMaps(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
