package main

import "testing"

// TestWholeLog: the plain test log verifies, under either policy.
func TestWholeLog(t *testing.T) {
	l := newTestLog().opened()
	v, problem := verdictOn(wholePlan(l).make(l), "")
	if problem != "" || v.verdict().str("verdict") != "internally-consistent" {
		t.Fatal(problem)
	}
	v, problem = verdictOn(wholePlan(l).make(l), testPolicy)
	if problem != "" || v.verdict().str("verdict") != "proven" {
		t.Fatal(problem)
	}
	none := "log " + testLogKey + "\nwitness other " + vectorWitness + "\nquorum other\n"
	if v, problem = verdictOn(wholePlan(l).make(l), none); problem != "" || v.verdict().str("verdict") != "not-final" {
		t.Fatal(problem)
	}
	if _, problem = verdictOn(wholePlan(l).make(l), "log "+vectorLog+"\nquorum none\n"); problem != "checkpoint-elsewhere" {
		t.Fatal(problem)
	}
}

// Each case adds to the opened log (8 entries, so the first added is 9); the
// problem is that of the bundle of everything.
type ruleCase struct {
	name    string
	add     func(l *testLog)
	problem string
}

func runRules(t *testing.T, cases []ruleCase) {
	for _, c := range cases {
		l := newTestLog().opened()
		c.add(l)
		if _, problem := verdictOn(wholePlan(l).make(l), ""); problem != c.problem {
			t.Errorf("%s: %q, not %q", c.name, problem, c.problem)
		}
	}
}

func by(seeds ...byte) []byte { return seeds }

func incident(l *testLog, signers ...byte) *logEntry {
	return l.add("incident.opened", "INC", "POL", service, signers)
}

func rotate(l *testLog, old, fresh byte, signers ...byte) *logEntry {
	return l.add("key.rotated", "KEYS", "POL", old, signers, "old", seedID(old), "registered", seedID(fresh),
		"public_key", toBase64(public(fresh)), "type_code", "01")
}

func onKey(l *testLog, kind, nation string, author, about byte, signers ...byte) *logEntry {
	return l.add(kind, "KEYS", nation, author, signers, "key", seedID(about))
}

func TestAuthorRules(t *testing.T) {
	runRules(t, []ruleCase{
		{"author", func(l *testLog) { incident(l, service) }, ""},
		{"author and another", func(l *testLog) { incident(l, service, gbKey) }, ""},
		{"another alone", func(l *testLog) { incident(l, gbKey) }, "key-rule entries/9"},
		{"unknown key", func(l *testLog) { incident(l, spare) }, "key-unknown entries/9"},
		{"one twice", func(l *testLog) { incident(l, service, service) }, "key-unknown entries/9"},
		{"authority's key speaks", func(l *testLog) { l.add("incident.opened", "INC", "POL", gbKey, by(gbKey)) }, ""},
		{"the other's does not", func(l *testLog) { l.add("incident.opened", "INC", "POL", frKey, by(frKey)) }, "key-rule entries/9"},
		{"sealer is no author", func(l *testLog) { l.add("incident.opened", "INC", "GB", sealerKey, by(sealerKey)) }, "key-rule entries/9"},
		{"for another authority", func(l *testLog) { l.add("incident.opened", "INC", "CENTRE", service, by(service)) }, "key-rule entries/9"},
		{"other origin", func(l *testLog) { incident(l, service).object.set("origin", "other") }, "entry-header entries/9"},
		{"index by the centre", func(l *testLog) {
			l.add("index.committed", "IDX", "CENTRE", jointKey, by(jointKey), "size", int64(0), "root", seedID(1))
		}, ""},
		{"index by a service", func(l *testLog) {
			l.add("index.committed", "IDX", "POL", service, by(service), "size", int64(0), "root", seedID(1))
		}, "key-rule entries/9"},
		{"report by the official", func(l *testLog) { l.add("report.issued", "R", "POL", official, by(official), "nation", "GB") }, ""},
		{"report of the other", func(l *testLog) { l.add("report.issued", "R", "POL", official, by(official), "nation", "FR") }, "key-rule entries/9"},
		{"report by a service", func(l *testLog) { l.add("report.issued", "R", "POL", service, by(service)) }, "key-rule entries/9"},
		{"id again", func(l *testLog) { incident(l, service).object.set("id", testID(3)) }, "id-repeated entries/9"},
		{"scope", func(l *testLog) {
			l.register(spare, "POL", "GB", "service").object.object("data").set("may_append", []value{"case.*", "incident.closed"})
			l.add("incident.closed", "INC", "POL", spare, by(spare))
			l.add("case.opened", "CASE", "POL", spare, by(spare))
			l.add("incident.opened", "INC", "POL", spare, by(spare))
		}, "key-rule entries/12"},
		{"late registration", func(l *testLog) {
			l.add("incident.closed", "INC", "POL", spare, by(spare))
			l.register(spare, "POL", "GB", "service")
		}, "key-unknown entries/9"},
	})
}

func TestSealerAndNations(t *testing.T) {
	runRules(t, []ruleCase{
		{"sealed", func(l *testLog) { l.add("sealed.recorded", "S1", "GB", sealerKey, by(sealerKey), "nation", "GB") }, ""},
		{"sealed of the other", func(l *testLog) { l.add("sealed.recorded", "S1", "GB", sealerKey, by(sealerKey), "nation", "FR") }, "key-rule entries/9"},
		{"sealed by a service", func(l *testLog) { l.add("sealed.recorded", "S1", "POL", service, by(service), "nation", "GB") }, "key-rule entries/9"},
		{"both", func(l *testLog) { l.add("place.registered", "REGISTRY", "FR", frKey, by(frKey, gbKey)) }, ""},
		{"one of both", func(l *testLog) { l.add("place.registered", "REGISTRY", "FR", frKey, by(frKey)) }, "key-rule entries/9"},
		{"not its authority key", func(l *testLog) { l.add("place.registered", "REGISTRY", "FR", gbKey, by(frKey, gbKey)) }, "key-rule entries/9"},
		{"hold", func(l *testLog) { l.add("hold.placed", "H", "FR", frKey, by(frKey)) }, ""},
		{"hold by the other", func(l *testLog) { l.add("hold.placed", "H", "FR", frKey, by(gbKey)) }, "key-rule entries/9"},
		{"hold by an authority", func(l *testLog) { l.add("hold.placed", "H", "POL", gbKey, by(gbKey)) }, "key-rule entries/9"},
		{"mandate", func(l *testLog) { l.add("mandate.granted", "M", "GB", gbKey, by(gbKey), "nation", "GB") }, ""},
		{"mandate of the other", func(l *testLog) { l.add("mandate.granted", "M", "GB", gbKey, by(gbKey), "nation", "FR") }, "key-rule entries/9"},
		{"mandate of both", func(l *testLog) { l.add("mandate.granted", "M", "GB", gbKey, by(gbKey, frKey), "nation", "JOINT") }, ""},
		{"mandate of nobody", func(l *testLog) { l.add("mandate.granted", "M", "GB", gbKey, by(gbKey, frKey)) }, "payload-form entries/9"},
		{"taken over", func(l *testLog) {
			l.add("authority.registered", "REGISTRY", "FR", frKey, by(frKey), "code", "POL", "nation", "FR")
		}, "key-rule entries/9"},
		{"handed over", func(l *testLog) {
			l.add("authority.registered", "REGISTRY", "FR", frKey, by(frKey, gbKey), "code", "POL", "nation", "FR")
			l.add("incident.opened", "INC", "POL", frKey, by(frKey))
		}, ""},
		{"frozen", func(l *testLog) { l.add("ledger.frozen", "LEDGER", "GB", gbKey, by(gbKey)); incident(l, service) }, "key-rule entries/10"},
		{"frozen, then held and thawed", func(l *testLog) {
			l.add("ledger.frozen", "LEDGER", "GB", gbKey, by(gbKey))
			l.add("hold.placed", "H", "FR", frKey, by(frKey))
			l.add("correction.recorded", "INC", "POL", service, by(service))
			l.add("ledger.thawed", "LEDGER", "GB", gbKey, by(gbKey, frKey))
			incident(l, service)
		}, ""},
		{"after the end", func(l *testLog) {
			l.add("ledger.closed", "LEDGER", "GB", gbKey, by(gbKey, frKey))
			incident(l, service)
		}, "key-rule entries/10"},
		{"opened twice", func(l *testLog) {
			l.add("ledger.opened", "LEDGER", "GB", gbKey, by(gbKey, frKey), "origin", testOrigin)
		}, "payload-form entries/9"},
	})
}

func TestKeyLife(t *testing.T) {
	runRules(t, []ruleCase{
		{"rotated", func(l *testLog) {
			rotate(l, service, spare, service, spare)
			l.add("incident.opened", "INC", "POL", spare, by(spare))
		}, ""},
		{"old key after", func(l *testLog) { rotate(l, service, spare, service, spare); incident(l, service) }, "key-rule entries/10"},
		{"old key's spool", func(l *testLog) { rotate(l, service, spare, service, spare); incident(l, service, spare) }, ""},
		{"old key's spool, by the nation", func(l *testLog) { rotate(l, service, spare, service, spare); incident(l, gbKey) }, ""},
		{"not by the other", func(l *testLog) { rotate(l, service, spare, service, spare); incident(l, service, frKey) }, "key-rule entries/10"},
		{"to the successor committed to", func(l *testLog) {
			committing(l, spare)
			rotate(l, 20, spare, 20, spare)
		}, ""},
		{"to another than the successor", func(l *testLog) {
			committing(l, 99)
			rotate(l, 20, spare, 20, spare)
		}, "key-rule entries/10"},
		{"compromised", func(l *testLog) {
			onKey(l, "key.compromised", "GB", gbKey, service, gbKey).object.object("data").set(fieldSuspect, int64(3))
			incident(l, gbKey)
		}, ""},
		{"long chain", func(l *testLog) {
			rotate(l, service, 20, service, 20)
			for seed := byte(20); seed < 30; seed++ {
				rotate(l, seed, seed+1, seed, seed+1)
				incident(l, seed+1)
			}
		}, ""},
		{"rotation by the old alone", func(l *testLog) { rotate(l, service, spare, service) }, "key-rule entries/9"},
		{"rotation by the new alone", func(l *testLog) { rotate(l, service, spare, spare) }, "key-rule entries/9"},
		{"rotation to a known key", func(l *testLog) { rotate(l, service, official, service, official) }, "key-rule entries/9"},
		{"wrong id", func(l *testLog) {
			rotate(l, service, spare, service, spare).object.object("data").set("type_code", "11")
		}, "signature entries/9"},
		{"wrong id, the new key not signing", func(l *testLog) {
			rotate(l, service, spare, service).object.object("data").set("registered", seedID(99))
		}, "key-rule entries/9"},
	})
}

func TestKeyEnds(t *testing.T) {
	runRules(t, []ruleCase{
		{"authority rotated", func(l *testLog) {
			rotate(l, gbKey, spare, gbKey, spare).object.set("authority", "GB")
			l.add("hold.placed", "H", "GB", spare, by(spare))
			l.add("hold.placed", "H", "GB", gbKey, by(gbKey))
		}, "key-rule entries/11"},
		{"revoked", func(l *testLog) { onKey(l, "key.revoked", "GB", gbKey, service, gbKey); incident(l, service) }, "key-rule entries/10"},
		{"revoked by the other", func(l *testLog) { onKey(l, "key.revoked", "FR", frKey, service, frKey) }, "key-rule entries/9"},
		{"revoked, both", func(l *testLog) { onKey(l, "key.revoked", "GB", gbKey, jointKey, gbKey) }, "key-rule entries/9"},
		{"suspended", func(l *testLog) { onKey(l, "key.suspended", "FR", frKey, service, frKey); incident(l, service) }, "key-rule entries/10"},
		{"suspended and back", func(l *testLog) {
			onKey(l, "key.suspended", "FR", frKey, service, frKey)
			onKey(l, "key.reinstated", "FR", frKey, service, frKey, gbKey)
			incident(l, service)
		}, ""},
		{"reinstates itself", func(l *testLog) {
			onKey(l, "key.suspended", "FR", frKey, gbKey, frKey)
			onKey(l, "key.reinstated", "GB", gbKey, gbKey, frKey, gbKey)
			l.add("hold.placed", "H", "GB", gbKey, by(gbKey))
		}, ""},
		{"suspended, reinstates another", func(l *testLog) {
			onKey(l, "key.suspended", "FR", frKey, service, frKey)
			onKey(l, "key.suspended", "FR", frKey, gbKey, frKey)
			onKey(l, "key.reinstated", "GB", gbKey, service, frKey, gbKey)
		}, "key-rule entries/11"},
		{"owner unknown", func(l *testLog) { l.register(spare, "WHO", "GB", "service") }, "key-rule entries/9"},
		{"nation wrong", func(l *testLog) { l.register(spare, "POL", "FR", "service", frKey) }, "key-rule entries/9"},
		{"nation of both named", func(l *testLog) { l.register(spare, "CENTRE", "GB", "service", frKey) }, "key-rule entries/9"},
		{"sealer of an authority", func(l *testLog) { l.register(spare, "POL", "GB", "sealer") }, "key-rule entries/9"},
		{"authority by registration", func(l *testLog) { l.register(spare, "GB", "GB", roleNational) }, "key-rule entries/9"},
		{"registered without itself", func(l *testLog) { l.register(spare, "POL", "GB", "service").signers = by(gbKey) }, "key-rule entries/9"},
		{"registered without the nation", func(l *testLog) { l.register(spare, "POL", "GB", "service").signers = by(spare) }, "key-rule entries/9"},
	})
}

// committing registers key 20 with the digest of its successor.
func committing(l *testLog, next byte) {
	l.register(20, "POL", "GB", "service").object.object("data").set(fieldSuccessor, hexSHA256([]byte(seedID(next))))
}
