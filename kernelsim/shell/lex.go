package shell

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A token is a word, an operator or the end of a command.
type token struct {
	kind tokenKind
	text string
	col  int // from 1; 0 where the words came already split
}

type tokenKind uint8

const (
	tokWord   tokenKind = iota
	tokPipe             // |
	tokWrite            // >
	tokAppend           // >>
	tokEnd              // ; or a line's end
)

// wordToken makes a token of a finished word. A word that is an operator's
// name is that operator, quoted or not: a script's host hands words over
// without their quotes, and the language is the same in all places.
func wordToken(text string, col int) token {
	switch text {
	case "|":
		return token{tokPipe, text, col}
	case ">":
		return token{tokWrite, text, col}
	case ">>":
		return token{tokAppend, text, col}
	}
	return token{tokWord, text, col}
}

// A lexer cuts a line into tokens.
type lexer struct {
	line   string
	pos    int
	tokens []token
	word   strings.Builder
	start  int // column of the word being read, 0 when there is none
}

// lex cuts a text into tokens. A line's end separates commands like a
// semicolon does.
func lex(text string) ([]token, error) {
	if err := readable(text); err != nil {
		return nil, err
	}
	l := &lexer{line: text}
	for l.pos < len(l.line) {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	l.endWord()
	return l.tokens, nil
}

// readable refuses what no editor of text writes: the wrong file was given, or
// it was saved in another encoding.
func readable(text string) error {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return &Error{Status: StatusUsage, Msg: fmt.Sprintf("syntax error: column %d: a byte 0x%02x: this is no UTF-8 text", i+1, text[i])}
		}
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return &Error{Status: StatusUsage, Msg: fmt.Sprintf("syntax error: column %d: a byte 0x%02x: this is no text", i+1, text[i])}
		}
	}
	return nil
}

// next consumes one character, quoted text or operator.
func (l *lexer) next() error {
	switch ch := l.line[l.pos]; ch {
	case ' ', '\t', '\r':
		l.endWord()
		l.pos++
	case '\n', ';':
		l.operator(tokEnd, 1)
	case '|':
		l.operator(tokPipe, 1)
	case '>':
		if strings.HasPrefix(l.line[l.pos:], ">>") {
			l.operator(tokAppend, 2)
		} else {
			l.operator(tokWrite, 1)
		}
	case '#':
		l.endWord()
		l.skipComment()
	case '\'':
		l.beginWord()
		return l.quoted()
	default:
		l.beginWord()
		l.word.WriteByte(ch)
		l.pos++
	}
	return nil
}

// quoted reads from an opening quote past the closing one.
func (l *lexer) quoted() error {
	open := l.pos + 1
	for l.pos++; l.pos < len(l.line); l.pos++ {
		if l.line[l.pos] != '\'' {
			l.word.WriteByte(l.line[l.pos])
			continue
		}
		if !strings.HasPrefix(l.line[l.pos:], "''") {
			l.pos++
			return nil
		}
		l.word.WriteByte('\'')
		l.pos++
	}
	return &Error{Status: StatusUsage, Msg: fmt.Sprintf("syntax error: column %d: the quote that opens here is never closed", open)}
}

func (l *lexer) beginWord() {
	if l.start == 0 {
		l.start = l.pos + 1
	}
}

func (l *lexer) endWord() {
	if l.start == 0 {
		return
	}
	l.tokens = append(l.tokens, wordToken(l.word.String(), l.start))
	l.word.Reset()
	l.start = 0
}

func (l *lexer) operator(kind tokenKind, size int) {
	l.endWord()
	l.tokens = append(l.tokens, token{kind, l.line[l.pos : l.pos+size], l.pos + 1})
	l.pos += size
}

func (l *lexer) skipComment() {
	for l.pos < len(l.line) && l.line[l.pos] != '\n' {
		l.pos++
	}
}
