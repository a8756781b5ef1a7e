package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"bundleverify/mldsa44"
)

// Type bytes of note keys (document section 7.1).
const (
	typeLog        = 0x01
	typeCosigner   = 0x04
	typeCosignerPQ = 0x06
)

// noteKey is a verifier key.
type noteKey struct {
	name   string
	keyID  [4]byte
	kind   byte
	public []byte
}

// parseNoteKey reads name+<key id in hex>+<base64(type ‖ public key)>. Base64
// has pluses too: only the first two split.
func parseNoteKey(s string) (*noteKey, bool) {
	parts := strings.SplitN(s, "+", 3)
	if len(parts) != 3 || !isKeyName(parts[0]) {
		return nil, false
	}
	id, ok := unhex(parts[1], 4)
	typed, ok2 := unbase64(parts[2])
	if !ok || !ok2 || len(typed) < 1 {
		return nil, false
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), typed...))
	if !bytes.Equal(digest[:4], id) {
		return nil, false
	}
	k := &noteKey{name: parts[0], kind: typed[0], public: typed[1:]}
	copy(k.keyID[:], id)
	want := ed25519.PublicKeySize
	switch k.kind {
	case typeLog, typeCosigner:
	case typeCosignerPQ:
		want = mldsa44.PublicKeySize
	default:
		return nil, false
	}
	return k, len(k.public) == want
}

func (k *noteKey) matches(l noteLine) bool { return k.name == l.name && k.keyID == l.keyID }

// verify checks a line under this key; time is a cosigner's, else 0.
func (k *noteKey) verify(n *note, l noteLine) (time int64, ok bool) {
	if k.kind == typeLog {
		return 0, verifyEd25519(k.public, []byte(n.text), l.rest)
	}
	if len(l.rest) < 8 {
		return 0, false
	}
	stamp := binary.BigEndian.Uint64(l.rest)
	if stamp > math.MaxInt64 {
		return 0, false
	}
	time = int64(stamp)
	if k.kind == typeCosigner {
		message := "cosignature/v1\ntime " + strconv.FormatInt(time, 10) + "\n" + n.text
		return time, verifyEd25519(k.public, []byte(message), l.rest[8:])
	}
	message, ok := subtreeMessage(k.name, stamp, n)
	return time, ok && mldsa44.Verify(k.public, message, l.rest[8:])
}

// subtreeMessage is what a cosigner of type 06 signs.
func subtreeMessage(name string, time uint64, n *note) ([]byte, bool) {
	if len(name) > 255 || len(n.origin) > 255 {
		return nil, false
	}
	var b bytes.Buffer
	b.WriteString("subtree/v1\n\x00")
	b.WriteByte(byte(len(name)))
	b.WriteString(name)
	binary.Write(&b, binary.BigEndian, time)
	b.WriteByte(byte(len(n.origin)))
	b.WriteString(n.origin)
	binary.Write(&b, binary.BigEndian, [2]uint64{0, uint64(n.size)})
	b.Write(n.root[:])
	return b.Bytes(), true
}
