package mldsa44

// rejNTTPoly is algorithm 30: a uniform NTT from SHAKE128 of a 34-byte seed.
func rejNTTPoly(seed []byte, row, column byte) (a poly) {
	s := newShake128()
	s.write(seed)
	s.write([]byte{column, row})
	var c [3]byte
	for j := 0; j < n; {
		s.read(c[:])
		z := uint32(c[2]&0x7f)<<16 | uint32(c[1])<<8 | uint32(c[0]) // algorithm 14
		if z < q {
			a[j] = z
			j++
		}
	}
	return a
}

// expandA is algorithm 32.
func expandA(rho []byte) (a [k][l]poly) {
	for r := range a {
		for s := range a[r] {
			a[r][s] = rejNTTPoly(rho, byte(r), byte(s))
		}
	}
	return a
}

// sampleInBall is algorithm 29: tau coefficients of ±1.
func sampleInBall(seed []byte) (c poly) {
	s := newShake256()
	s.write(seed)
	var signs [8]byte
	s.read(signs[:])
	var j [1]byte
	for i := n - tau; i < n; i++ {
		for s.read(j[:]); int(j[0]) > i; s.read(j[:]) {
		}
		c[i] = c[j[0]]
		bit := uint(i + tau - n)
		if signs[bit/8]>>(bit%8)&1 == 1 {
			c[j[0]] = q - 1
		} else {
			c[j[0]] = 1
		}
	}
	return c
}
