package mldsa44

// Parameters of ML-DSA-44 (FIPS 204, section 4, table 1).
const (
	q      = 8380417
	d      = 13
	n      = 256
	k      = 4
	l      = 4
	eta    = 2
	tau    = 39
	beta   = tau * eta
	gamma1 = 1 << 17
	gamma2 = (q - 1) / 88
	omega  = 80
	zeta   = 1753
)

// poly is a polynomial of the ring, its coefficients in 0 … q-1; the same
// array holds its NTT.
type poly [n]uint32

func addMod(a, b uint32) uint32 {
	s := a + b
	if s >= q {
		s -= q
	}
	return s
}

func subMod(a, b uint32) uint32 { return addMod(a, q-b) }

func mulMod(a, b uint32) uint32 { return uint32(uint64(a) * uint64(b) % q) }

// zetas[m] is zeta^BitRev8(m) (FIPS 204, appendix B).
var zetas = func() (z [n]uint32) {
	for m := range z {
		rev := 0
		for bit := 0; bit < 8; bit++ {
			rev |= (m >> uint(bit) & 1) << uint(7-bit)
		}
		z[m] = 1
		for i := 0; i < rev; i++ {
			z[m] = mulMod(z[m], zeta)
		}
	}
	return z
}()

// ntt is algorithm 41.
func (w *poly) ntt() {
	m := 0
	for length := 128; length >= 1; length /= 2 {
		for start := 0; start < n; start += 2 * length {
			m++
			for j := start; j < start+length; j++ {
				t := mulMod(zetas[m], w[j+length])
				w[j+length] = subMod(w[j], t)
				w[j] = addMod(w[j], t)
			}
		}
	}
}

// invNTT is algorithm 42.
func (w *poly) invNTT() {
	m := n
	for length := 1; length < n; length *= 2 {
		for start := 0; start < n; start += 2 * length {
			m--
			for j := start; j < start+length; j++ {
				t := w[j]
				w[j] = addMod(t, w[j+length])
				w[j+length] = mulMod(q-zetas[m], subMod(t, w[j+length]))
			}
		}
	}
	for j := range w {
		w[j] = mulMod(w[j], 8347681) // 256^-1 mod q
	}
}

// addProduct adds a·b, all three being NTTs (algorithms 44 and 45).
func (w *poly) addProduct(a, b *poly) {
	for i := range w {
		w[i] = addMod(w[i], mulMod(a[i], b[i]))
	}
}

func (w *poly) sub(a *poly) {
	for i := range w {
		w[i] = subMod(w[i], a[i])
	}
}

// infinityNorm is the greatest absolute value of the coefficients mod± q.
func (w *poly) infinityNorm() uint32 {
	max := uint32(0)
	for _, c := range w {
		if c > q/2 {
			c = q - c
		}
		if c > max {
			max = c
		}
	}
	return max
}

// decompose is algorithm 36: r = r1·2·gamma2 + r0.
func decompose(r uint32) (r1 uint32, r0 int32) {
	r0 = int32(r % (2 * gamma2))
	if r0 > gamma2 {
		r0 -= 2 * gamma2
	}
	if int32(r)-r0 == q-1 {
		return 0, r0 - 1
	}
	return uint32(int32(r)-r0) / (2 * gamma2), r0
}

// useHint is algorithm 40.
func useHint(hint bool, r uint32) uint32 {
	const m = (q - 1) / (2 * gamma2)
	r1, r0 := decompose(r)
	switch {
	case !hint:
		return r1
	case r0 > 0:
		return (r1 + 1) % m
	default:
		return (r1 + m - 1) % m
	}
}
