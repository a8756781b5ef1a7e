package main

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"sort"
)

// plan says what bundle to make of a log.
type plan struct {
	question *object
	complete *object
	withheld map[int64]int64 // position → version claimed, 0 for none
	left     map[int64]bool  // positions not produced
	open     []int64         // positions whose sections are opened
	answer   *object
	basis    string
	extra    map[string][]byte
	policy   string
	edit     func(files map[string][]byte) // before the manifest is made
	manifest func(o *object)               // before it is written
}

func askedPeriod(from, to string) *object {
	day := func(s string) string { return "2015-08-27T" + s + ":00.000000Z" }
	return newObject("from", day(from), "kind", "period", "to", day(to))
}

func positions(first, last int) *object {
	return newObject("first", int64(first), "kind", "positions", "last", int64(last))
}

// wholePlan asks for everything, as a period.
func wholePlan(l *testLog) *plan {
	return &plan{question: askedPeriod("00:00", "23:00"), complete: positions(1, len(l.entries)), policy: testPolicy,
		withheld: map[int64]int64{}, left: map[int64]bool{}, extra: map[string][]byte{}}
}

// make gives the bundle's files and its manifest, and writes the archive.
func (p *plan) make(l *testLog) []byte {
	leaves := l.leaves()
	root := treeRoot(leaves)
	files := map[string][]byte{recipeName: []byte("recipe\n"), policyName: []byte(p.policy)}
	files[checkpointName] = []byte(checkpointText(len(leaves), root))
	ring, withheld := newRing(), []value{}
	for i, e := range l.entries {
		position := int64(i + 1)
		if p.left[position] {
			continue
		}
		proof := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", i)
		for _, h := range auditPath(i, leaves) {
			proof += toBase64(h[:]) + "\n"
		}
		files[proofName(position)] = append([]byte(proof+"\n"), files[checkpointName]...)
		if version, ok := p.withheld[position]; ok {
			row := newObject("ground", "purpose", "leaf_hash", fmt.Sprintf("%x", leaves[i]), "position", position)
			if version != 0 {
				row.set("version", version)
			}
			withheld = append(withheld, row)
			continue
		}
		files[entryName(position)] = e.bytes()
		if payload, ok := parsePayload(encode(e.object)); ok {
			applyKindly(ring, &statement{payload: payload, intro: introduced(payload), position: position})
		}
	}
	for _, position := range p.open {
		for n, s := range l.entries[position-1].secrets {
			files[sectionName(position, int64(n), partSealed)] = s.ciphertext
			files[sectionName(position, int64(n), partKey)] = s.key
		}
	}
	for _, k := range ring.order {
		files[keysName] = append(append(files[keysName], encode(k.line())...), '\n')
	}
	for name, content := range p.extra {
		files[name] = content
	}
	log := newObject("origin", testOrigin, "root", toBase64(root[:]), "size", int64(len(leaves)))
	return p.write(files, log, withheld)
}

// applyKindly survives the events that break rules.
func applyKindly(r *ring, s *statement) {
	defer func() { _ = recover() }()
	r.apply(s)
}

func (p *plan) write(files map[string][]byte, log *object, withheld []value) []byte {
	if p.edit != nil {
		p.edit(files)
	}
	o := newObject("complete", p.complete, "files", listing(files), "format", "entente.bundle.v1", "log", log,
		"question", p.question, "withheld", withheld)
	if p.answer != nil {
		o.set("answer", p.answer)
	}
	if p.basis != "" {
		o.set("basis", p.basis)
	}
	if p.manifest != nil {
		p.manifest(o)
	}
	files[manifestName] = encode(o)
	return zipOf(files)
}

func listing(files map[string][]byte) []value {
	list := []value{}
	for _, name := range inOrder(files) {
		if name != manifestName {
			list = append(list, newObject("bytes", int64(len(files[name])), "name", name, "sha256", hexSHA256(files[name])))
		}
	}
	return list
}

func inOrder(files map[string][]byte) (names []string) {
	for name := range files {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, okA := parseName(names[i])
		b, okB := parseName(names[j])
		if !okA || !okB {
			return okA && !okB || okA == okB && names[i] < names[j]
		}
		return a.before(b)
	})
	return names
}

func zipOf(files map[string][]byte) []byte { return zipNamed(files, inOrder(files)) }

func zipNamed(files map[string][]byte, names []string) []byte {
	var out, central []byte
	for _, name := range names {
		f := &file{name: name, size: int64(len(files[name])), crc: crc32.ChecksumIEEE(files[name])}
		central = append(central, centralRecord(f, int64(len(out)))...)
		out = append(append(out, localHeader(f)...), files[name]...)
	}
	first := int64(len(out))
	out = append(out, central...)
	return append(out, endRecord(len(names), int64(len(central)), first)...)
}

// verdictOn verifies a bundle: a code and file where it is refused.
func verdictOn(bundle []byte, elsewhere string) (*verifier, string) {
	var p *policy
	if elsewhere != "" {
		p, _ = parsePolicy([]byte(elsewhere))
		if p == nil {
			panic("policy of the test")
		}
	}
	v := newVerifier(p, nil)
	if err := v.verify(bytes.NewReader(bundle), int64(len(bundle))); err != nil {
		return v, err.Error()
	}
	return v, ""
}
