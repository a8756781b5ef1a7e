package main

import (
	"encoding/hex"
	"fmt"
)

// The files, by their names and then by their contents (section 12.9).

func entryName(position int64) string { return fmt.Sprintf("entries/%d", position) }

func proofName(position int64) string { return entryName(position) + ".tlog-proof" }

func sectionName(position int64, n int64, part int) string {
	return fmt.Sprintf("sections/%d-%d%s", position, n, sectionSuffixes[part])
}

func (v *verifier) missing(name string) error {
	if v.c.named[name] == nil {
		return refuseFile("file-missing", name)
	}
	return nil
}

// checkMissing: the five files that are always there, then member by member
// what one needs of the others.
func (v *verifier) checkMissing() error {
	needed := []string{manifestName, recipeName, checkpointName, policyName, keysName}
	for _, f := range v.c.files {
		switch p := f.parsed; {
		case p.kind == kindEntry && p.part == partEntry:
			needed = append(needed, proofName(p.position))
		case p.kind == kindSection:
			needed = append(needed, entryName(p.position), sectionName(p.position, p.section, partKey-p.part))
		}
	}
	for _, name := range needed {
		if err := v.missing(name); err != nil {
			return err
		}
	}
	return nil
}

// checkManifest: its CRC, its form, and that it lists what is there.
func (v *verifier) checkManifest() error {
	f := v.c.named[manifestName]
	if err := v.c.checkContent(f); err != nil {
		return err
	}
	content, err := v.c.read(f)
	if err != nil {
		return err
	}
	m, ok := parseManifest(content)
	if !ok {
		return refuse("manifest-form")
	}
	v.m = m
	others := v.c.files[1:] // manifest.json is the first in the order
	if len(others) != len(m.files) {
		return refuse("file-list")
	}
	for i, f := range others {
		if m.files[i].name != f.name || m.files[i].size != f.size {
			return refuse("file-list")
		}
	}
	return v.checkWithheldList()
}

// checkWithheldList: proofs without an entry are those of the withheld rows.
func (v *verifier) checkWithheldList() error {
	next := 0
	for _, f := range v.c.files {
		p := f.parsed
		if p.kind != kindEntry || p.part != partProof || v.c.named[entryName(p.position)] != nil {
			continue
		}
		if next == len(v.m.withheld) || v.m.withheld[next].position != p.position {
			return refuse("withheld-list")
		}
		next++
	}
	if next != len(v.m.withheld) {
		return refuse("withheld-list")
	}
	return nil
}

// checkContents reads each further file once: its CRC-32, then its SHA-256.
func (v *verifier) checkContents() error {
	for i, f := range v.c.files[1:] {
		if err := v.c.checkContent(f); err != nil {
			return err
		}
		if hex.EncodeToString(f.digest[:]) != v.m.files[i].sha256 {
			return refuseFile("file-digest", f.name)
		}
	}
	return nil
}

// checkCheckpoint: the note under the bundle's policy, then under the one
// from elsewhere; and the manifest says of the log what the note does.
func (v *verifier) checkCheckpoint() error {
	text, err := v.c.read(v.c.named[policyName])
	if err != nil {
		return err
	}
	own, ok := parsePolicy(text)
	if !ok {
		return refuse("policy-form")
	}
	if v.noteBytes, err = v.c.read(v.c.named[checkpointName]); err != nil {
		return err
	}
	v.note, ok = parseNote(v.noteBytes)
	if !ok {
		return refuse("checkpoint")
	}
	if v.decided, ok = own.judge(v.note); !ok {
		return refuse("checkpoint")
	}
	if v.elsewhere != nil {
		if v.decided, ok = v.elsewhere.judge(v.note); !ok {
			return refuse("checkpoint-elsewhere")
		}
	}
	v.trace("checkpoint: %s size %d, %d cosigned, final %v", v.note.origin, v.note.size, len(v.decided.cosigned), v.decided.final)
	if v.m.origin != v.note.origin || v.m.size != v.note.size || v.m.root != toBase64(v.note.root[:]) {
		return refuse("log-differs")
	}
	return nil
}
