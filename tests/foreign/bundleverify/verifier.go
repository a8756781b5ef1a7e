package main

import (
	"fmt"
	"io"
)

// verifier holds what is kept of a bundle while it is checked: the records of
// the container, the manifest, ring and registry, and a few words on each
// full entry. Contents are read one at a time.
type verifier struct {
	c         *container
	m         *manifest
	elsewhere *policy // nil where none was given
	trace     func(format string, args ...interface{})

	note        *note
	noteBytes   []byte
	decided     noteVerdict // under the policy that decides
	ring        *ring
	full        []*fullEntry // by position
	byPosition  map[int64]*fullEntry
	ids         map[string]bool
	streams     map[string]*streamSeen
	carried     map[string]int64 // versions carried over from a predecessor
	sealed      map[string]int   // full sealed entries by nation
	committed   map[int64]hash   // first index.committed of each size
	report      *fullEntry       // the report.issued event asked for
	reportData  *object
	basisFound  bool
	lastVersion bool
	signatures  int
	opened      int
	innerSound  int
	innerBad    int
}

// fullEntry is what is kept of an entry produced in full.
type fullEntry struct {
	position int64
	recorded int64
	version  int64
	earlier  int64 // full entries of its stream before it
	id       string
	kind     string
	keyID    string
	stream   string
	general  bool   // its regime is GENERAL
	nation   string // of sealed.recorded: data.nation
	opened   bool   // its inner section is opened here
	innerID  string // the id of a sound inner event
}

func (e *fullEntry) isSealed() bool { return e.kind == sealedType }

const sealedType = "sealed.recorded"

// streamSeen is the last full entry seen of a stream, and how many there were.
type streamSeen struct {
	position, version, count int64
}

func newVerifier(elsewhere *policy, trace io.Writer) *verifier {
	v := &verifier{
		elsewhere: elsewhere, ring: newRing(), carried: map[string]int64{}, byPosition: map[int64]*fullEntry{}, ids: map[string]bool{},
		streams: map[string]*streamSeen{}, sealed: map[string]int{"FR": 0, "GB": 0}, committed: map[int64]hash{},
	}
	v.trace = func(format string, args ...interface{}) {
		if trace != nil {
			fmt.Fprintf(trace, format+"\n", args...)
		}
	}
	return v
}

// verify does everything of document section 12.9 in its order. The error is
// a *refusal, or one of reading the file.
func (v *verifier) verify(in io.ReaderAt, size int64) (err error) {
	if v.c, err = openContainer(in, size); err != nil {
		return err
	}
	v.trace("container: %d members in %d bytes", len(v.c.files), size)
	steps := []struct {
		name string
		do   func() error
	}{
		{"files present", v.checkMissing},
		{"manifest", v.checkManifest},
		{"every file is the one listed", v.checkContents},
		{"checkpoint", v.checkCheckpoint},
		{"entries", v.checkEntries},
		{"times", v.checkTimes},
		{"keys.jsonl", v.checkKeysFile},
		{"policy.txt", v.checkPolicy},
		{"claims", v.checkClaims},
		{"reports", v.checkReports},
		{"index", v.checkIndexes},
		{"timestamps", v.checkTimestamps},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			v.trace("%s: %v", step.name, err)
			return err
		}
		v.trace("%s: ok", step.name)
	}
	return nil
}
