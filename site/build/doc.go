// Package build turns the book's Markdown into a site: listings cut from the
// source, console blocks executed, figures drawn from runs, claims held
// against their witnesses, links checked. It renders into memory; who calls
// it decides what to do with the files.
//
// A chapter is a file book/en/NN-topic.md; files without a number are
// appendices, index.md is the front page. Between two lines of dashes at the
// top stand title, summary, part and minutes. On top of ordinary Markdown with
// tables and footnotes (which become margin notes) there are
//
// Listings, kept identical with the source:
//
//	```go symbol=percpu.Word.Inc [doc=off] [fold=LAB/TASK]
//	```go file=PATH region="First words of a comment"
//	```go symbol=X region="First words of a comment in it"
//
// Console blocks, executed. The blocks of a ## section share one session; a
// named one lives as long as the page; `$ ! command` has to fail:
//
//	```console [continue] [machine=NAME]
//	$ command
//	what it prints
//
// Predictions; answers are computed on a copy of the section's machine:
//
//	```predict
//	The question?
//	ask: key, other (this | that)
//	answer key = VALUE from command; command
//	answer other = VALUE from command
//	why: What to say afterwards.
//
// Figures, with `caption:` and, to be referred to, `name:`. A timeline shows
// the last command of `run:`, or what lies between trace start and trace stop:
//
//	```figure timeline   run: COMMANDS, from: 1us, to: 9us, cpus: 0,1, events: RE
//	```figure units      run: COMMANDS (a machine's first per-CPU chunk)
//	```figure layout     layout: percpu-unit, run: COMMANDS
//	```figure bits       layout: NAME of a register layout
//	```figure map        lines 0xFROM-0xTO name | note, or gap
//	```figure sequence   lanes: A, B, then A -> B: what and A: what
//	```figure flow       a line for each step, | a note
//
// and ```instructor for notes that are folded. In the running text:
//
//	{= VALUE : command =}           the command prints VALUE
//	{= VALUE =}                     the next {oracle:…} line says VALUE
//	{oracle:SCENARIO/RUN/FILE "regular expression"}  {oracle:SCENARIO/RUN}
//	{src:FILE:FUNCTION}  {src:FILE}  {manual:NAME, Section}
//	{fig:NAME}  {lab:LAB/TASK}
//	[text](other-chapter.md#heading)  [term](glossary#term)  [verb](verbs#boot)
package build
