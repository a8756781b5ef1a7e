package main

import "strings"

// checkSections: the opened sections of one entry (section 12.9).
func (v *verifier) checkSections(e *fullEntry, p *payload) error {
	for n := int64(0); n < maxSections; n++ {
		sealedFile := v.c.named[sectionName(e.position, n, partSealed)]
		if sealedFile == nil {
			continue
		}
		keyFile := v.c.named[sectionName(e.position, n, partKey)]
		if n >= int64(len(p.sections)) {
			return refuseFile("section-unknown", sealedFile.name)
		}
		c := &p.sections[n]
		ciphertext, err := v.c.read(sealedFile)
		if err != nil {
			return err
		}
		if !c.committed(ciphertext) {
			return refuseFile("section-ciphertext", sealedFile.name)
		}
		key, err := v.c.read(keyFile)
		if err != nil {
			return err
		}
		if !c.keyCommitted(key) {
			return refuseFile("section-key", keyFile.name)
		}
		plain, ok := openSection(key, ciphertext)
		if !ok {
			return refuseFile("section-open", sealedFile.name)
		}
		v.opened++
		if e.isSealed() && c.name == "inner" {
			v.judgeInner(e, p, plain)
		}
	}
	return nil
}

// judgeInner judges an opened inner event; an unsound one refuses nothing.
func (v *verifier) judgeInner(e *fullEntry, outer *payload, plain []byte) {
	e.opened = true
	if inner := v.soundInner(e, outer, plain); inner != nil {
		v.innerSound++
		e.innerID = inner.id
		return
	}
	v.innerBad++
	v.trace("entry %d: its inner event is unsound", e.position)
}

// notInside is what the type of an inner event may not begin with.
var notInside = strings.Fields("ledger. key. sealed. authority. place. role. rules. ruleset. policy. hold. head. index.")

// soundInner gives the inner event if it is sound (section 12.9), else nil.
func (v *verifier) soundInner(e *fullEntry, outer *payload, plain []byte) *payload {
	w, ok := parseWire(plain)
	if _, canonical := parseCanonical(plain); !ok || !canonical {
		return nil
	}
	p, ok := parsePayload(w.payload)
	if !ok || p.origin != outer.origin || !sameNations(p.releasableTo, outer.releasableTo) ||
		memberOf(p.object, "expected_version") != nil || startsWithOne(p.kind, notInside) {
		return nil
	}
	s := &statement{payload: p, signers: map[string]bool{}, intro: introduced(p), position: e.position}
	for i := range w.signatures {
		sig := &w.signatures[i]
		k := v.ring.keys[sig.keyID]
		if k == nil || s.signers[sig.keyID] || k.typeCode != codeEd25519 || !sig.verify(k.public, w.payload) {
			return nil
		}
		s.signers[sig.keyID] = true
	}
	if len(w.sections) != len(p.sections) {
		return nil
	}
	for i := range p.sections {
		ciphertext, ok := w.sections[p.sections[i].name]
		if !ok || !p.sections[i].committed(ciphertext) {
			return nil
		}
	}
	if v.ring.registry[p.authority] != e.nation || !v.ring.allows(s) {
		return nil
	}
	return p
}

func startsWithOne(s string, beginnings []string) bool {
	for _, b := range beginnings {
		if strings.HasPrefix(s, b) {
			return true
		}
	}
	return false
}

func sameNations(a, b []string) bool {
	for _, nation := range a {
		if !has(b, nation) {
			return false
		}
	}
	return len(a) == len(b)
}
