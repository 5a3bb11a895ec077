package serve

import (
	"context"
	"net/http"
	"path/filepath"
	"runtime"
	"time"
)

// startAnew compiles this program again, because one of its sources was
// saved, and becomes the new one. The simulator is part of the program, so
// this is how a change in it reaches the book. A change that does not compile
// leaves everything as it is.
func (s *session) startAnew(ctx context.Context, server *http.Server, file string) error {
	s.say("%s changed: compiling", file)
	name := filepath.Join(s.Config.Root, ".bothhalves", "bin", "site"+exeSuffix())
	if err := goBuild(ctx, s.Config.Root, name, "./site"); err != nil {
		if ctx.Err() == nil {
			s.report(err)
		}
		return nil
	}
	s.labs.stop()
	s.pages.close()
	short, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	addr := s.address()
	_ = server.Shutdown(short)
	return become(name, []string{"start", "-addr", addr}, s.Config.Root)
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
