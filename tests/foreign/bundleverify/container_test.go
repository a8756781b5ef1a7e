package main

import (
	"bytes"
	"crypto/sha256"
	"math/rand"
	"strings"
	"testing"
)

func testBundle() []byte {
	l := newTestLog().opened()
	incident(l, service)
	return wholePlan(l).make(l)
}

// TestEveryByte: no changed, missing or added byte is accepted, whatever it
// is, as section 12 says of a file that differs from its canonical bytes.
func TestEveryByte(t *testing.T) {
	bundle := testBundle()
	if _, problem := verdictOn(bundle, ""); problem != "" {
		t.Fatal(problem)
	}
	random := rand.New(rand.NewSource(3))
	for at := 0; at < len(bundle); at += 1 + random.Intn(5) {
		changed := append([]byte{}, bundle...)
		changed[at] ^= 1 << uint(random.Intn(8))
		if _, problem := verdictOn(changed, ""); problem == "" {
			t.Fatal("changed at", at)
		}
	}
	for round := 0; round < 300; round++ {
		at := random.Intn(len(bundle))
		cut := append(append([]byte{}, bundle[:at]...), bundle[at+1:]...)
		grown := append(append(append([]byte{}, bundle[:at]...), bundle[at]), bundle[at:]...)
		for _, changed := range [][]byte{cut, grown, bundle[:at]} {
			if _, problem := verdictOn(changed, ""); problem == "" {
				t.Fatal("cut or grown at", at)
			}
		}
	}
}

func TestContainerCodes(t *testing.T) {
	names := func(list ...string) []byte {
		files := map[string][]byte{}
		for _, name := range list {
			files[name] = []byte("x")
		}
		return zipNamed(files, list)
	}
	patched := func(b []byte, at int, with byte) []byte {
		b = append([]byte{}, b...)
		if at < 0 {
			at += len(b)
		}
		b[at] = with
		return b
	}
	two := names("manifest.json", "RECIPE.txt")
	for i, c := range []struct {
		bundle  []byte
		problem string
	}{
		{nil, "not-a-bundle"}, {make([]byte, 22), "not-a-bundle"}, {endRecord(0, 0, 0), "too-many-files"},
		{endRecord(65001, 0, 0), "too-many-files"}, {endRecord(1, 0, 0), "zip-form"},
		{append(make([]byte, 175), endRecord(1, 175, 0)...), "zip-form"},
		{patched(two, -1, 1), "not-a-bundle"}, {patched(two, -12, 3), "not-a-bundle"}, {append([]byte{0}, two...), "not-a-bundle"},
		{append(append([]byte{}, two...), 0), "not-a-bundle"},
		{patched(two, 0, 'Q'), "zip-form manifest.json"}, {patched(two, 8, 8), "zip-form manifest.json"},
		{patched(two, len(two)-22-2*46-23+4, 21), "zip-form"},
		{names("Manifest.json"), "bad-name"}, {names("../x"), "bad-name"}, {names("/entries/1"), "bad-name"},
		{names("entries/0"), "bad-name"}, {names("entries/01"), "bad-name"}, {names("entries\\1"), "bad-name"},
		{names("entries/9007199254740992"), "bad-name"}, {names("entries/"), "bad-name"}, {names("index/.x"), "bad-name"},
		{names("index/X"), "bad-name"}, {names("index/" + strings.Repeat("a", 65)), "bad-name"}, {names("sections/1-16.key"), "bad-name"},
		{names("sections/1-00.key"), "bad-name"}, {names("reports/x.figures.json"), "bad-name"}, {names("other"), "bad-name"},
		{names("RECIPE.txt", "manifest.json"), "file-order"}, {names("entries/10", "entries/9"), "file-order"},
		{names("sections/1-1.sealed", "sections/1-0.sealed"), "file-order"}, {names("entries/9.tlog-proof", "entries/9"), "file-order"},
		{names("index/b", "index/a"), "file-order"}, {names("timestamps/a", "index/a"), "file-order"},
		{names("sections/1-0.key"), "file-too-large sections/1-0.key"},
		{names("manifest.json", "manifest.json"), "file-order"}, {names(strings.Repeat("x", 129)), "zip-form"},
		{names("RECIPE.txt"), "file-missing manifest.json"}, {names("manifest.json"), "file-missing RECIPE.txt"},
	} {
		if _, problem := verdictOn(c.bundle, ""); problem != c.problem {
			t.Errorf("case %d: %q, not %q", i, problem, c.problem)
		}
	}
	large := map[string][]byte{"RECIPE.txt": make([]byte, 65537)}
	if _, problem := verdictOn(zipOf(large), ""); problem != "file-too-large RECIPE.txt" {
		t.Error(problem)
	}
	if _, err := openContainer(bytes.NewReader(nil), maxBundle+1); err.Error() != "too-large" {
		t.Error(err)
	}
}

// TestFileCodes changes the files of a good bundle, and says so truthfully in
// the manifest where the case is not about the manifest.
func TestFileCodes(t *testing.T) {
	set := func(name, content string) func(map[string][]byte) {
		return func(files map[string][]byte) { files[name] = []byte(content) }
	}
	drop := func(name string) func(map[string][]byte) {
		return func(files map[string][]byte) { delete(files, name) }
	}
	for _, c := range []struct {
		problem string
		edit    func(files map[string][]byte)
	}{
		{"file-missing policy.txt", drop("policy.txt")}, {"file-missing keys.jsonl", drop("keys.jsonl")},
		{"file-missing entries/3.tlog-proof", drop("entries/3.tlog-proof")}, {"withheld-list", drop("entries/3")},
		{"genesis", func(files map[string][]byte) { delete(files, "entries/1"); delete(files, "entries/1.tlog-proof") }},
		{"file-missing entries/77", set("sections/77-0.key", strings.Repeat("k", 32))},
		{"file-missing sections/3-0.sealed", set("sections/3-0.key", strings.Repeat("k", 32))},
		{"file-missing sections/3-0.key", set("sections/3-0.sealed", "x")},
		{"policy-form", set("policy.txt", "quorum\n")}, {"checkpoint", set("checkpoint", "x\n")},
		{"checkpoint", set("policy.txt", "quorum none\n")}, {"", set("verify.html", "<p>")},
		{"keys-differ", set("keys.jsonl", "")}, {"proof-form entries/2.tlog-proof", set("entries/2.tlog-proof", "c2sp.org/tlog-proof@v1\n")},
		{"proof-wrong entries/2.tlog-proof", set("entries/2", "x")}, {"index-form index/9.json", set("index/9.json", "{}")},
		{"report-digest reports/014f6b30-1f40-7000-8000-000000000001.signed.pdf", set("reports/014f6b30-1f40-7000-8000-000000000001.signed.pdf", "x")},
		{"timestamp-form timestamps/a", set("timestamps/a", "x")}, {"timestamp-form timestamps/a.2.tsr", set("timestamps/a.2.tsr", "x")},
		{"timestamp-other timestamps/a.1.tsr", set("timestamps/a.1.tsr", "x")}, {"", stamped},
		{"proof-form entries/2.tlog-proof", func(files map[string][]byte) {
			files["entries/2.tlog-proof"] = bytes.Replace(files["entries/2.tlog-proof"], []byte("index 1\n"), []byte("index 2\n"), 1)
		}},
		{"proof-form entries/2.tlog-proof", func(files map[string][]byte) {
			files["entries/2.tlog-proof"] = bytes.Replace(files["entries/2.tlog-proof"], []byte("index"), []byte("extra AAAA\nindex"), 1)
		}},
		{"proof-wrong entries/3.tlog-proof", func(files map[string][]byte) { // another's path
			files["entries/3.tlog-proof"] = bytes.Replace(files["entries/4.tlog-proof"], []byte("index 3\n"), []byte("index 2\n"), 1)
		}},
	} {
		l := newTestLog().opened()
		p := wholePlan(l)
		p.edit = c.edit
		if _, problem := verdictOn(p.make(l), ""); problem != c.problem {
			t.Errorf("%q, not %q", problem, c.problem)
		}
	}
}

// stamped adds a response over the checkpoint and a renewal.
func stamped(files map[string][]byte) {
	first := sha256.Sum256(files["checkpoint"])
	second := sha256.Sum256(append(append([]byte{}, files["checkpoint"]...), first[:]...))
	files["timestamps/a.1.tsr"], files["timestamps/a.2.tsr"] = first[:], append([]byte("x"), second[:]...)
}

func TestManifestCodes(t *testing.T) {
	for i, c := range []struct {
		problem string
		change  func(o *object)
	}{
		{"manifest-form", func(o *object) { o.set("more", int64(1)) }}, {"manifest-form", func(o *object) { o.drop("withheld") }},
		{"manifest-form", func(o *object) { o.set("format", "entente.bundle.v2") }},
		{"manifest-form", func(o *object) { o.set("basis", "x") }}, {"manifest-form", func(o *object) { o.set("answer", nil) }},
		{"manifest-form", func(o *object) { o.set("question", newObject("kind", "stream", "stream", "INC")) }},
		{"manifest-form", func(o *object) { o.set("question", askedPeriod("02:00", "01:00")) }},
		{"manifest-form", func(o *object) { o.object("complete").set("first", "1") }},
		{"manifest-form", func(o *object) { o.object("complete").set("first", int64(0)) }},
		{"claim-gap", func(o *object) { o.object("complete").set("last", int64(9)) }},
		{"manifest-form", func(o *object) { o.object("complete").set("last", int64(-1)) }},
		{"answer-form", func(o *object) { o.set("answer", newObject()) }},
		{"log-differs", func(o *object) { o.object("log").set("size", int64(9)) }},
		{"log-differs", func(o *object) { o.object("log").set("origin", "other") }},
		{"log-differs", func(o *object) { o.object("log").set("root", "AAAA") }},
		{"file-list", func(o *object) { l, _ := o.list("files"); o.set("files", l[1:]) }},
		{"file-list", func(o *object) { l, _ := o.list("files"); l[3].(*object).set("bytes", int64(1)) }},
		{"file-digest policy.txt", func(o *object) { l, _ := o.list("files"); l[2].(*object).set("sha256", strings.Repeat("0", 64)) }},
		{"withheld-list", func(o *object) {
			o.set("withheld", []value{newObject("ground", "x", "leaf_hash", strings.Repeat("0", 64), "position", int64(9))})
		}},
		{"manifest-form", func(o *object) {
			o.set("withheld", []value{newObject("ground", "", "leaf_hash", strings.Repeat("0", 64), "position", int64(9))})
		}},
	} {
		l := newTestLog().opened()
		p := wholePlan(l)
		p.manifest = c.change
		if _, problem := verdictOn(p.make(l), ""); problem != c.problem {
			t.Errorf("case %d: %q, not %q", i, problem, c.problem)
		}
	}
	// A wrong CRC is found before the form, the list and the digest.
	bundle := testBundle()
	bundle[localSize+len(manifestName)] ^= 1
	if _, problem := verdictOn(bundle, ""); problem != "crc manifest.json" {
		t.Error(problem)
	}
}
