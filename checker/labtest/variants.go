package labtest

import (
	"errors"
	"fmt"

	"bothhalves/checker/internal/worker"
	"bothhalves/kernelsim/machine"
)

// Variants is the main function of a program that holds several versions of
// a lab's package, which the tests of the labs build to try many wrong
// solutions with one link.
func Variants(parts []func() map[string][]machine.Part) error {
	req, err := worker.Asked()
	if err != nil {
		return err
	}
	if req == nil {
		return errors.New("this program is started by the checker's tests")
	}
	if req.Variant < 0 || req.Variant >= len(parts) {
		return fmt.Errorf("variant %d of %d", req.Variant, len(parts))
	}
	return worker.Serve(req, parts[req.Variant]())
}
