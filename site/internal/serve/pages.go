package serve

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed live.js
var liveScript []byte

// pages are what is served now, and the browsers that want to hear of the
// next.
type pages struct {
	ready chan struct{} // closed when there is something to serve
	run   string        // names this run of the program

	mu        sync.Mutex
	files     map[string][]byte
	problems  string
	listeners []chan string
	closed    bool
}

func newPages() *pages {
	return &pages{ready: make(chan struct{}), run: fmt.Sprint(time.Now().UnixNano())}
}

// publish replaces what is served and tells the browsers which pages changed.
func (p *pages) publish(files map[string][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var changed []string
	for name, data := range files {
		if !bytes.Equal(p.files[name], data) {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	if p.files == nil {
		close(p.ready)
	}
	p.files = files
	if len(changed) > 0 {
		p.tell("changed", changed)
	}
}

// trouble sets the text of the overlay; "" takes it away.
func (p *pages) trouble(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = text
	p.tell("trouble", text)
}

// tell sends an event to all browsers; one that does not listen misses it.
func (p *pages) tell(event string, data any) {
	text, _ := json.Marshal(data)
	message := fmt.Sprintf("event: %s\ndata: %s\n\n", event, text)
	for _, l := range p.listeners {
		select {
		case l <- message:
		default:
		}
	}
}

// close ends all event streams.
func (p *pages) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, l := range p.listeners {
		close(l)
	}
	p.listeners = nil
}

// ServeHTTP implements http.Handler.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "this site is only read", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	switch r.URL.Path {
	case "/_events":
		p.events(w, r)
		return
	case "/_live.js":
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(liveScript)
		return
	}
	select {
	case <-p.ready:
	case <-r.Context().Done():
		return
	}
	p.file(w, strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/"))
}

// file serves one file; a page gets the script that keeps it fresh.
func (p *pages) file(w http.ResponseWriter, name string) {
	if name == "" || name == "." {
		name = "index.html"
	}
	p.mu.Lock()
	data, ok := p.files[name]
	missing := p.files["404.html"]
	p.mu.Unlock()
	status := http.StatusOK
	if !ok {
		data, name, status = missing, "404.html", http.StatusNotFound
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(status)
	if strings.HasSuffix(name, ".html") {
		data = bytes.Replace(data, []byte("</body>"), []byte("<script src=\"/_live.js\"></script>\n</body>"), 1)
	}
	_, _ = w.Write(data)
}

// events is a stream of server-sent events.
func (p *pages) events(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "no streaming here", http.StatusNotImplemented)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	l, hello := p.join()
	if l == nil {
		return
	}
	defer p.leave(l)
	fmt.Fprint(w, "retry: 300\n", hello)
	flusher.Flush()
	for {
		select {
		case message, ok := <-l:
			if !ok {
				return
			}
			fmt.Fprint(w, message)
			flusher.Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (p *pages) join() (l chan string, hello string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ""
	}
	l = make(chan string, 16)
	p.listeners = append(p.listeners, l)
	run, _ := json.Marshal(p.run)
	trouble, _ := json.Marshal(p.problems)
	return l, fmt.Sprintf("event: hello\ndata: %s\n\nevent: trouble\ndata: %s\n\n", run, trouble)
}

func (p *pages) leave(l chan string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listeners = slices.DeleteFunc(p.listeners, func(c chan string) bool { return c == l })
}
