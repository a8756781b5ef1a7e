package main

import "crypto/elliptic"

// Type codes of event keys (document section 9).
const (
	codeEd25519 = "01"
	codeSealing = "10"
	codeP256    = "11"
)

var keySizes = map[string]int{codeEd25519: 32, codeSealing: 1216, codeP256: 65}

const (
	roleNational = "national_authority"
	roleSealer   = "sealer"
	roleSealing  = "sealing"
)

// Codes of authorities that are not nations, and stand for both (9.1, 6).
const (
	operator = "OPERATOR"
	joint    = "JOINT"
)

// key is an event key in the ring.
type key struct {
	id       string
	typeCode string
	public   []byte
	owner    string
	nation   string // GB, FR, or OPERATOR for keys of neither
	role     string
	scope    []string // may_append; empty is everything its role may say
	next     string   // digest of the successor committed to, or ""

	since       int64 // the position that registers it
	until       int64 // the first position at which it is ended, or 0
	suspectFrom int64
	suspended   bool
	successor   *key
	signed      int // signatures of it on full entries
}

// inForce: registered, neither ended nor suspended. The ring holds what
// entries before this position did, so nothing needs comparing with it.
func (k *key) inForce() bool { return k != nil && k.until == 0 && !k.suspended }

// ring is the key ring and the registry as they stand before a position.
type ring struct {
	keys      map[string]*key
	order     []*key // as registered
	authority map[string]*key
	registry  map[string]string // authority code → nation
	origin    string
	exercise  bool
	frozen    bool
	closed    bool

	policies []adoptedPolicy // in order
}

// adoptedPolicy is a policy that both nations adopted: the digest of its file
// and the size from which it governs (document section 7.2).
type adoptedPolicy struct {
	sha256   string
	fromSize int64
}

func newRing() *ring {
	return &ring{
		keys:      map[string]*key{},
		authority: map[string]*key{},
		registry:  map[string]string{"GB": "GB", "FR": "FR"},
	}
}

func (r *ring) add(k *key) {
	r.keys[k.id] = k
	r.order = append(r.order, k)
}

// newest follows key.rotated from a key to the end, shortening the way for
// the next who asks: chains may be as long as the bundle.
func newest(k *key) *key {
	end := k
	for end.successor != nil {
		end = end.successor
	}
	for k != end {
		k.successor, k = end, k.successor
	}
	return end
}

// introduction is what an event says of keys it brings into the ring.
type introduction struct {
	keys []*key
	ok   bool // all of the form of 9.1, rule 1
}

// introduced reads the keys an event introduces (9.1, rule 1).
func introduced(p *payload) introduction {
	in := introduction{ok: true}
	switch p.kind {
	case "ledger.opened":
		list, ok := p.data.list("authority_keys")
		in.ok = ok
		for _, v := range list {
			o, _ := v.(*object)
			k := readKey(o.str("key_id"), codeEd25519, o)
			k.nation, k.role = o.str("nation"), roleNational
			k.owner = k.nation
			in.keys = append(in.keys, k)
		}
	case "key.registered", "key.rotated":
		in.keys = []*key{readKey(p.data.str("registered"), p.data.str("type_code"), p.data)}
	}
	for _, k := range in.keys {
		in.ok = in.ok && k.wellFormed()
	}
	return in
}

func readKey(id, typeCode string, o *object) *key {
	public, _ := unbase64(o.str("public_key"))
	return &key{id: id, typeCode: typeCode, public: public, next: o.str(fieldSuccessor)}
}

// wellFormed: a key of its type, whose id is the one section 9 computes.
func (k *key) wellFormed() bool {
	code, ok := unhex(k.typeCode, 1)
	size, known := keySizes[k.typeCode]
	if !ok || !known || len(k.public) != size || k.id != hexSHA256(code, k.public) {
		return false
	}
	switch k.typeCode {
	case codeSealing:
		return numbersBelowQ(k.public[:1152])
	case codeP256:
		x, _ := elliptic.Unmarshal(elliptic.P256(), k.public)
		return x != nil
	}
	return true
}

// numbersBelowQ: what FIPS 203, section 7.2, asks of an encapsulation key,
// whose numbers are packed two to three bytes.
func numbersBelowQ(packed []byte) bool {
	const q = 3329
	for at := 0; at < len(packed); at += 3 {
		first := int(packed[at]) | int(packed[at+1]&15)<<8
		second := int(packed[at+1])>>4 | int(packed[at+2])<<4
		if first >= q || second >= q {
			return false
		}
	}
	return true
}

// commitsTo says whether a successor is the one committed to, if one was: the
// digest is SHA-256 of the hex text of the successor's key id (section 9).
func (k *key) commitsTo(successor *key) bool {
	return k.next == "" || k.next == hexSHA256([]byte(successor.id))
}
