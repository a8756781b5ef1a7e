package main

// apply lets an entry that 9.1 allows change ring and registry: from the next
// position on (document section 9.1, rule 3).
func (r *ring) apply(s *statement) {
	p, position := s.payload, s.position
	for _, k := range s.intro.keys {
		k.since = position
		switch p.kind {
		case "ledger.opened":
			r.authority[k.nation] = k
		case "key.registered":
			r.describe(k, p.data)
		case "key.rotated":
			r.rotate(r.keys[p.data.str("old")], k, position)
		}
		r.add(k)
	}
	switch p.kind {
	case "ledger.opened":
		r.origin = p.data.str("origin")
		v, _ := p.data.get("exercise")
		r.exercise, _ = v.(bool)
	case "policy.adopted":
		from, _ := p.data.integer("from_size")
		r.policies = append(r.policies, adoptedPolicy{p.data.str("sha256"), from})
	case "ledger.frozen":
		r.frozen = true
	case "ledger.thawed":
		r.frozen = false
	case "ledger.closed":
		r.closed = true
	case "authority.registered":
		r.registry[p.data.str("code")] = p.data.str("nation")
	case "key.revoked", "key.compromised", "key.suspended", "key.reinstated":
		r.applyToKey(p, r.keys[p.data.str("key")], position)
	}
}

// describe fills in what key.registered says of a key.
func (r *ring) describe(k *key, data *object) {
	k.owner, k.role = data.str("owner"), data.str("role")
	k.nation = operator
	if nation := r.registry[k.owner]; isNation(nation) {
		k.nation = nation
	}
	list, _ := data.list("may_append")
	for _, v := range list {
		kind, _ := v.(string)
		k.scope = append(k.scope, kind)
	}
}

// rotate: the new key takes over owner, nation, role and scope, and the place
// of the nation's authority key where the old one held it.
func (r *ring) rotate(old, k *key, position int64) {
	k.owner, k.nation, k.role, k.scope = old.owner, old.nation, old.role, old.scope
	old.until = position + 1
	old.successor = k
	if r.authority[old.nation] == old {
		r.authority[old.nation] = k
	}
}

func (r *ring) applyToKey(p *payload, k *key, position int64) {
	if k == nil {
		return
	}
	switch p.kind {
	case "key.suspended":
		k.suspended = true
		return
	case "key.reinstated":
		k.suspended = false
		return
	case "key.compromised":
		k.suspectFrom, _ = p.data.integer(fieldSuspect)
	}
	if k.until == 0 {
		k.until = position + 1
	}
}
