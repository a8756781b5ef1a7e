package main

// cosignature is a policy's witness that cosigned, and when it says it did.
type cosignature struct {
	name string
	time int64
}

// noteVerdict is what a policy says of a checkpoint that holds.
type noteVerdict struct {
	cosigned []cosignature // in the order of the policy
	final    bool
	first    int64 // the earliest time of a witness of the quorum, or -1
}

// judge verifies a note under the policy (document sections 7.1 and 7.2). ok
// is false where a known key did not sign what it is said to have signed, or
// no listed log, its key named after the origin, signed.
func (p *policy) judge(n *note) (verdict noteVerdict, ok bool) {
	byLog := false
	for _, key := range p.logs {
		signed, _, ok := key.find(n)
		if !ok {
			return verdict, false
		}
		byLog = byLog || signed && key.name == n.origin
	}
	has := map[string]bool{}
	for _, w := range p.witnesses {
		signed, time, ok := w.key.find(n)
		if !ok {
			return verdict, false
		}
		if signed {
			has[w.name] = true
			verdict.cosigned = append(verdict.cosigned, cosignature{w.name, time})
		}
	}
	verdict.first = p.earliest(verdict.cosigned)
	verdict.final = p.reached(has)
	return verdict, byLog
}

// find looks for this key's lines: one that does not verify condemns the
// note, of several good ones the first counts.
func (k *noteKey) find(n *note) (signed bool, time int64, ok bool) {
	for _, line := range n.lines {
		if !k.matches(line) {
			continue
		}
		t, good := k.verify(n, line)
		if !good {
			return false, 0, false
		}
		if !signed {
			signed, time = true, t
		}
	}
	return signed, time, true
}

// reached says whether the quorum has witnessed, given who cosigned. Groups
// only name what is defined before them, so one pass in order is enough.
func (p *policy) reached(has map[string]bool) bool {
	if p.quorum == "none" {
		return true
	}
	for _, g := range p.groups {
		count := 0
		for _, m := range g.members {
			if has[m] {
				count++
			}
		}
		has[g.name] = count >= g.least
	}
	return has[p.quorum]
}

// earliest is the first time that one of whom the quorum is made of states, or
// -1: what stands beside the quorum counts for nothing.
func (p *policy) earliest(cosigned []cosignature) int64 {
	counts := map[string]bool{p.quorum: true}
	for i := len(p.groups) - 1; i >= 0; i-- {
		for _, m := range p.groups[i].members {
			counts[m] = counts[m] || counts[p.groups[i].name]
		}
	}
	first := int64(-1)
	for _, c := range cosigned {
		if counts[c.name] && (first < 0 || c.time < first) {
			first = c.time
		}
	}
	return first
}
