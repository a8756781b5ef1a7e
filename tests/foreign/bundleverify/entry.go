package main

import (
	"bytes"
	"strings"
)

// maxEntry is the size of the greatest entry (document section 3).
const maxEntry = 65535

// maxDigits16 is the greatest number of 16 digits.
const maxDigits16 = 9999999999999999

// entry is what becomes a leaf (section 3).
type entry struct {
	recordedAt string
	recorded   int64 // recordedAt in microseconds
	stream     string
	version    int64
	signatures []signature
	payload    []byte
}

// parseEntry reads an entry strictly: every part of it has one spelling, so
// what is accepted is what writing it again would give.
func parseEntry(in []byte) (*entry, bool) {
	if len(in) > maxEntry {
		return nil, false
	}
	end := bytes.Index(in, []byte("\n\n"))
	if end < 0 {
		return nil, false
	}
	lines := strings.Split(string(in[:end]), "\n")
	if len(lines) < 5 || len(lines) > 4+maxSignatures || lines[0] != "entente.entry.v1" {
		return nil, false
	}
	e := &entry{payload: in[end+2:]}
	if len(e.payload) < 1 || len(e.payload) > maxPayload {
		return nil, false
	}
	var ok [5]bool
	e.recordedAt, ok[0] = after(lines[1], "recorded_at: ")
	e.recorded, ok[1] = instant(e.recordedAt)
	e.stream, ok[2] = after(lines[2], "stream: ")
	version, found := after(lines[3], "version: ")
	e.version, ok[3] = decimal(version, maxDigits16)
	ok[4] = found && e.version >= 1 && isIdentifier(e.stream)
	if ok != [5]bool{true, true, true, true, true} {
		return nil, false
	}
	for _, line := range lines[4:] {
		s, ok := parseSignatureLine(line)
		if !ok {
			return nil, false
		}
		e.signatures = append(e.signatures, s)
	}
	return e, true
}

// after gives what follows a prefix.
func after(s, prefix string) (string, bool) {
	return strings.TrimPrefix(s, prefix), strings.HasPrefix(s, prefix)
}

func parseSignatureLine(line string) (s signature, ok bool) {
	rest, ok := after(line, "signature: ")
	words := strings.Split(rest, " ")
	if !ok || len(words) != 2 && (len(words) != 6 || words[2] != "batch") {
		return s, false
	}
	s.keyID = words[0]
	s.sig, ok = unbase64(words[1])
	if !ok || len(s.sig) == 0 || !isHash(s.keyID) {
		return s, false
	}
	if len(words) == 2 {
		return s, true
	}
	b := &batch{}
	s.batch = b
	b.n, ok = decimal(words[3], maxDigits16)
	if !ok {
		return s, false
	}
	b.index, ok = decimal(words[4], maxDigits16)
	if !ok || b.index >= b.n {
		return s, false
	}
	path, ok := unbase64(words[5])
	if !ok {
		return s, false
	}
	b.path, ok = splitHashes(path)
	return s, ok
}
