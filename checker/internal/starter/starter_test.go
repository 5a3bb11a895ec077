package starter

import (
	"strings"
	"testing"
)

const solution = `package p

import (
	"errors"
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
)

// F does it.
func F(c *cpu.CPU) error {
	if c == nil {
		return errors.New("no CPU")
	}
	//gap say it
	fmt.Println(help())
	return nil
	//end
}

//gap
func help() string { return "x" }

//end

func G() int {
	//gap
	return 2
	//ship
	//	return 1
	//end
}
`

const want = `package p

import (
	"errors"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/labs/lab"
)

// F does it.
func F(c *cpu.CPU) error {
	if c == nil {
		return errors.New("no CPU")
	}
	panic(lab.TODO("say it"))
}

func G() int {
	return 1
}
`

func TestMake(t *testing.T) {
	got, err := Make("p.go", []byte(solution))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("starter:\n%s\nwant:\n%s", got, want)
	}
	if n := Lines("p.go", []byte(solution)); n != 4 {
		t.Errorf("%d lines solve it, want 4", n)
	}
	plain := string(Plain("p.go", []byte(solution)))
	if strings.Contains(plain, "//gap") || strings.Contains(plain, "return 1") || !strings.Contains(plain, "help()") {
		t.Errorf("plain:\n%s", plain)
	}
}

func TestMakeText(t *testing.T) {
	got, err := Make("p.ks", []byte("# first\n# gap\necho 1\n# ship\n# # say more\n# end\n"))
	if err != nil || string(got) != "# first\n# say more\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestMakeRefuses(t *testing.T) {
	for _, src := range []string{"package p\n", "package p\n//gap x\n", "package p\n//end\n", "package p\n//gap x\n//ship\n//end\n"} {
		if _, err := Make("p.go", []byte(src)); err == nil {
			t.Errorf("%q: no error", src)
		}
	}
}
