package main

import (
	"encoding/hex"
	"strings"
	"testing"
)

const vectorIndex = `{"leaves":[{"index":0,"path":["XAeJn3CXN8NcVfiiIvFHwQ67km4I+cI1S6UaaIEs0Q8=","2QU6r4tqHVmaZP16kHEOO8/J0/a/dmTaEcTbiER9PjU="],` +
	`"position":6,"stream":"CASE-A3","version":2}],"size":7,"stream":"CASE-A3","streams":4}`

func TestIndexVector(t *testing.T) { // 8.4
	x, ok := parseIndexProof([]byte(vectorIndex))
	if !ok {
		t.Fatal("form")
	}
	if got := x.leaves[0].hash(); hex.EncodeToString(got[:]) != "f8f93ac86c1114a4b3aeb95968659c7692b263de74693e55f61ce1a62dfd021e" {
		t.Errorf("leaf %x", got)
	}
	var root hash
	copy(root[:], mustHex(t, "b01a32a14595e0b1baeb57312be5941ec06bc4560f9b9dda145547a26485990a"))
	if !x.verify(root) || x.last() == nil || x.last().version != 2 {
		t.Error("refused")
	}
	for _, change := range [][2]string{
		{`"position":6`, `"position":5`}, {`"version":2`, `"version":1`}, {`"version":2`, `"version":7`}, {`"size":7`, `"size":5`},
		{`"streams":4`, `"streams":2`}, {`"stream":"CASE-A3","streams"`, `"stream":"CASE-A4","streams"`}, {`"index":0`, `"index":1`},
		{`"streams":4`, `"streams":0`},
	} {
		x, ok := parseIndexProof([]byte(strings.Replace(vectorIndex, change[0], change[1], 1)))
		if !ok {
			t.Error("form of", change[1])
		} else if x.verify(root) && x.last() != nil {
			t.Error("accepted", change[1])
		}
	}
	for _, change := range [][2]string{{`"size":7`, `"size":"7"`}, {`"index":0`, `"index":-1`}, {`"leaves"`, ` "leaves"`}, {"Q8=", "Q9="}, {"streams", "streamz"}} {
		if _, ok := parseIndexProof([]byte(strings.Replace(vectorIndex, change[0], change[1], 1))); ok {
			t.Error("accepted form", change[1])
		}
	}
	before := strings.Replace(vectorIndex, `"stream":"CASE-A3","streams"`, `"stream":"AAA","streams"`, 1)
	if x, _ := parseIndexProof([]byte(before)); !x.verify(root) || x.last() != nil {
		t.Error("a stream before the first is not shown to be none")
	}
	empty, _ := parseIndexProof([]byte(`{"leaves":[],"size":0,"stream":"X","streams":0}`))
	if !empty.verify(emptyRoot) || empty.verify(root) {
		t.Error("empty index")
	}
}

// TestIndexOfLog proves presence and absence for many streams of a log.
func TestIndexOfLog(t *testing.T) {
	l := claimLog()
	for _, s := range []string{"A", "AA", "INC", "INC-1", "KEYS", "KEYS0", "LEDGER", "M", "REGISTRY", "Z"} {
		root, proof := l.indexOf(16, s)
		x, ok := parseIndexProof(encode(proof))
		if !ok || !x.verify(root) || (x.last() != nil) != (l.versions[s] > 0) {
			t.Error(s, string(encode(proof)))
		}
	}
}

func TestIndexInBundle(t *testing.T) {
	start := func(l *testLog) *plan {
		root, proof := l.indexOf(16, "INC")
		l.add("index.committed", "IDX", "CENTRE", jointKey, by(jointKey), "size", int64(16), "root", hex.EncodeToString(root[:]))
		p := wholePlan(l)
		p.question = newObject("kind", "stream", "stream", "INC")
		p.complete = newObject("kind", "stream", "stream", "INC", "versions", int64(8))
		p.extra["index/16.json"] = encode(proof)
		return p
	}
	runClaims(t, start, []claimCase{
		{"good", func(l *testLog, p *plan) {}, ""},
		{"spaced", func(l *testLog, p *plan) { p.extra["index/16.json"] = append(p.extra["index/16.json"], '\n') }, "index-form index/16.json"},
		{"not in full", func(l *testLog, p *plan) { p.withheld[17] = 0 }, "index-unknown index/16.json"},
		{"wrong", func(l *testLog, p *plan) {
			p.extra["index/16.json"] = []byte(strings.Replace(string(p.extra["index/16.json"]), `"position":16`, `"position":15`, 1))
		}, "index-wrong index/16.json"},
	})
	l := claimLog()
	p := start(l)
	v, problem := verdictOn(p.make(l), "")
	if problem != "" || !v.lastVersion {
		t.Error("last-version is not shown", problem)
	}
	p.complete.set("versions", int64(7)) // an entry of INC is left out at the end
	p.left[16] = true
	if v, problem = verdictOn(p.make(l), ""); problem != "" || v.lastVersion {
		t.Error("last-version is said to be 7", problem)
	}
}
