package main

import "crypto/sha256"

// checkKeysFile: keys.jsonl is the ring as it stands after the last entry,
// one canonical object a line in the order registered (section 12.5).
func (v *verifier) checkKeysFile() error {
	digest := sha256.New()
	for _, k := range v.ring.order {
		digest.Write(append(encode(k.line()), '\n'))
	}
	var want hash
	digest.Sum(want[:0])
	if v.c.named[keysName].digest != want {
		return refuse("keys-differ")
	}
	return nil
}

func (k *key) line() *object {
	return newObject(
		"key_id", k.id, "nation", k.nation, "owner", k.owner, "public_key", toBase64(k.public), "role", k.role,
		"since", k.since, "suspect_from", k.suspectFrom, "suspended", k.suspended, "type_code", k.typeCode,
		"until", k.until)
}
