// Package shell is the command language of the simulated machine: the one
// interpreter behind the ksim program, the labs' scripts, the book's console
// blocks and the terminal in its pages.
//
// # The language
//
// A line holds one command, or several separated by semicolons. A command is
// words; the first is the verb.
//
//	boot -cpus 2; run 10ms
//	cat /proc/interrupts | grep LOC | head -n 1
//	echo 'two words' > /proc/sys/kernel/printk   # to a file of the machine
//	! cat /proc/nothing                          # must fail
//
// Single quotes group words, and two of them inside quotes are one; there are
// no double quotes, because the labs' scripts (testscript) have none. # outside
// quotes begins a comment. The words > and >> send the output to a file of the
// simulated kernel, | sends it into head, tail, grep, wc or sort; quoting does
// not take these three their meaning. There are no variables, loops or
// patterns: who needs a loop writes Go.
//
// # Failures
//
// A verb that fails prints one line "VERB: what: why" and changes nothing. The
// status is 1; bad arguments have status 2 and show the usage; an unknown verb
// has status 127. A ! before a command turns its success into a failure and
// its failure into success.
//
// # Where things are
//
// Every verb is one file and one Verb value, listed in registry.go; help, the
// usage lines, completion and the book's appendix are made from it. lex.go and
// parse.go are the grammar, session.go and exec.go run it, hardware.go is what
// the verbs of the hardware bench share, filter.go and the files it names are
// the tools behind a pipe, recipe.go is how a machine is saved: as the lines
// that made it.
package shell
