package serve

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bothhalves/site/build"
	"bothhalves/site/console"
)

// buffer is a terminal that can be read while it is written to.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

type mute struct{}

func (mute) Line(string, io.Writer, io.Writer) error { return nil }
func (mute) Close()                                  {}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// book starts serving a small book and returns its root, its address and its
// terminal.
func book(t *testing.T) (root, url string, out *buffer) {
	t.Helper()
	root, out = t.TempDir(), &buffer{}
	write(t, filepath.Join(root, "book/en/01-one.md"), "# One\n\nFirst text.\n")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, Options{Config: build.Config{Root: root, Open: func() console.Session { return mute{} }}, Addr: "localhost:0", Out: out, Err: io.Discard})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("serving ended with %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Error("serving does not end")
		}
	})
	eventually(t, "the address", func() bool { return strings.Contains(out.String(), "reading at ") })
	_, rest, _ := strings.Cut(out.String(), "reading at ")
	url, _, _ = strings.Cut(rest, "/  ")
	return root, url, out
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s does not come", what)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// events reads server-sent events as "event data" lines.
func events(t *testing.T, url string) <-chan string {
	t.Helper()
	res, err := http.Get(url + "/_events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	out := make(chan string, 64)
	go func() {
		event := ""
		for in := bufio.NewScanner(res.Body); in.Scan(); {
			if e, ok := strings.CutPrefix(in.Text(), "event: "); ok {
				event = e
			}
			if d, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				out <- event + " " + d
			}
		}
	}()
	return out
}

func expect(t *testing.T, stream <-chan string, want string) {
	t.Helper()
	for end := time.After(10 * time.Second); ; {
		select {
		case got := <-stream:
			if strings.Contains(got, want) {
				return
			}
		case <-end:
			t.Fatalf("no event with %q", want)
		}
	}
}

func TestASaveReachesTheOpenPage(t *testing.T) {
	root, url, _ := book(t)
	if code, text := get(t, url+"/01-one.html"); code != 200 || !strings.Contains(text, "First text.") || !strings.Contains(text, "/_live.js") {
		t.Fatalf("the page: %d %s", code, text)
	}
	stream := events(t, url)
	expect(t, stream, "hello")
	began := time.Now()
	write(t, filepath.Join(root, "book/en/01-one.md"), "# One\n\nSecond text.\n")
	expect(t, stream, "01-one.html")
	t.Logf("from save to event: %v", time.Since(began))
	if _, text := get(t, url+"/01-one.html"); !strings.Contains(text, "Second text.") {
		t.Error("the new text is not served")
	}
	onDisk, err := os.ReadFile(filepath.Join(root, "site/public/01-one.html"))
	if err != nil || strings.Contains(string(onDisk), "/_live.js") {
		t.Errorf("the page on disk: %v, or with the live script", err)
	}
}

func TestMistakesKeepTheLastGoodPage(t *testing.T) {
	root, url, out := book(t)
	stream := events(t, url)
	expect(t, stream, "hello")
	write(t, filepath.Join(root, "book/en/01-one.md"), "# One\n\n[broken](nowhere)\n")
	expect(t, stream, "trouble \"book/en/01-one.md:3: the link nowhere")
	if !strings.Contains(out.String(), "book/en/01-one.md:3: the link nowhere leads nowhere") {
		t.Errorf("the terminal: %s", out)
	}
	if _, text := get(t, url+"/01-one.html"); !strings.Contains(text, "First text.") {
		t.Error("the last good page is gone")
	}
	write(t, filepath.Join(root, "book/en/01-one.md"), "# One\n\nMended.\n")
	expect(t, stream, `trouble ""`)
	if _, text := get(t, url+"/01-one.html"); !strings.Contains(text, "Mended.") {
		t.Error("the mended page is not served")
	}
}

func TestANewChapterAppears(t *testing.T) {
	root, url, _ := book(t)
	stream := events(t, url)
	expect(t, stream, "hello")
	write(t, filepath.Join(root, "book/en/02-two.md"), "# Two\n")
	expect(t, stream, "02-two.html")
	if _, text := get(t, url+"/"); !strings.Contains(text, `href="02-two.html"`) {
		t.Error("the contents do not list it")
	}
}

func TestWhatIsNotThere(t *testing.T) {
	_, url, _ := book(t)
	if code, text := get(t, url+"/no.html"); code != 404 || !strings.Contains(text, "No such page") {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := get(t, url+"/../../go.mod"); code != 404 {
		t.Errorf("a path out of the site: %d", code)
	}
	res, err := http.Post(url+"/", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", res.StatusCode)
	}
}

func TestListenTakesTheNextPort(t *testing.T) {
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	l, err := listen(fmt.Sprintf("localhost:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := l.Addr().(*net.TCPAddr).Port; got <= port || got > port+20 {
		t.Errorf("port %d was taken, got %d", port, got)
	}
	for _, bad := range []string{"localhost", "localhost:x", "localhost:99999", "no such host:80"} {
		if l, err := listen(bad); err == nil {
			l.Close()
			t.Errorf("%s is taken for an address", bad)
		}
	}
}

func TestClassify(t *testing.T) {
	tests := []struct {
		file string
		want string // book, program, checker, task:…, nothing
	}{
		{"book/en/01-one.md", "book"},
		{"book/manuals.txt", "book"},
		{"kernelsim/sim/engine.go", "program"},
		{"kernelsim/sim/engine_test.go", "nothing"},
		{"kernelsim/testdata/x.txtar", "nothing"},
		{"site/build/assets/book.css", "program"},
		{"site/build/testdata/listing.txt", "nothing"},
		{"checker/grade/grade.go", "checker"},
		{"labs/percpu/percpu_carve.go", "book task:percpu/percpu-carve"},
		{"labs/percpu/percpu-tune.ks", "book task:percpu/percpu-tune"},
		{"labs/percpu/testdata/percpu-carve.txtar", "book task:percpu/percpu-carve"},
		{"labs/percpu/percpu_test.go", "nothing"},
		{"labs/percpu/testdata/mutants/percpu_carve/x.go", "book"},
		{"labs/percpu/README.md", "book"},
	}
	for _, tt := range tests {
		c := classify([]string{tt.file})
		var got []string
		if len(c.book) > 0 {
			got = append(got, "book")
		}
		if len(c.program) > 0 {
			got = append(got, "program")
		}
		if c.checker {
			got = append(got, "checker")
		}
		for _, task := range c.tasks {
			got = append(got, "task:"+task)
		}
		if text := strings.Join(got, " "); text != tt.want && !(text == "" && tt.want == "nothing") {
			t.Errorf("%s: %q, want %q", tt.file, text, tt.want)
		}
	}
}

func TestBarLine(t *testing.T) {
	if got := barLine(1, 2, "x"); !strings.Contains(got, strings.Repeat("█", 14)+strings.Repeat("·", 14)+"] 1/2 x") {
		t.Errorf("%q", got)
	}
	if Bar(io.Discard) != nil {
		t.Error("a bar is drawn where no terminal is")
	}
}
