package mldsa44

// Key generation and deterministic signing (FIPS 204, algorithms 6 and 7),
// for tests only: not constant-time, keys are not kept apart.

const seedLabel = "\x04\x04" // k ‖ l, algorithm 6 line 1

type testKey struct {
	Public []byte
	rho    []byte
	k      []byte
	tr     []byte
	s1     [l]poly
	s2, t0 [k]poly
}

// rejBoundedPoly is algorithm 31 for eta = 2.
func rejBoundedPoly(seed []byte, r int) (a poly) {
	s := newShake256()
	s.write(seed)
	s.write([]byte{byte(r), byte(r >> 8)})
	var b [1]byte
	for j := 0; j < n; {
		s.read(b[:])
		for _, half := range []uint32{uint32(b[0] & 15), uint32(b[0] >> 4)} {
			if half < 15 && j < n {
				a[j] = subMod(eta, half%5)
				j++
			}
		}
	}
	return a
}

func newTestKey(seed []byte) *testKey {
	expanded := hashH(128, seed, []byte(seedLabel))
	key := &testKey{rho: expanded[:32], k: expanded[96:128]}
	a := expandA(key.rho)
	var s1hat [l]poly
	for i := range key.s1 {
		key.s1[i] = rejBoundedPoly(expanded[32:96], i)
		s1hat[i] = key.s1[i]
		s1hat[i].ntt()
	}
	key.Public = append(key.Public, key.rho...)
	for r := range key.s2 {
		key.s2[r] = rejBoundedPoly(expanded[32:96], l+r)
		var t poly
		for s := range s1hat {
			t.addProduct(&a[r][s], &s1hat[s])
		}
		t.invNTT()
		t1 := make([]uint32, n)
		for j := range t {
			t[j] = addMod(t[j], key.s2[r][j])
			low := int32(t[j] % (1 << d)) // power2Round, algorithm 35
			if low > 1<<(d-1) {
				low -= 1 << d
			}
			t1[j] = uint32(int32(t[j])-low) >> d
			key.t0[r][j] = uint32(low+q) % q
		}
		key.Public = appendBits(key.Public, t1, 10)
	}
	key.tr = hashH(64, key.Public)
	return key
}

// expandMask is algorithm 34.
func expandMask(rho []byte, mu int) (y [l]poly) {
	for r := range y {
		seed := mu + r
		in := bitReader{in: hashH(576, rho, []byte{byte(seed), byte(seed >> 8)})}
		for j := range y[r] {
			y[r][j] = subMod(gamma1, in.next(18))
		}
	}
	return y
}

func (key *testKey) sign(message []byte) []byte {
	mu := hashH(64, key.tr, []byte{0, 0}, message)
	rho := hashH(64, key.k, make([]byte, 32), mu)
	a := expandA(key.rho)
	for kappa := 0; ; kappa += l {
		if sig := key.attempt(&a, mu, expandMask(rho, kappa)); sig != nil {
			return sig
		}
	}
}

func product(a, b poly) (w poly) {
	a.ntt()
	b.ntt()
	w.addProduct(&a, &b)
	w.invNTT()
	return w
}

func (key *testKey) attempt(a *[k][l]poly, mu []byte, y [l]poly) []byte {
	var w [k]poly
	var packed []byte
	for r := range w {
		for s := range y {
			yhat := y[s]
			yhat.ntt()
			w[r].addProduct(&a[r][s], &yhat)
		}
		w[r].invNTT()
		high := make([]uint32, n)
		for j := range high {
			high[j], _ = decompose(w[r][j])
		}
		packed = appendBits(packed, high, 6)
	}
	challenge := hashH(32, mu, packed)
	c := sampleInBall(challenge)
	sig := append([]byte{}, challenge...)
	for s := range y {
		z := product(c, key.s1[s])
		coded := make([]uint32, n)
		for j := range z {
			z[j] = addMod(z[j], y[s][j])
			coded[j] = subMod(gamma1, z[j])
		}
		if z.infinityNorm() >= gamma1-beta {
			return nil
		}
		sig = appendBits(sig, coded, 18)
	}
	hint := key.hint(c, w)
	if hint == nil {
		return nil
	}
	return append(sig, hint...)
}

// hint makes the packed hint (algorithms 39 and 20), or nil to try again.
func (key *testKey) hint(c poly, w [k]poly) []byte {
	packed := make([]byte, omega+k)
	count := 0
	for r := range w {
		low := w[r]
		cs2 := product(c, key.s2[r])
		low.sub(&cs2)
		ct0 := product(c, key.t0[r])
		if ct0.infinityNorm() >= gamma2 {
			return nil
		}
		for j := range low {
			before, r0 := decompose(low[j])
			if r0 < 0 {
				r0 = -r0
			}
			if r0 >= gamma2-beta {
				return nil
			}
			if after, _ := decompose(addMod(low[j], ct0[j])); after != before {
				if count == omega {
					return nil
				}
				packed[count] = byte(j)
				count++
			}
		}
		packed[omega+r] = byte(count)
	}
	return packed
}
