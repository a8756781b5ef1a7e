package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
)

// checkTimestamps: each response is over the checkpoint and those before it;
// more is not asked without an authority's certificates (section 8.5).
func (v *verifier) checkTimestamps() error {
	imprints, err := v.imprints()
	if err != nil {
		return err
	}
	for _, f := range v.c.files {
		if f.parsed.kind != kindTimestamp {
			continue
		}
		imprint, known := imprints[f.name]
		if !known {
			return refuseFile("timestamp-form", f.name)
		}
		content, err := v.c.read(f)
		if err != nil {
			return err
		}
		if !bytes.Contains(content, imprint[:]) {
			return refuseFile("timestamp-other", f.name)
		}
	}
	return nil
}

// imprints are those that the responses 1, 2, 3 … of every authority must
// have, by name, as far as they stand there without a gap.
func (v *verifier) imprints() (map[string]hash, error) {
	found := map[string]hash{}
	for _, f := range v.c.files {
		authority := strings.TrimSuffix(f.parsed.label, ".1.tsr")
		if f.parsed.kind != kindTimestamp || authority == f.parsed.label || !isAuthorityName(authority) {
			continue
		}
		before := sha256.New()
		before.Write(v.noteBytes)
		for n, next := 1, f; n <= 9999 && next != nil; n++ {
			var imprint hash
			before.Sum(imprint[:0])
			found[next.name] = imprint
			content, err := v.c.read(next)
			if err != nil {
				return nil, err
			}
			before.Write(content)
			next = v.c.named[fmt.Sprintf("timestamps/%s.%d.tsr", authority, n+1)]
		}
	}
	return found, nil
}

// isAuthorityName: 1 to 24 of a-z 0-9 -.
func isAuthorityName(s string) bool {
	return len(s) >= 1 && len(s) <= 24 && isFileLabel(s) && !strings.Contains(s, ".")
}
