package main

import "sort"

// refused is the answer where a check failed (section 12.9).
func refused(r *refusal) *object {
	var name value
	if r.file != "" {
		name = r.file
	}
	return newObject("problem", newObject("code", r.code, "file", name), "verdict", "refused")
}

// verdict is the answer where none did (section 12.10).
func (v *verifier) verdict() *object {
	question, _ := v.m.object.get("question")
	claim, _ := v.m.object.get("complete")
	log, _ := v.m.object.get("log")
	decides, rederived := "bundle", value(nil)
	if v.elsewhere != nil {
		decides = "elsewhere"
	}
	if v.m.answer != nil {
		rederived = false // this verifier does not know the rules of the figures
	}
	cosigned := []value{}
	for _, c := range v.decided.cosigned {
		cosigned = append(cosigned, newObject("name", c.name, "time", c.time))
	}
	return newObject(
		"answer", v.m.answer, "assumed", v.assumed(), "proven", v.proven(), "not_proven", v.notProven(),
		"complete", claim, "question", question, "log", log, "cosigned", cosigned,
		"entries", newObject("full", len(v.full), "withheld", len(v.m.withheld),
			"sealed", newObject("FR", v.sealed["FR"], "GB", v.sealed["GB"])),
		"exercise", v.ring.exercise, "final", v.decided.final, "keys", v.signingKeys(), "policy", decides,
		"problem", nil, "rederived", rederived,
		"sections", newObject("inner_sound", v.innerSound, "inner_unsound", v.innerBad, "opened", v.opened),
		"signatures", v.signatures, "verdict", v.word())
}

func (v *verifier) word() string {
	switch {
	case v.elsewhere == nil:
		return "internally-consistent"
	case v.decided.final:
		return "proven"
	}
	return "not-final"
}

// signingKeys are those that signed full entries, by key id.
func (v *verifier) signingKeys() []value {
	var keys []*key
	for _, k := range v.ring.order {
		if k.signed > 0 {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i].id < keys[j].id })
	list := []value{}
	for _, k := range keys {
		list = append(list, newObject("key_id", k.id, "nation", k.nation, "owner", k.owner, "role", k.role, "signed", k.signed))
	}
	return list
}

// condition is a code of one of the three lists and whether it holds.
type condition struct {
	code  string
	holds bool
}

func codes(conditions ...condition) []value {
	list := []value{}
	for _, c := range conditions {
		if c.holds {
			list = append(list, c.code)
		}
	}
	return list
}

func (v *verifier) proven() []value {
	byStream, versionsWithheld := v.m.complete.byStream, false
	for _, row := range v.m.withheld {
		versionsWithheld = versionsWithheld || row.version != 0
	}
	return codes(
		condition{"bytes", true},
		condition{"in-log", true},
		condition{"signed", true},
		condition{"final", v.elsewhere != nil && v.decided.final},
		condition{"all-positions", !byStream},
		condition{"all-versions", byStream && !versionsWithheld},
		condition{"last-version", v.lastVersion},
		condition{"answer-sums", v.m.question.kind == askFigure},
		condition{"sections-opened", v.opened > 0},
	)
}

func (v *verifier) assumed() []value {
	return codes(
		condition{"policy-keys", v.elsewhere != nil},
		condition{"bundle-keys", v.elsewhere == nil},
		condition{"cosigners-checked", v.decided.final},
		condition{"algorithms", true},
	)
}

// disputed: a full entry of a key reported compromised stands at or behind
// the position from which that key is in doubt.
func (v *verifier) disputed() bool {
	for _, e := range v.full {
		if k := v.ring.keys[e.keyID]; k != nil && k.suspectFrom > 0 && e.position >= k.suspectFrom {
			return true
		}
	}
	return false
}

// stamped: time stamps came with the bundle.
func (v *verifier) stamped() bool {
	last := v.c.files[len(v.c.files)-1] // timestamps/ is last in the order
	return last.parsed.kind == kindTimestamp
}

func (v *verifier) notProven() []value {
	sealed, sealedInRange := false, false
	for _, e := range v.full {
		if e.isSealed() && !e.opened {
			sealed = true
			sealedInRange = sealedInRange || e.position >= v.m.complete.first && e.position <= v.m.complete.last
		}
	}
	answered := v.m.answer != nil
	withheldInRange := answered && v.withheldIn(v.m.complete.first, v.m.complete.last) > 0
	return codes(
		condition{"truth", true},
		condition{"identity", v.elsewhere == nil},
		condition{"not-final", !v.decided.final},
		condition{"registry-whole", int64(len(v.full)) != v.note.size},
		condition{"later", true},
		condition{"last-version", v.m.complete.byStream && !v.lastVersion},
		condition{"withheld", len(v.m.withheld) > 0},
		condition{"sealed", sealed},
		condition{"disputed", v.disputed()},
		condition{"answer-rederived", answered},
		condition{"answer-whole", answered && (withheldInRange || sealedInRange)},
		condition{"timestamps", v.stamped()}, // it has no certificates of any authority
		condition{"clock", true},
	)
}
