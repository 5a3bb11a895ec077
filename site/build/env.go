package build

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"bothhalves/site/console"
	"bothhalves/site/internal/figure"
	"bothhalves/site/internal/listing"
	"bothhalves/site/internal/witness"
)

// An env is what all pages share. Pages may be built at the same time.
type env struct {
	root     string
	md       goldmark.Markdown
	runner   *console.Runner
	sources  *listing.Index
	witness  *witness.Data
	labs     *labs
	names    map[string]string // how a page may be called in a link, to its slug
	terms    map[string]string // glossary anchor to definition
	glossary string            // the glossary's slug
	layouts  map[string]figure.Bits

	mu     sync.Mutex
	shown  map[string]string    // generated page to the path that it shows
	taken  map[string]string    // site path of a picture to its path in the repository
	marked map[[2]string]string // language and text to highlighted text
}

// markdown is goldmark with the book's extensions.
func markdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithExtensions(
			extension.Table, extension.Strikethrough, extension.Typographer,
			footnotes{},
			elements{
				fences: map[string]func(*page, *fence) string{
					"go": goBlock, "console": consoleBlock, "predict": predictBlock,
					"figure": figureBlock, "instructor": instructorBlock,
				},
				other: codeBlock,
			},
			braces{makers: map[string]func(*page, *brace) string{
				"oracle": witnessRef, "src": witnessRef, "manual": witnessRef,
				"fig": figRef, "lab": labRef, "=": assertion,
			}},
		),
	)
}

// showSource makes a page of a source file and returns its address.
func (e *env) showSource(file string) string {
	return e.show("src-"+strings.ReplaceAll(file, "/", "-"), file)
}

// showRecording makes a page of a recorded file or folder.
func (e *env) showRecording(place string) string {
	_, name, _ := strings.Cut(place, "/oracle/")
	return e.show("rec-"+strings.ReplaceAll(name, "/", "-"), place)
}

func (e *env) show(slug, file string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shown[slug] = file
	return slug + ".html"
}

// takeAlong copies a file of the repository to the site's pictures.
func (e *env) takeAlong(file string) (string, error) {
	if !pictureName.MatchString(file) {
		return "", fmt.Errorf("not a picture (svg, png, jpg, webp)")
	}
	if _, err := os.Stat(filepath.Join(e.root, filepath.FromSlash(file))); err != nil {
		return "", fmt.Errorf("no such file: %s", file)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	href := "pictures/" + strings.ReplaceAll(file, "/", "-")
	e.taken[href] = file
	return href, nil
}

var pictureName = regexp.MustCompile(`^[^.].*\.(svg|png|jpg|jpeg|webp)$`)

// findTarget returns the address of what a link names: a page, with or
// without .md, or a file of the repository, relative to the linking file.
func (e *env) findTarget(from, target string) (string, bool) {
	if slug, ok := e.names[strings.TrimSuffix(target, ".md")]; ok && !strings.Contains(target, "/") {
		return slug + ".html", true
	}
	file := path.Join(path.Dir(from), target)
	if slug, ok := e.names[file]; ok {
		return slug + ".html", true
	}
	info, err := os.Stat(filepath.Join(e.root, filepath.FromSlash(file)))
	if strings.HasPrefix(file, "../") || err != nil || info.IsDir() {
		return "", false
	}
	return e.showSource(file), true
}

// addName files the ways in which a page may be called: 01-percpu, percpu,
// and its path.
func (e *env) addName(file, slug string) {
	e.names[slug] = slug
	e.names[file] = slug
	if bare := strings.TrimLeft(slug, "0123456789"); strings.HasPrefix(bare, "-") {
		e.names[bare[1:]] = slug
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
