package main

// Entries, full and withheld together, by position (section 12.9).

// checkEntries walks the proofs: every entry produced has one.
func (v *verifier) checkEntries() error {
	first, withheld := true, 0
	for _, f := range v.c.files {
		p := f.parsed
		if p.kind != kindEntry || p.part != partProof {
			continue
		}
		file := v.c.named[entryName(p.position)]
		if first && (p.position != 1 || file == nil) {
			return refuse("genesis")
		}
		first = false
		var leaf hash
		var content []byte
		var err error
		if file != nil {
			if content, err = v.c.read(file); err != nil {
				return err
			}
			leaf = leafHash(content)
		} else {
			leaf = v.m.withheld[withheld].leaf
			withheld++
		}
		if err := v.checkProof(f, leaf); err != nil {
			return err
		}
		if file != nil {
			if err := v.checkEntry(file, content); err != nil {
				return err
			}
		}
	}
	if first {
		return refuse("genesis")
	}
	return nil
}

func (v *verifier) checkProof(f *file, leaf hash) error {
	content, err := v.c.read(f)
	if err != nil {
		return err
	}
	path, ok := parseProof(content, f.parsed.position, v.noteBytes)
	if !ok {
		return refuseFile("proof-form", f.name)
	}
	if root, ok := climb(leaf, f.parsed.position-1, v.note.size, path); !ok || root != v.note.root {
		return refuseFile("proof-wrong", f.name)
	}
	return nil
}

// checkEntry is what is asked of a full entry after its proof.
func (v *verifier) checkEntry(f *file, content []byte) error {
	position := f.parsed.position
	e, ok := parseEntry(content)
	if !ok {
		return refuseFile("entry-form", f.name)
	}
	p, ok := parsePayload(e.payload)
	if !ok {
		return refuseFile("payload-form", f.name)
	}
	if position == 1 && p.kind != "ledger.opened" {
		return refuse("genesis")
	}
	if p.stream != e.stream || p.origin != v.note.origin {
		return refuseFile("entry-header", f.name)
	}
	if !v.inOrder(e, position) {
		return refuseFile("entry-order", f.name)
	}
	if v.ids[p.id] {
		return refuseFile("id-repeated", f.name)
	}
	v.ids[p.id] = true
	s, err := v.checkSignatures(f, e, p)
	if err != nil {
		return err
	}
	kept := v.keep(e, s)
	if err := v.checkSections(kept, p); err != nil {
		return err
	}
	v.ring.apply(s)
	v.trace("entry %d: %s, %s version %d", position, p.kind, e.stream, e.version)
	return nil
}

// checkTimes: no entry was recorded after one of the quorum had cosigned it
// (section 8.6), but for exercises, where the clock is told.
func (v *verifier) checkTimes() error {
	const second, apart = 1000000, 121 // two clocks 120 s apart, and what whole seconds leave open
	for _, e := range v.full {
		if !v.ring.exercise && v.decided.first >= 0 && e.recorded >= 0 && e.recorded/second-apart >= v.decided.first {
			return refuseFile("entry-late", entryName(e.position))
		}
	}
	return nil
}

// inOrder: recorded not before the full entry in front of it; versions rise,
// by no more than the positions between allow.
func (v *verifier) inOrder(e *entry, position int64) bool {
	if n := len(v.full); n > 0 && e.recorded < v.full[n-1].recorded {
		return false
	}
	seen := v.streams[e.stream]
	if seen == nil {
		seen = &streamSeen{version: v.carried[e.stream]}
	}
	return e.version > seen.version && e.version-seen.version <= position-seen.position
}

// checkSignatures: every line names another key, known and good; then 9.1.
func (v *verifier) checkSignatures(f *file, e *entry, p *payload) (*statement, error) {
	s := &statement{payload: p, signers: map[string]bool{}, intro: introduced(p), position: f.parsed.position}
	keys := make([]*key, len(e.signatures))
	for i, sig := range e.signatures {
		for _, k := range s.intro.keys { // of two under one id the latter
			if k.id == sig.keyID {
				keys[i] = k
			}
		}
		if known := v.ring.keys[sig.keyID]; known != nil {
			keys[i] = known
		}
		if keys[i] == nil || s.signers[sig.keyID] {
			return nil, refuseFile("key-unknown", f.name)
		}
		s.signers[sig.keyID] = true
	}
	for i := range e.signatures {
		if keys[i].typeCode != codeEd25519 || !e.signatures[i].verify(keys[i].public, e.payload) {
			return nil, refuseFile("signature", f.name)
		}
	}
	if !v.ring.allows(s) {
		return nil, refuseFile("key-rule", f.name)
	}
	for _, k := range keys {
		k.signed++
	}
	v.signatures += len(keys)
	return s, nil
}

// keep notes what later checks ask about an entry.
func (v *verifier) keep(e *entry, s *statement) *fullEntry {
	kept := &fullEntry{position: s.position, recorded: e.recorded, version: e.version, id: s.id, kind: s.kind, keyID: s.keyID,
		general: s.regime == "GENERAL"}
	seen := v.streams[s.stream]
	if seen == nil {
		seen = &streamSeen{}
		v.streams[s.stream] = seen
	}
	kept.stream, kept.earlier = s.stream, seen.count
	*seen = streamSeen{s.position, e.version, seen.count + 1}
	v.full = append(v.full, kept)
	v.byPosition[s.position] = kept
	switch s.kind {
	case sealedType:
		kept.nation = s.data.str("nation")
		v.sealed[kept.nation]++
	case "ledger.opened":
		if streams := s.data.object("predecessor").object("open_streams"); streams != nil {
			for _, m := range streams.members {
				v.carried[m.name], _ = streams.integer(m.name)
			}
		}
	case "index.committed":
		size, ok := s.data.natural("size", 0)
		root, ok2 := unhex(s.data.str("root"), 32)
		if _, known := v.committed[size]; ok && ok2 && !known && size < s.position {
			var h hash
			copy(h[:], root)
			v.committed[size] = h
		}
	case "report.issued":
		if v.m.question.kind == askReport && s.id == v.m.question.report {
			v.report, v.reportData = kept, s.data
		}
	case "access.combined", "mandate.granted":
		v.basisFound = v.basisFound || s.id == v.m.basis
	}
	return kept
}
