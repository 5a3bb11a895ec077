package softirq

import (
	"testing"

	"bothhalves/checker/labtest"
)

func TestLab(t *testing.T) { labtest.Run(t, Parts()) }
