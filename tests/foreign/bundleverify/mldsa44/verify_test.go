package mldsa44

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand"
	"testing"
)

func TestShake(t *testing.T) {
	// FIPS 202's published outputs for the empty message.
	for _, c := range []struct {
		s    *shake
		want string
	}{
		{newShake128(), "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"},
		{newShake256(), "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"},
	} {
		out := make([]byte, 32)
		c.s.read(out)
		if hex.EncodeToString(out) != c.want {
			t.Errorf("SHAKE gives %x", out)
		}
	}
}

// vectorKey is the key of seed 40 41 … 5f of document section 7.1.
func vectorKey() *testKey {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(0x40 + i)
	}
	return newTestKey(seed)
}

const vectorMessage = "737562747265652f76310a00" + "1a6c6f6e646f6e2e6578616d706c652f636f7369676e65722d7071" +
	"000000005620f340" + "146c65646765722e6578616d706c652f6a6f696e74" + "00000000000000000000000000000008" +
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"

func TestDocumentVector(t *testing.T) {
	key := vectorKey()
	if got := sha256.Sum256(key.Public); hex.EncodeToString(got[:]) != "6c1c65071979225a139b3ec84688e2688ec30fabe8cc510cb688bc435f2d3cb9" {
		t.Fatalf("public key hashes to %x", got)
	}
	message, _ := hex.DecodeString(vectorMessage)
	if len(message) != 116 {
		t.Fatal("message of", len(message))
	}
	sig := key.sign(message)
	if got := sha256.Sum256(sig); hex.EncodeToString(got[:]) != "a6297dfd47d5bdc1ffb209b53e3f1b715505b3254347515bb09da74584eb369f" {
		t.Fatalf("signature hashes to %x", got)
	}
	if !Verify(key.Public, message, sig) {
		t.Fatal("own signature refused")
	}
}

func TestMutations(t *testing.T) {
	key := vectorKey()
	random := rand.New(rand.NewSource(1))
	for round := 0; round < 40; round++ {
		message := []byte{byte(round)}
		sig := key.sign(message)
		if !Verify(key.Public, message, sig) {
			t.Fatal("own signature refused", round)
		}
		at := random.Intn(len(sig))
		sig[at] ^= 1 << uint(random.Intn(8))
		if Verify(key.Public, message, sig) {
			t.Fatal("changed signature accepted at", at)
		}
	}
	sig := key.sign(nil)
	if Verify(key.Public, []byte{0}, sig) || Verify(key.Public, nil, sig[:SignatureSize-1]) || Verify(nil, nil, sig) {
		t.Fatal("accepted")
	}
}

func TestHintForms(t *testing.T) {
	good := func() []byte {
		y := make([]byte, omega+k)
		y[0], y[1], y[2] = 3, 9, 4
		y[omega], y[omega+1], y[omega+2], y[omega+3] = 2, 3, 3, 3
		return y
	}
	if _, ok := decodeHint(good()); !ok {
		t.Fatal("good hint refused")
	}
	for name, change := range map[string]func([]byte){
		"not rising":   func(y []byte) { y[1] = 3 },
		"counts fall":  func(y []byte) { y[omega+2] = 2 },
		"too many":     func(y []byte) { y[omega+3] = omega + 1 },
		"rest not 0":   func(y []byte) { y[3] = 1 },
		"out of order": func(y []byte) { y[0] = 10 },
	} {
		y := good()
		change(y)
		if _, ok := decodeHint(y); ok {
			t.Error(name, "accepted")
		}
	}
}
