package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sort"
	"strings"
	"time"
)

// A maker of small logs and bundles with keys of its own, so that every
// failure can be provoked, also those behind good signatures.

func edSign(seed byte, message []byte) []byte { return ed25519.Sign(private(seed), message) }

func treeRoot(leaves []hash) hash {
	if len(leaves) == 0 {
		return emptyRoot
	}
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return nodeHash(treeRoot(leaves[:k]), treeRoot(leaves[k:]))
}

func auditPath(index int, leaves []hash) []hash {
	if len(leaves) <= 1 {
		return nil
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	if index < k {
		return append(auditPath(index, leaves[:k]), treeRoot(leaves[k:]))
	}
	return append(auditPath(index-k, leaves[k:]), treeRoot(leaves[:k]))
}

func seal(key, plain []byte) []byte {
	padded := append(append([]byte{}, plain...), 0x80)
	for len(padded)%256 != 0 {
		padded = append(padded, 0)
	}
	return sealPadded(key, padded)
}

func sealPadded(key, padded []byte) []byte {
	block, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(block)
	return gcm.Seal(nil, make([]byte, 12), padded, nil)
}

const testOrigin = "test.example/log"

// Seeds of the test log's keys, which are also their names here.
const (
	gbKey, frKey, service, sealerKey, jointKey, official, spare, logKey, witnessKey = 1, 2, 3, 4, 5, 6, 7, 8, 9
)

func seedID(seed byte) string { return hexSHA256([]byte{1}, public(seed)) }

// logEntry is an entry still to be written.
type logEntry struct {
	object   *object
	signers  []byte
	recorded time.Time
	version  int64
	secrets  []sealedSection
}

type sealedSection struct{ key, ciphertext []byte }

// testLog is a log in the making; bundles are made of it.
type testLog struct {
	entries  []*logEntry
	versions map[string]int64
	clock    time.Time
}

func newTestLog() *testLog {
	return &testLog{versions: map[string]int64{}, clock: time.Date(2015, 8, 27, 1, 0, 0, 0, time.UTC)}
}

func testID(n int) string { return fmt.Sprintf("014f6b30-1f40-7000-8000-%012x", n) }

// header makes a payload; members of data are set in pairs.
func header(n int, kind, stream, authority string, author byte, data ...value) *object {
	return newObject("authority", authority, "data", newObject(data...), "id", testID(n), "key_id", seedID(author),
		"occurred_at", "2015-08-27T00:00:00.000000Z", "origin", testOrigin, "regime", "LE",
		"releasable_to", []value{"GB", "FR"}, "salt", strings.Repeat("0", 32), "schema", int64(1), "stream", stream, "type", kind)
}

func (o *object) set(name string, v value) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members[i].v = v
			return
		}
	}
	o.members = append(o.members, member{name, v})
	o.sort()
}

func (o *object) drop(name string) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members = append(o.members[:i], o.members[i+1:]...)
			return
		}
	}
}

// add appends an event, a minute after the one before.
func (l *testLog) add(kind, stream, authority string, author byte, signers []byte, data ...value) *logEntry {
	l.clock = l.clock.Add(time.Minute)
	l.versions[stream]++
	e := &logEntry{object: header(len(l.entries)+1, kind, stream, authority, author, data...), signers: signers,
		recorded: l.clock, version: l.versions[stream]}
	if nation := e.object.object("data").str("nation"); kind == sealedType {
		e.object.set("releasable_to", []value{nation})
		e.object.set("sections", []value{newObject("bytes", int64(272), "key_sha256", seedID(1), "name", "inner", "sha256", seedID(2))})
	}
	l.entries = append(l.entries, e)
	return e
}

// secret gives an entry a section.
func (e *logEntry) secret(name string, plain []byte) {
	key := sha256.Sum256([]byte(name + e.object.str("id")))
	e.commit(name, key[:], seal(key[:], plain))
}

func (e *logEntry) commit(name string, key, ciphertext []byte) {
	list, _ := e.object.list("sections")
	e.object.set("sections", append(list, newObject("bytes", int64(len(ciphertext)), "key_sha256",
		hexSHA256([]byte("entente.key.v1\n"), key), "name", name, "sha256", hexSHA256(ciphertext))))
	e.secrets = append(e.secrets, sealedSection{key, ciphertext})
}

func (e *logEntry) bytes() []byte {
	payload := encode(e.object)
	text := "entente.entry.v1\nrecorded_at: " + e.recorded.Format(instantLayout) + "\nstream: " + e.object.str("stream") +
		fmt.Sprintf("\nversion: %d\n", e.version)
	for _, seed := range e.signers {
		text += "signature: " + seedID(seed) + " " + toBase64(edSign(seed, pae(eventType, payload))) + "\n"
	}
	return append([]byte(text+"\n"), payload...)
}

// opened begins a log: both authorities, an author, a sealer, the centre and
// an official of GB. It has 8 entries.
func (l *testLog) opened() *testLog {
	authority := func(seed byte, nation string) value {
		return newObject("key_id", seedID(seed), "nation", nation, "public_key", toBase64(public(seed)))
	}
	both := []byte{gbKey, frKey}
	l.add("ledger.opened", "LEDGER", "GB", gbKey, both, "authority_keys", []value{authority(gbKey, "GB"), authority(frKey, "FR")},
		"exercise", true, "origin", testOrigin)
	l.add("authority.registered", "REGISTRY", "GB", gbKey, []byte{gbKey}, "code", "POL", "nation", "GB")
	l.register(service, "POL", "GB", "service")
	l.register(sealerKey, "GB", "GB", "sealer")
	l.add("authority.registered", "REGISTRY", "GB", gbKey, both, "code", "CENTRE", "nation", "JOINT")
	l.register(jointKey, "CENTRE", "", "service", frKey)
	l.register(official, "POL", "GB", "official")
	l.add("policy.adopted", "LEDGER", "FR", frKey, both, "from_size", int64(0), "sha256", hexSHA256([]byte(testPolicy)))
	return l
}

// register adds key.registered, signed by the new key, GB and whoever else.
func (l *testLog) register(seed byte, owner, nation, role string, more ...byte) *logEntry {
	e := l.add("key.registered", "KEYS", "GB", gbKey, append([]byte{seed, gbKey}, more...), "owner", owner,
		"public_key", toBase64(public(seed)), "registered", seedID(seed), "role", role, "type_code", "01")
	if nation != "" {
		e.object.object("data").set("nation", nation)
	}
	return e
}

func (l *testLog) leaves() (leaves []hash) {
	for _, e := range l.entries {
		leaves = append(leaves, leafHash(e.bytes()))
	}
	return leaves
}

func noteKeyText(name string, kind byte, public []byte) string {
	typed := append([]byte{kind}, public...)
	digest := sha256.Sum256(append([]byte(name+"\n"), typed...))
	return fmt.Sprintf("%s+%x+%s", name, digest[:4], toBase64(typed))
}

func noteLineText(vkey string, after []byte) string {
	k, ok := parseNoteKey(vkey)
	if !ok {
		panic(vkey)
	}
	return "— " + k.name + " " + toBase64(append(k.keyID[:], after...)) + "\n"
}

// checkpoint signs size and root by the log and one witness.
func checkpointText(size int, root hash) string {
	text := fmt.Sprintf("%s\n%d\n%s\n", testOrigin, size, toBase64(root[:]))
	stamp := make([]byte, 8)
	binary.BigEndian.PutUint64(stamp, 1445000000)
	return text + "\n" + noteLineText(testLogKey, edSign(logKey, []byte(text))) +
		noteLineText(testWitness, append(stamp, edSign(witnessKey, []byte("cosignature/v1\ntime 1445000000\n"+text))...))
}

var (
	testLogKey  = noteKeyText(testOrigin, typeLog, public(logKey))
	testWitness = noteKeyText("test.example/w", typeCosigner, public(witnessKey))
	testPolicy  = "log " + testLogKey + "\nwitness w " + testWitness + "\nquorum w\n"
)

// indexOf is the index of streams at a size, and the proof for one stream.
func (l *testLog) indexOf(size int, stream string) (root hash, proof *object) {
	last := map[string]*indexLeaf{}
	for i, e := range l.entries[:size] {
		s := e.object.str("stream")
		last[s] = &indexLeaf{stream: s, version: e.version, position: int64(i + 1)}
	}
	var names []string
	for s := range last {
		names = append(names, s)
	}
	sort.Strings(names)
	var leaves []hash
	for _, s := range names {
		leaves = append(leaves, last[s].hash())
	}
	list := []value{}
	at := sort.SearchStrings(names, stream)
	for i := at - 1; i <= at; i++ {
		if i < 0 || i >= len(names) || i < at && at < len(names) && names[at] == stream {
			continue
		}
		list = append(list, newObject("index", int64(i), "path", pathText(auditPath(i, leaves)),
			"position", last[names[i]].position, "stream", names[i], "version", last[names[i]].version))
	}
	return treeRoot(leaves), newObject("leaves", list, "size", int64(size), "stream", stream, "streams", int64(len(names)))
}

func pathText(path []hash) []value {
	list := []value{}
	for _, h := range path {
		list = append(list, toBase64(h[:]))
	}
	return list
}
