package main

import (
	"crypto/ed25519"
	"encoding/hex"
)

// The strictness of document section 2.2, asked before the library. Go's own
// check does the rest without the cofactor: S below L, A on the curve, and R
// compared as bytes with the encoding of S·B − h·A.

// smallOrder has the fourteen encodings of the eight points whose order
// divides 8: y = 1, −1, 0 and two more, with either sign bit, and p + 0, p + 1.
var smallOrder = func() map[[32]byte]bool {
	set := map[[32]byte]bool{}
	for _, y := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	} {
		b, err := hex.DecodeString(y)
		if err != nil || len(b) != 32 {
			panic("small order table")
		}
		var e [32]byte
		copy(e[:], b)
		set[e] = true
		e[31] |= 0x80
		set[e] = true
	}
	return set
}()

func isSmallOrder(b []byte) bool {
	var e [32]byte
	copy(e[:], b)
	return smallOrder[e]
}

// canonicalY says whether the y coordinate is below p = 2^255 − 19.
func canonicalY(b []byte) bool {
	if b[31]&0x7f != 0x7f {
		return true
	}
	for _, x := range b[1:31] {
		if x != 0xff {
			return true
		}
	}
	return b[0] < 0xed
}

// verifyEd25519 is the only way this program asks whether a signature holds.
func verifyEd25519(publicKey, message, sig []byte) bool {
	if len(publicKey) != ed25519.PublicKeySize || len(sig) != ed25519.SignatureSize {
		return false
	}
	if !canonicalY(publicKey) || isSmallOrder(publicKey) || isSmallOrder(sig[:32]) {
		return false
	}
	return ed25519.Verify(ed25519.PublicKey(publicKey), message, sig)
}
