package labs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestShare: whatever the weights, a lab is worth 100 points to the tenth,
// and an order in the handout is the order of the tasks.
func TestShare(t *testing.T) {
	for _, weights := range [][]int{{1}, {1, 1, 1}, {7, 11, 13}, {100, 1}, {3, 3, 3, 3, 3, 3, 3}} {
		dir := filepath.Join(t.TempDir(), "toy")
		if err := os.MkdirAll(filepath.Join(dir, "testdata"), 0o755); err != nil {
			t.Fatal(err)
		}
		readme := ""
		for i, w := range weights {
			id := fmt.Sprintf("toy-%c", 'a'+i)
			readme = "`" + id + "` " + readme
			text := fmt.Sprintf("# Kind: predict\n# Check: one (weight %d)\n# Check: two (weight %d)\n", w, w)
			if err := os.WriteFile(filepath.Join(dir, "testdata", id+".txtar"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte(readme), 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, task := range l.Tasks {
			sum += task.Of()
		}
		if sum != labTenths {
			t.Errorf("weights %v make %d tenths", weights, sum)
		}
		if last := l.Tasks[len(l.Tasks)-1].ID; last != "toy-a" {
			t.Errorf("the handout names toy-a last, and the lab ends with %s", last)
		}
	}
}
