package mldsa44

import "bytes"

// Sizes in bytes (FIPS 204, table 2; document section 7.1).
const (
	PublicKeySize = 1312
	SignatureSize = 2420
)

// Verify reports whether sig is a pure ML-DSA-44 signature of message under
// the public key, with the empty context: what the internal algorithm gets is
// 0x00 0x00 message (FIPS 204, algorithm 3; document section 7.1).
func Verify(publicKey, message, sig []byte) bool {
	if len(publicKey) != PublicKeySize || len(sig) != SignatureSize {
		return false
	}
	tr := hashH(64, publicKey)
	mu := hashH(64, tr, []byte{0, 0}, message)
	return verifyInternal(publicKey, mu, sig)
}

// verifyInternal is algorithm 8 from line 2 on, mu being computed.
func verifyInternal(publicKey, mu, sig []byte) bool {
	rho, t1 := decodePublicKey(publicKey)
	challenge, z, hint, ok := decodeSignature(sig)
	if !ok {
		return false
	}
	for i := range z {
		if z[i].infinityNorm() >= gamma1-beta {
			return false
		}
	}
	a := expandA(rho)
	c := sampleInBall(challenge)
	c.ntt()
	for i := range z {
		z[i].ntt()
	}
	var w1 []byte
	for r := 0; r < k; r++ {
		w := approximate(&a[r], &z, &c, &t1[r])
		for j := range w {
			w[j] = useHint(hint[r][j], w[j])
		}
		w1 = appendBits(w1, w[:], 6) // w1Encode, algorithm 28
	}
	return bytes.Equal(challenge, hashH(32, mu, w1))
}

// approximate is one row of line 9: NTT^-1(A·NTT(z) − NTT(c)·NTT(t1·2^d)).
func approximate(row *[l]poly, z *[l]poly, c, t1 *poly) (w poly) {
	for s := range row {
		w.addProduct(&row[s], &z[s])
	}
	shifted := *t1
	for j := range shifted {
		shifted[j] <<= d
	}
	shifted.ntt()
	var ct poly
	ct.addProduct(c, &shifted)
	w.sub(&ct)
	w.invNTT()
	return w
}
