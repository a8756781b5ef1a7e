package main

// need is who must have signed an entry, by its type (document section 9.1, 4).
type need int

const (
	needAuthor need = iota
	needSealer
	needRotation
	needRegistration
	needBoth
	needOwn
	needConcerned
)

var needs = map[string]need{
	"sealed.recorded": needSealer, "key.rotated": needRotation, "key.registered": needRegistration,

	"ledger.opened": needBoth, "ledger.thawed": needBoth, "ledger.closed": needBoth, "key.reinstated": needBoth,
	"place.registered": needBoth, "rules.adopted": needBoth, "policy.adopted": needBoth,
	"reconciliation.signed_off": needBoth,

	"ledger.frozen": needOwn, "key.suspended": needOwn, "hold.placed": needOwn, "hold.extended": needOwn,
	"hold.lifted": needOwn, "restriction.applied": needOwn, "restriction.lifted": needOwn,
	"erasure.executed": needOwn, "sharing.suspended": needOwn, "sharing.resumed": needOwn,

	"key.revoked": needConcerned, "key.compromised": needConcerned, "key.reaffirmed": needConcerned,
	"authority.registered": needConcerned, "role.granted": needConcerned, "role.ended": needConcerned,
	"ruleset.adopted": needConcerned, "mandate.granted": needConcerned, "mandate.ended": needConcerned,
}

// statement is one event put before the rules: its payload, who signed it, the
// keys it introduces, and where it stands.
type statement struct {
	*payload
	signers  map[string]bool
	intro    introduction
	position int64
}

// allows is 9.1 without the verification of signatures.
func (r *ring) allows(s *statement) bool {
	if !s.intro.ok || !r.standsRight(s) || s.kind == "authority.registered" && isNation(s.data.str("code")) {
		return false
	}
	for i, k := range s.intro.keys {
		if r.keys[k.id] != nil || i > 0 && s.intro.keys[0].id == k.id {
			return false
		}
	}
	if !r.follows(s) {
		return false
	}
	switch needs[s.kind] {
	case needSealer:
		return r.sealerSigned(s)
	case needRotation:
		return r.rotationSigned(s)
	case needRegistration:
		return r.registrationSigned(s)
	case needBoth:
		return r.nationsSigned(s, "GB", "FR")
	case needOwn:
		return r.nationsSigned(s, s.authority)
	case needConcerned:
		nations, ok := r.concerned(s)
		return ok && r.nationsSigned(s, nations...)
	}
	return r.authorSigned(s)
}

// standsRight is rule 2.
func (r *ring) standsRight(s *statement) bool {
	opened := s.kind == "ledger.opened"
	if opened != (s.position == 1) || r.closed {
		return false
	}
	if opened {
		keys := s.intro.keys
		return len(keys) == 2 && isNation(keys[0].nation) && isNation(keys[1].nation) &&
			keys[0].nation != keys[1].nation && s.origin == s.data.str("origin")
	}
	return s.origin == r.origin && (!r.frozen || s.standsFrozen())
}

// standsFrozen: what rule 2 lets stand between ledger.frozen and ledger.thawed.
func (s *statement) standsFrozen() bool {
	return startsWithOne(s.kind, []string{"hold.", "key.", "correction."}) ||
		s.is("policy.adopted", "ledger.thawed", "ledger.closed")
}

// authorityKey is a nation's authority key as it stands for this event.
func (r *ring) authorityKey(s *statement, nation string) *key {
	if s.kind == "ledger.opened" {
		for _, k := range s.intro.keys {
			if k.nation == nation {
				return k
			}
		}
	}
	return r.authority[nation]
}

// nationsSigned: these nations have signed; authority is one of GB and FR, has
// itself signed, and key_id is its authority key or one that preceded it.
func (r *ring) nationsSigned(s *statement, nations ...string) bool {
	if !isNation(s.authority) {
		return false
	}
	k, named := r.authorityKey(s, s.authority), r.keys[s.keyID]
	if k == nil || k.id != s.keyID && (named == nil || newest(named) != k) {
		return false
	}
	for _, nation := range append([]string{s.authority}, nations...) {
		if !r.nationSigned(s, nation) {
			return false
		}
	}
	return true
}

// nationSigned: its authority key has signed and is neither ended nor
// suspended; a suspended one counts on key.reinstated of itself alone.
func (r *ring) nationSigned(s *statement, nation string) bool {
	k := r.authorityKey(s, nation)
	if k == nil || !s.signers[k.id] || k.until != 0 {
		return false
	}
	return !k.suspended || s.kind == "key.reinstated" && s.data.str("key") == k.id
}
