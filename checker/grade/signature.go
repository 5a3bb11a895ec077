package grade

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bothhalves/checker/script"
)

// A Signature names the misconception behind a way to fail. Signatures are
// made from the mutants and shipped without them.
type Signature struct {
	Task          string `json:"task"`
	Hash          string `json:"hash"`
	Mutant        string `json:"mutant"`
	Misconception string `json:"misconception"`
}

// signatureOf condenses which checks failed, with what they saw on every
// shape.
func signatureOf(r *script.TaskResult) string {
	h := sha256.New()
	for _, c := range r.Checks {
		if c.Status == script.Passed {
			continue
		}
		fmt.Fprintf(h, "%s\x00%s\x00", c.Name, c.Status)
		for _, a := range c.Attempts {
			fmt.Fprintf(h, "%s\x00%d\x00%s\x00%s\x00%s\x01", a.Shape, a.Line, a.Message, a.Want, a.Got)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func signaturePath(l *Lab) string { return filepath.Join(l.Dir, "testdata", "signatures.json") }

// readSignatures reads a lab's signatures; a lab without is one that knows
// none.
func readSignatures(l *Lab) ([]Signature, error) {
	data, err := os.ReadFile(signaturePath(l))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Signature
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("%s: %w", signaturePath(l), err)
	}
	return out, nil
}

// recognize names the misconception of each failed task whose signature
// exactly one mutant has.
func (g *grading) recognize() error {
	known, err := readSignatures(g.lab)
	if err != nil {
		return err
	}
	for id, r := range g.results {
		if r.Status != script.Failed {
			continue
		}
		hash, hits := signatureOf(&r), 0
		for _, s := range known {
			if s.Task == id && s.Hash == hash {
				r.Mistake = s.Misconception
				hits++
			}
		}
		if hits == 1 {
			g.results[id] = r
		}
	}
	return nil
}
