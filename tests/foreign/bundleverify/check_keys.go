package main

import (
	"crypto/sha256"
	"encoding/hex"
)

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

// checkPolicy: policy.txt is the policy that governs a checkpoint of this size
// by the entries produced, where they have any (sections 7.2 and 12.5).
func (v *verifier) checkPolicy() error {
	if len(v.ring.policies) == 0 {
		return nil
	}
	governing := v.ring.policies[0]
	for _, p := range v.ring.policies {
		if p.fromSize <= v.note.size {
			governing = p
		}
	}
	f := v.c.named[policyName]
	if hex.EncodeToString(f.digest[:]) != governing.sha256 {
		return refuseFile("policy-differs", f.name)
	}
	return nil
}

func (k *key) line() *object {
	return newObject(
		"key_id", k.id, "nation", k.nation, "owner", k.owner, "public_key", toBase64(k.public), "role", k.role,
		"since", k.since, "suspect_from", k.suspectFrom, "suspended", k.suspended, "type_code", k.typeCode,
		"until", k.until)
}
