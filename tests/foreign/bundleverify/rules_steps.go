package main

// rolesOfType are the roles that keys of a type other than 01 may have (9.2).
var rolesOfType = map[string]string{codeSealing: roleSealing, codeP256: "official"}

// follows is section 9.2: what may follow what, signed as it must be.
func (r *ring) follows(s *statement) bool {
	k := r.keys[s.data.str("key")]
	switch s.kind {
	case "ledger.opened":
		return s.authority == "GB" && len(s.intro.keys) == 2 && s.intro.keys[0].id != s.intro.keys[1].id
	case "key.registered":
		code, role := s.data.str("type_code"), s.data.str("role")
		attested, _ := memberOf(s.data, "attested").(bool)
		if code == codeEd25519 {
			return role != roleSealing
		}
		return attested && role == rolesOfType[code]
	case "key.rotated":
		old := r.keys[s.data.str("old")]
		return old.inForce() && old.typeCode == s.data.str("type_code") && old.commitsTo(s.intro.keys[0])
	case "key.revoked":
		return k != nil && k.until == 0 && k.role != roleNational
	case "key.suspended":
		return k.inForce()
	case "key.reinstated":
		return k != nil && k.until == 0 && k.suspended
	case "key.compromised":
		from, _ := s.data.integer(fieldSuspect)
		return k != nil && from <= s.position && (k.suspectFrom == 0 || from < k.suspectFrom) &&
			(k.until != 0 || k.role != roleNational)
	case "key.reaffirmed":
		return k != nil && k.suspectFrom != 0
	case "ledger.thawed":
		return r.frozen
	case "ledger.closed":
		return s.data.str("successor") != r.origin
	case "policy.adopted":
		return r.policyFollows(s)
	}
	return true
}

// policyFollows: a policy governs what comes; only the first may say 0 or 1.
func (r *ring) policyFollows(s *statement) bool {
	from, _ := s.data.integer("from_size")
	if len(r.policies) == 0 {
		return from <= 1 || from >= s.position
	}
	return from >= s.position && from > r.policies[len(r.policies)-1].fromSize
}
