package lapicreg

// A Shorthand is bits 19:18 of the ICR (SDM volume 3, "Interrupt Command
// Register"): destinations that need no destination field.
type Shorthand uint8

// The shorthands.
const (
	NoShorthand Shorthand = iota
	Self
	AllIncludingSelf
	AllExcludingSelf
)

// String is the shorthand as traces write it.
func (s Shorthand) String() string {
	return [4]string{"no-shorthand", "self", "all-self", "all"}[s&3]
}
