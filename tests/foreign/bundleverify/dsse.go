package main

import (
	"encoding/binary"
	"strconv"
)

// Payload types of document sections 2.1 and 2.3.
const (
	eventType = "application/vnd.entente.event.v1+json"
	batchType = "application/vnd.entente.batch.v1"
)

// maxBatch is the most events one batch signature covers (section 2.3).
const maxBatch = 1 << 24

// pae is DSSE's pre-authentication encoding (section 2.1).
func pae(payloadType string, body []byte) []byte {
	out := make([]byte, 0, len(body)+len(payloadType)+48)
	out = append(out, "DSSEv1 "...)
	out = strconv.AppendInt(out, int64(len(payloadType)), 10)
	out = append(out, ' ')
	out = append(out, payloadType...)
	out = append(out, ' ')
	out = strconv.AppendInt(out, int64(len(body)), 10)
	out = append(out, ' ')
	return append(out, body...)
}

// signature is one author's signature on a payload, alone or of a batch.
type signature struct {
	keyID string
	sig   []byte
	batch *batch
}

// batch places an event in the tree that a batch signature covers.
type batch struct {
	n, index int64
	path     []hash
}

// verify checks the signature over the payload under an Ed25519 key.
func (s *signature) verify(publicKey, payload []byte) bool {
	message := pae(eventType, payload)
	if s.batch != nil {
		if s.batch.n < 1 || s.batch.n > maxBatch {
			return false
		}
		root, ok := climb(leafHash(message), s.batch.index, s.batch.n, s.batch.path)
		if !ok {
			return false
		}
		body := make([]byte, 8, 40)
		binary.BigEndian.PutUint64(body, uint64(s.batch.n))
		message = pae(batchType, append(body, root[:]...))
	}
	return verifyEd25519(publicKey, message, s.sig)
}
