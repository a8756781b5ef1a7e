package main

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

func TestEntryCodes(t *testing.T) {
	runRules(t, []ruleCase{
		{"payload spaced", func(l *testLog) { incident(l, service).object.set("a", jsonRaw) }, "payload-form entries/9"},
		{"no regime", func(l *testLog) { incident(l, service).object.drop("regime") }, "payload-form entries/9"},
		{"no data", func(l *testLog) { incident(l, service).object.set("data", int64(1)) }, "payload-form entries/9"},
		{"releasable to nobody", func(l *testLog) { incident(l, service).object.set("releasable_to", []value{}) }, "payload-form entries/9"},
		{"id of another version", func(l *testLog) { incident(l, service).object.set("id", "014f6b30-1f40-4000-8000-000000000001") }, "payload-form entries/9"},
		{"sections empty", func(l *testLog) { incident(l, service).object.set("sections", []value{}) }, ""},
		{"too large", func(l *testLog) { incident(l, service).object.set("x", strings.Repeat("x", maxPayload)) }, "entry-form entries/9"},
		{"recorded earlier", func(l *testLog) {
			incident(l, service).recorded = l.clock.Add(-2 * time.Minute)
		}, "entry-order entries/9"},
		{"recorded at once", func(l *testLog) { incident(l, service).recorded = l.clock.Add(-time.Minute) }, ""},
		{"version skipped", func(l *testLog) { incident(l, service); incident(l, service).version = 3 }, "entry-order entries/10"},
		{"version again", func(l *testLog) { incident(l, service); incident(l, service).version = 1 }, "entry-order entries/10"},
		{"first version above its position", func(l *testLog) { incident(l, service).version = 10 }, "entry-order entries/9"},
		{"batch of another size", func(l *testLog) { incident(l, service).signers = nil }, "entry-form entries/9"},
	})
}

// jsonRaw is a value whose encoding is no canonical JSON.
var jsonRaw = value("x\x00")

// TestVersionGaps: entries not produced leave room for versions, no more.
func TestVersionGaps(t *testing.T) {
	l := newTestLog().opened()
	for i := 0; i < 4; i++ {
		incident(l, service) // positions 9 to 12
	}
	p := wholePlan(l)
	p.left[10], p.left[11] = true, true
	p.complete = positions(1, 9)
	if _, problem := verdictOn(p.make(l), ""); problem != "claim-bounds" {
		t.Error(problem) // position 10 is not there to end the period
	}
	l.entries[11].version = 5
	if _, problem := verdictOn(p.make(l), ""); problem != "entry-order entries/12" {
		t.Error(problem)
	}
}

func TestSections(t *testing.T) {
	build := func(change func(e *logEntry)) (*verifier, string) {
		l := newTestLog().opened()
		e := incident(l, service)
		e.secret("text", []byte(`{"note":"x"}`))
		e.secret("gb", []byte(`{}`))
		change(e)
		p := wholePlan(l)
		p.open = []int64{9}
		return verdictOn(p.make(l), "")
	}
	v, problem := build(func(e *logEntry) {})
	if problem != "" || v.opened != 2 || len(v.proven()) != 5 {
		t.Fatal(problem)
	}
	for _, c := range []struct {
		problem string
		change  func(e *logEntry)
	}{
		{"section-unknown sections/9-2.sealed", func(e *logEntry) { e.secrets = append(e.secrets, e.secrets[0]) }},
		{"section-ciphertext sections/9-0.sealed", func(e *logEntry) { e.secrets[0].ciphertext = append([]byte{0}, e.secrets[0].ciphertext...) }},
		{"section-key sections/9-1.key", func(e *logEntry) { e.secrets[1].key = make([]byte, 32) }},
		{"section-open sections/9-2.sealed", func(e *logEntry) { e.commit("fr", make([]byte, 32), make([]byte, 272)) }},
		{"section-open sections/9-2.sealed", func(e *logEntry) { e.commit("fr", make([]byte, 32), sealPadded(make([]byte, 32), make([]byte, 256))) }},
		{"section-open sections/9-2.sealed", func(e *logEntry) { e.commit("gb", make([]byte, 32), make([]byte, 272)) }},
	} {
		if _, problem := build(c.change); problem != c.problem {
			t.Errorf("%q, not %q", problem, c.problem)
		}
	}
}

// wireOf is the wire form of a payload signed by these.
func wireOf(o *object, signers ...byte) *object {
	payload := encode(o)
	list := []value{}
	for _, seed := range signers {
		list = append(list, newObject("keyid", seedID(seed), "sig", toBase64(edSign(seed, pae(eventType, payload)))))
	}
	return newObject("envelope", newObject("payloadType", eventType, "payload", toBase64(payload), "signatures", list))
}

func TestInner(t *testing.T) {
	inside := func() *object {
		o := header(500, "incident.opened", "INC", "POL", service)
		o.set("releasable_to", []value{"GB"})
		return o
	}
	changed := func(name string, v value) *object { o := inside(); o.set(name, v); return o }
	withSection := inside()
	withSection.set("sections", []value{newObject("bytes", int64(3), "key_sha256", strings.Repeat("0", 64), "name", "text",
		"sha256", hexSHA256([]byte("abc")))})
	wired := func(name, ciphertext string) *object {
		w := wireOf(withSection, service)
		w.set("sections", newObject(name, newObject("ciphertext", ciphertext, "wraps", newObject("GB", "AAAA"))))
		return w
	}
	twice := wireOf(inside(), service, service)
	batched := func(n, index int64, siblings ...hash) *object { return batchWire(inside(), n, index, siblings) }
	for i, c := range []struct {
		plain *object
		sound bool
	}{
		{wireOf(inside(), service), true}, {wireOf(inside(), service, gbKey), true}, {wireOf(inside(), gbKey), false},
		{batched(1, 0), true}, {batched(2, 1, hash{1}), true}, {batched(2, 2, hash{1}), false}, {batched(2, 1), false}, {batched(1<<24+1, 0), false},
		{wireOf(inside(), spare), false}, {twice, false}, {wireOf(inside()), false}, {newObject(), false},
		{wireOf(changed("origin", "other"), service), false}, {wireOf(changed("expected_version", int64(1)), service), false},
		{wireOf(changed("releasable_to", []value{"GB", "FR"}), service), false}, {wireOf(changed("type", "hold.placed"), service), false},
		{wireOf(changed("type", "key.revoked"), gbKey), false}, {wireOf(changed("authority", "CENTRE"), service), false},
		{wireOf(withSection, service), false}, {wired("text", "YWJj"), true}, {wired("text", "YWJk"), false}, {wired("gb", "YWJj"), false},
	} {
		l := newTestLog().opened()
		e := l.add(sealedType, "S1", "GB", sealerKey, by(sealerKey), "nation", "GB")
		e.object.set("sections", []value{})
		e.secret("inner", encode(c.plain))
		p := wholePlan(l)
		p.open = []int64{9}
		v, problem := verdictOn(p.make(l), "")
		if problem != "" || (v.innerSound == 1) != c.sound || v.innerSound+v.innerBad != 1 {
			t.Errorf("case %d: %q, %d sound", i, problem, v.innerSound)
		}
	}
}

// batchWire signs a payload as one of a batch, the others being only hashes.
func batchWire(o *object, n, index int64, siblings []hash) *object {
	w := wireOf(o, service)
	root, _ := climb(leafHash(pae(eventType, encode(o))), index, n, siblings)
	body := make([]byte, 8, 40)
	binary.BigEndian.PutUint64(body, uint64(n))
	list, _ := w.object("envelope").list("signatures")
	list[0].(*object).set("sig", toBase64(edSign(service, pae(batchType, append(body, root[:]...)))))
	list[0].(*object).set("batch", newObject("n", n, "index", index, "path", pathText(siblings)))
	return w
}

// TestInnerLines: a line names the inner event of a sealed entry opened here,
// and nothing of one that is not.
func TestInnerLines(t *testing.T) {
	for i, c := range []struct {
		opened, sound bool
		id            int
		notOpened     int64
		problem       string
	}{
		{true, true, 500, 0, ""}, {true, true, 9, 0, "answer-lines"}, {true, true, 500, 1, "answer-lines"},
		{false, true, 500, 1, "answer-lines"}, {false, true, 9, 1, "answer-lines"}, {true, false, 500, 0, "answer-lines"},
	} {
		l := newTestLog().opened()
		inner := header(500, "incident.opened", "INC", "POL", service)
		inner.set("releasable_to", []value{"GB"})
		if !c.sound {
			inner.set("origin", "other")
		}
		e := l.add(sealedType, "S1", "GB", sealerKey, by(sealerKey), "nation", "GB")
		e.object.set("sections", []value{})
		e.secret("inner", encode(wireOf(inner, service)))
		p := wholePlan(l)
		if c.opened {
			p.open = []int64{9}
		}
		p.question = newObject("as_of", "2015-08-27T02:40:00.000000Z", "code", "F1", "day", "2015-08-27", "kind", "figure", "view", "GB")
		p.answer = newObject("lines", []value{newObject("event", testID(c.id), "position", int64(9), "quantity", int64(1))},
			"not_opened", newObject("FR", int64(0), "GB", c.notOpened), "position", int64(9), "ruleset", "gb/1", "unit", "persons",
			"value", int64(1), "window", newObject("from", "2015-08-27T00:00:00.000000Z", "to", "2015-08-28T00:00:00.000000Z"))
		if _, problem := verdictOn(p.make(l), ""); problem != c.problem {
			t.Errorf("case %d: %q, not %q", i, problem, c.problem)
		}
	}
}
