package main

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a note (document section 7.1).
const (
	maxNote      = 262144
	maxNoteLines = 64
)

// noteLine is a signature line: whose key, and what follows the key id.
type noteLine struct {
	name  string
	keyID [4]byte
	rest  []byte
}

// note is a signed note that is a checkpoint.
type note struct {
	text   string
	origin string
	size   int64
	root   hash
	lines  []noteLine
}

// parseNote reads a checkpoint note; it checks no signature.
func parseNote(in []byte) (*note, bool) {
	if len(in) > maxNote || !utf8.Valid(in) {
		return nil, false
	}
	for _, b := range in {
		if b < ' ' && b != '\n' {
			return nil, false
		}
	}
	// The text runs up to and including the newline before the last empty line.
	split := bytes.LastIndex(in, []byte("\n\n"))
	if split < 0 {
		return nil, false
	}
	n := &note{text: string(in[:split+1])}
	rest := string(in[split+2:])
	if !strings.HasSuffix(rest, "\n") {
		return nil, false
	}
	lines := strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
	if len(lines) > maxNoteLines {
		return nil, false
	}
	for _, line := range lines {
		l, ok := parseNoteLine(line)
		if !ok {
			return nil, false
		}
		n.lines = append(n.lines, l)
	}
	return n, n.parseCheckpoint()
}

func parseNoteLine(line string) (l noteLine, ok bool) {
	rest, ok := after(line, "\u2014 ")
	words := strings.Split(rest, " ")
	if !ok || len(words) != 2 || !isKeyName(words[0]) {
		return l, false
	}
	b, ok := unbase64(words[1])
	if !ok || len(b) < len(l.keyID) {
		return l, false
	}
	l.name = words[0]
	copy(l.keyID[:], b)
	l.rest = b[len(l.keyID):]
	return l, true
}

// isKeyName: not empty, no "+", no White_Space (which is what IsSpace tests).
func isKeyName(s string) bool {
	return s != "" && !strings.Contains(s, "+") && strings.IndexFunc(s, unicode.IsSpace) < 0
}

// parseCheckpoint reads the text's exactly three lines.
func (n *note) parseCheckpoint() bool {
	lines := strings.Split(n.text, "\n")
	if len(lines) != 4 || lines[3] != "" || !isOrigin(lines[0]) {
		return false
	}
	var ok [2]bool
	n.origin = lines[0]
	n.size, ok[0] = decimal(lines[1], maxInteger)
	n.root, ok[1] = unbase64Hash(lines[2])
	return ok[0] && ok[1]
}
