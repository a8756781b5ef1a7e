package mldsa44

// bitReader reads integers of a fixed width, low bits first (algorithm 11).
type bitReader struct {
	in   []byte
	acc  uint64
	have uint
}

func (b *bitReader) next(width uint) uint32 {
	for b.have < width {
		b.acc |= uint64(b.in[0]) << b.have
		b.in = b.in[1:]
		b.have += 8
	}
	v := uint32(b.acc & (1<<width - 1))
	b.acc >>= width
	b.have -= width
	return v
}

// appendBits is SimpleBitPack (algorithm 16) for coefficients of width bits.
func appendBits(out []byte, coefficients []uint32, width uint) []byte {
	acc, have := uint64(0), uint(0)
	for _, c := range coefficients {
		acc |= uint64(c) << have
		for have += width; have >= 8; have -= 8 {
			out = append(out, byte(acc))
			acc >>= 8
		}
	}
	return out
}

// decodePublicKey is pkDecode, algorithm 23.
func decodePublicKey(pk []byte) (rho []byte, t1 [k]poly) {
	rho = pk[:32]
	in := bitReader{in: pk[32:]}
	for i := range t1 {
		for j := range t1[i] {
			t1[i][j] = in.next(10)
		}
	}
	return rho, t1
}

// decodeSignature is sigDecode, algorithm 27.
func decodeSignature(sig []byte) (c []byte, z [l]poly, h [k][n]bool, ok bool) {
	c = sig[:32]
	in := bitReader{in: sig[32 : 32+l*576]}
	for i := range z {
		for j := range z[i] {
			z[i][j] = subMod(gamma1, in.next(18)) // BitUnpack, algorithm 19
		}
	}
	h, ok = decodeHint(sig[32+l*576:])
	return c, z, h, ok
}

// decodeHint is HintBitUnpack, algorithm 21, with all its refusals.
func decodeHint(y []byte) (h [k][n]bool, ok bool) {
	index := 0
	for i := 0; i < k; i++ {
		end := int(y[omega+i])
		if end < index || end > omega {
			return h, false
		}
		for first := index; index < end; index++ {
			if index > first && y[index-1] >= y[index] {
				return h, false
			}
			h[i][y[index]] = true
		}
	}
	for ; index < omega; index++ {
		if y[index] != 0 {
			return h, false
		}
	}
	return h, true
}
