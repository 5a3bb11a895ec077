package drivers

import "bothhalves/kernelsim/machine"

// Moves is
func Moves() machine.Module { return machine.Module{Name: "moves"} }
