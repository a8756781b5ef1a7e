// Package mldsa44 verifies ML-DSA-44 signatures (FIPS 204) with an empty
// context, as document section 7.1 uses them for cosignatures of type 06.
// It has its own SHAKE (FIPS 202): Go 1.19's library has neither.
package mldsa44

import "math/bits"

// Rates of the two extendable-output functions in bytes (FIPS 202, 6.2).
const (
	rate128 = 168
	rate256 = 136
)

// shake is a SHAKE128 or SHAKE256 sponge: write, then read.
type shake struct {
	state   [25]uint64
	rate    int
	at      int // next byte of the rate part to absorb into or squeeze from
	reading bool
}

func newShake128() *shake { return &shake{rate: rate128} }
func newShake256() *shake { return &shake{rate: rate256} }

// hashH is H of FIPS 204, section 3.7: SHAKE256 of the parts, n bytes of it.
func hashH(n int, parts ...[]byte) []byte {
	s := newShake256()
	for _, p := range parts {
		s.write(p)
	}
	out := make([]byte, n)
	s.read(out)
	return out
}

func (s *shake) xorByte(at int, b byte) {
	s.state[at/8] ^= uint64(b) << (8 * uint(at%8))
}

func (s *shake) write(p []byte) {
	for _, b := range p {
		s.xorByte(s.at, b)
		s.at++
		if s.at == s.rate {
			keccakF(&s.state)
			s.at = 0
		}
	}
}

func (s *shake) read(out []byte) {
	if !s.reading {
		s.xorByte(s.at, 0x1f) // SHAKE's suffix 1111 and the first bit of pad10*1
		s.xorByte(s.rate-1, 0x80)
		keccakF(&s.state)
		s.at, s.reading = 0, true
	}
	for i := range out {
		if s.at == s.rate {
			keccakF(&s.state)
			s.at = 0
		}
		out[i] = byte(s.state[s.at/8] >> (8 * uint(s.at%8)))
		s.at++
	}
}

// roundConstants and rotations are computed as FIPS 202, 3.2 defines them.
var roundConstants, rotations = keccakTables()

func keccakTables() (rc [24]uint64, rot [25]int) {
	lfsr := uint16(1)
	for round := range rc {
		for j := uint(0); j <= 6; j++ { // algorithms 5 (rc) and 6 (iota)
			if lfsr&1 == 1 {
				rc[round] |= 1 << (1<<j - 1)
			}
			lfsr <<= 1
			if lfsr&0x100 != 0 {
				lfsr ^= 0x171
			}
		}
	}
	x, y := 1, 0
	for t := 0; t < 24; t++ { // algorithm 2 (rho)
		rot[x+5*y] = ((t + 1) * (t + 2) / 2) % 64
		x, y = y, (2*x+3*y)%5
	}
	return rc, rot
}

// keccakF is Keccak-f[1600] (FIPS 202, 3.3).
func keccakF(a *[25]uint64) {
	var b [25]uint64
	var c [5]uint64
	for round := 0; round < 24; round++ {
		for x := 0; x < 5; x++ { // theta
			c[x] = a[x] ^ a[x+5] ^ a[x+10] ^ a[x+15] ^ a[x+20]
		}
		for x := 0; x < 5; x++ {
			d := c[(x+4)%5] ^ bits.RotateLeft64(c[(x+1)%5], 1)
			for y := 0; y < 25; y += 5 {
				a[x+y] ^= d
			}
		}
		for x := 0; x < 5; x++ { // rho and pi
			for y := 0; y < 5; y++ {
				b[y+5*((2*x+3*y)%5)] = bits.RotateLeft64(a[x+5*y], rotations[x+5*y])
			}
		}
		for y := 0; y < 25; y += 5 { // chi
			for x := 0; x < 5; x++ {
				a[x+y] = b[x+y] ^ (^b[(x+1)%5+y] & b[(x+2)%5+y])
			}
		}
		a[0] ^= roundConstants[round] // iota
	}
}
