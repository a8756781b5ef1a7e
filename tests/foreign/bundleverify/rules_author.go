package main

import "strings"

// Rules of section 9.1 about single keys: the author, the sealer, rotation.

// authorSigned is rule 5, and what the table asks of an author beyond it.
func (r *ring) authorSigned(s *statement) bool {
	k := r.keys[s.keyID]
	if k == nil || !r.authorForce(s, k) {
		return false
	}
	if !has([]string{"service", "officer", "official", roleNational}, k.role) || !k.mayAppend(s.payload) {
		return false
	}
	speaks := k.owner == s.authority || k.role == roleNational && r.registry[s.authority] == k.nation
	if !speaks {
		return false
	}
	switch s.kind {
	case "index.committed":
		return r.registry[s.authority] == joint
	case "report.issued", "report.observation",
		"reconciliation.item_agreed", "reconciliation.item_disputed", "reconciliation.withheld_declared":
		return k.role == "official" && (memberOf(s.data, "nation") == nil || s.data.str("nation") == k.nation)
	}
	return true
}

// authorForce: the key is in force and has signed; where it has ended, one of
// two others has that is in force: its newest successor, or the authority key
// of its nation.
func (r *ring) authorForce(s *statement, k *key) bool {
	if k.until == 0 {
		return k.inForce() && s.signers[k.id]
	}
	for _, other := range []*key{newest(k), r.authority[k.nation]} {
		if other != nil && other != k && other.inForce() && s.signers[other.id] {
			return true
		}
	}
	return false
}

// mayAppend: the scope is empty, or holds the type, or a text in ".*" with
// whose beginning, dot included, the type begins.
func (k *key) mayAppend(p *payload) bool {
	for _, s := range k.scope {
		if s == p.kind || strings.HasSuffix(s, ".*") && strings.HasPrefix(p.kind, s[:len(s)-1]) {
			return true
		}
	}
	return len(k.scope) == 0
}

// sealerSigned: the key key_id, in force or signed for like an author's, of
// role sealer, of data.nation.
func (r *ring) sealerSigned(s *statement) bool {
	k := r.keys[s.keyID]
	return k != nil && r.authorForce(s, k) && k.role == roleSealer &&
		k.nation == s.data.str("nation") && k.mayAppend(s.payload)
}

// rotationSigned: the old key, in force, which key_id names, stated by its
// owner, and the new one.
func (r *ring) rotationSigned(s *statement) bool {
	old, fresh := r.keys[s.data.str("old")], s.intro.keys[0]
	return old.inForce() && s.signers[old.id] && s.signers[fresh.id] &&
		s.keyID == old.id && s.authority == old.owner
}

// registrationSigned: the new key (of type 01: no other can), and
// the nations of the owner. Rule 6 says who may own what.
func (r *ring) registrationSigned(s *statement) bool {
	fresh, data := s.intro.keys[0], s.data
	if fresh.typeCode == codeEd25519 && !s.signers[fresh.id] {
		return false
	}
	owner, role := data.str("owner"), data.str("role")
	nation, registered := r.registry[owner]
	if !registered || !registrable(role) || isNation(nation) && data.str("nation") != nation ||
		!isNation(nation) && isNation(data.str("nation")) {
		return false
	}
	if (role == roleSealer || role == roleSealing) && !isNation(owner) {
		return false
	}
	nations, ok := standFor(nation)
	return ok && r.nationsSigned(s, nations...)
}

// registrable: the roles of section 9; a national authority's key comes from
// ledger.opened or by rotation only.
func registrable(role string) bool {
	return has([]string{"service", "officer", "official", roleSealer, roleSealing}, role)
}

// standFor: a nation stands for itself, OPERATOR and JOINT for both.
func standFor(nation string) ([]string, bool) {
	switch nation {
	case "GB", "FR":
		return []string{nation}, true
	case operator, joint:
		return []string{"GB", "FR"}, true
	}
	return nil, false
}

// concerned is rule 6: the nations that must sign for these types.
func (r *ring) concerned(s *statement) (nations []string, ok bool) {
	var asked []string
	switch s.kind {
	case "key.revoked", "key.compromised", "key.reaffirmed":
		k := r.keys[s.data.str("key")]
		if k == nil {
			return nil, false
		}
		asked = []string{k.nation}
	case "authority.registered":
		if !isIdentifier(s.data.str("code")) {
			return nil, false
		}
		asked = []string{s.data.str("nation")}
		if before, ok := r.registry[s.data.str("code")]; ok {
			asked = append(asked, before)
		}
		if memberOf(s.data, "part_of") != nil {
			asked = append(asked, r.registry[s.data.str("part_of")])
		}
	default:
		asked = []string{s.data.str("nation")}
	}
	for _, nation := range asked {
		some, ok := standFor(nation)
		if !ok {
			return nil, false
		}
		nations = append(nations, some...)
	}
	return nations, true
}
