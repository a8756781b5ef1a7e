package main

import (
	"bytes"
	"math/big"
	"math/rand"
	"strings"
	"testing"
)

func TestCanonicalJSON(t *testing.T) { // section 1
	for text, good := range map[string]bool{
		`{}`: true, `[]`: false, `1`: false, ` {}`: false, "{}\n": false, "\xef\xbb\xbf{}": false,
		`{"a":1,"b":2}`: true, `{"b":2,"a":1}`: false, `{"a":1,"a":1}`: false, `{"a": 1}`: false,
		`{"a":1.0}`: false, `{"a":1e2}`: false, `{"a":-0}`: false, `{"a":01}`: false, `{"a":-1}`: true, `{"a":-}`: false,
		`{"a":9007199254740991}`: true, `{"a":9007199254740992}`: false, `{"a":-9007199254740991}`: true,
		`{"a":-9007199254740992}`: false, `{"a":99999999999999999999999999}`: false,
		`{"a":"é"}`: true, `{"é":1}`: false, `{"a":"\u00e9"}`: false, `{"a":"\/"}`: false, `{"a":"/"}`: true,
		`{"a":"\b\t\n\f\r\"\\"}`: true, `{"a":"\u0008"}`: false, `{"a":"\u0001"}`: true, `{"a":"\u001F"}`: false,
		`{"a":"\u001f"}`: true, `{"a":"\u0000"}`: false, "{\"a\":\"\x00\"}": false, "{\"a\":\"\x01\"}": false,
		"{\"a\":\"\x7f\u2028\"}": true, "{\"a\":\"\xed\xa0\x80\"}": false, `{"a":"\ud83d\ude00"}`: false, `{"a":"😀"}`: true,
		"{\"a\":\"\xff\"}": false, `{"a":true,"b":false,"c":null}`: true, `{"a":nul}`: false, `{"a":[1,2,]}`: false,
		`{"a":1}{}`: false, `{"a"`: false, `{"a":"`: false, `{"a":"\`: false, `{"a":"\u00`: false, ``: false,
		`{"a":[[[[[[[]]]]]]]}`: true, `{"a":[[[[[[[[]]]]]]]]}`: false,
	} {
		o, ok := parseCanonical([]byte(text))
		if ok != good {
			t.Errorf("%q: %v", text, ok)
		}
		if ok && string(encode(o)) != text {
			t.Errorf("%q encodes as %q", text, encode(o))
		}
	}
}

func TestLooseJSON(t *testing.T) { // section 2.4
	for text, want := range map[string]string{
		" { \"b\" : [ 1 , 2 ] ,\n\"a\":\"\\u00e9\\/\\ud83d\\ude00\" } ": `{"a":"é/😀","b":[1,2]}`,
		`{"a":1,"a":1}`: "", `{"a":1.5}`: "", `{"a":"\ud83d"}`: "", `{"a":"\ude00"}`: "", `{"a":"\ud83dx"}`: "", `{"a":"\ud83d\u0041"}`: "",
	} {
		o, ok := parseLoose([]byte(text))
		if ok != (want != "") || ok && string(encode(o)) != want {
			t.Errorf("%q: %v %q", text, ok, encode(o))
		}
	}
}

// TestStrictIsCanonical: what strict reading accepts is its own encoding, and
// what loose reading accepts is read strictly once encoded.
func TestStrictIsCanonical(t *testing.T) {
	base := []byte(`{"a":[1,-2,{"b":"é\n\u0001","c":null}],"d":true,"e":"x"}`)
	random := rand.New(rand.NewSource(2))
	for round := 0; round < 20000; round++ {
		text := append([]byte{}, base...)
		for n := random.Intn(3); n >= 0; n-- {
			at := random.Intn(len(text))
			switch random.Intn(3) {
			case 0:
				text[at] = `{}[]",:\u01a -.`[random.Intn(15)]
			case 1:
				text = append(text[:at], text[at+1:]...)
			default:
				text = append(text[:at], append([]byte{byte(random.Intn(256))}, text[at:]...)...)
			}
		}
		if o, ok := parseCanonical(text); ok && !bytes.Equal(encode(o), text) {
			t.Fatalf("%q accepted", text)
		}
		if o, ok := parseLoose(text); ok {
			if _, ok := parseCanonical(encode(o)); !ok {
				t.Fatalf("%q does not come back", text)
			}
		}
	}
}

func TestSmallForms(t *testing.T) { // section 0
	for s, good := range map[string]bool{
		"2015-08-27T01:16:00.000000Z": true, "2016-02-29T23:59:59.999999Z": true, "2015-02-29T00:00:00.000000Z": false,
		"2015-08-27T24:00:00.000000Z": false, "2015-08-27T01:16:60.000000Z": false, "2015-08-27T01:16:00,000000Z": false,
		"2015-08-27t01:16:00.000000Z": false, "2015-08-27T01:16:00.000000z": false, "2015-8-27T01:16:00.0000000Z": false,
		"+015-08-27T01:16:00.000000Z": false, "2015-08-27T01:16:00.0000000": false,
	} {
		if isInstant(s) != good {
			t.Error(s)
		}
	}
	for s, good := range map[string]bool{"AA==": true, "AB==": false, "AAA=": true, "AAB=": false, "AAAA": true, "AA=": false,
		"AA\n==": false, "AA": false, "": true, "A-==": false} {
		if _, ok := unbase64(s); ok != good {
			t.Error(s)
		}
	}
	for s, good := range map[string]bool{"0": true, "00": false, "01": false, "-1": false, "+1": false, "": false,
		"9007199254740991": true, "9007199254740992": false, "99999999999999999999": false, "1 ": false} {
		if _, ok := decimal(s, maxInteger); ok != good {
			t.Error(s)
		}
	}
	if isText("") || isText(strings.Repeat("é", 129)) || !isText(strings.Repeat("é", 128)) || isText("a\u200bb") || isText("a\u0085") {
		t.Error("isText")
	}
}

// TestSmallOrder finds the fourteen encodings again: every encoding of a y of
// a point whose order divides 8, y + p where that fits, with either sign.
func TestSmallOrder(t *testing.T) { // section 2.2
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	little := func(b []byte) *big.Int {
		r := make([]byte, 32)
		for i := range r {
			r[31-i] = b[i]
		}
		r[0] &= 0x7f
		return new(big.Int).SetBytes(r)
	}
	if len(smallOrder) != 14 {
		t.Fatal(len(smallOrder))
	}
	d := new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), p))
	d.Mod(d, p)
	for e := range smallOrder {
		y := little(e[:])
		if x := smallOrderX(y, d, p); x == nil {
			t.Errorf("%x is not of small order", e)
		}
		if !isSmallOrder(e[:]) || verifyEd25519(e[:], nil, make([]byte, 64)) {
			t.Errorf("%x", e)
		}
		other := e
		other[31] ^= 0x80
		if !smallOrder[other] {
			t.Errorf("%x stands without its other sign", e)
		}
		plus := new(big.Int).Add(y, p)
		if y.Cmp(p) < 0 && plus.BitLen() <= 255 {
			found := false
			for f := range smallOrder {
				found = found || little(f[:]).Cmp(plus) == 0
			}
			if !found {
				t.Errorf("y + p is missing for %x", e)
			}
		}
	}
}

// smallOrderX gives x² where 8·(x, y) is the neutral point, else nil: it
// doubles three times by y alone, x² being (y²−1)/(dy²+1).
func smallOrderX(y, d, p *big.Int) *big.Int {
	one := big.NewInt(1)
	square := func(y *big.Int) (x2, y2 *big.Int) {
		y2 = new(big.Int).Mod(new(big.Int).Mul(y, y), p)
		below := new(big.Int).Add(new(big.Int).Mul(d, y2), one)
		x2 = new(big.Int).Mul(new(big.Int).Sub(y2, one), below.ModInverse(below.Mod(below, p), p))
		return x2.Mod(x2, p), y2
	}
	first, _ := square(y)
	for i := 0; i < 3; i++ {
		x2, y2 := square(y)
		// y of the double: (y² + x²) / (1 − d·x²·y²), with a = −1.
		below := new(big.Int).Sub(one, new(big.Int).Mul(d, new(big.Int).Mul(x2, y2)))
		y = new(big.Int).Mul(new(big.Int).Add(y2, x2), below.ModInverse(below.Mod(below, p), p))
		y.Mod(y, p)
	}
	if y.Cmp(one) != 0 {
		return nil
	}
	return first
}

func TestEd25519Strictness(t *testing.T) {
	message := []byte("m")
	sig := edSign(0, message)
	if !verifyEd25519(public(0), message, sig) {
		t.Fatal("good signature refused")
	}
	l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := append([]byte{}, sig...)
	addLittle(s[32:], l)
	if verifyEd25519(public(0), message, s) {
		t.Error("S + L accepted")
	}
	if verifyEd25519(public(0), message, append([]byte{}, sig[:63]...)) || verifyEd25519(public(0)[:31], message, sig) {
		t.Error("short")
	}
	for _, y := range []byte{0xed, 0xee, 0xf0, 0xff} {
		key := bytes.Repeat([]byte{0xff}, 32)
		key[0], key[31] = y, 0x7f
		if canonicalY(key) || verifyEd25519(key, message, sig) {
			t.Errorf("y of %x accepted", y)
		}
	}
	below := bytes.Repeat([]byte{0xff}, 32)
	below[0] = 0xec
	if !canonicalY(below) {
		t.Error("p − 1 refused")
	}
}

func addLittle(b []byte, n *big.Int) {
	r := make([]byte, len(b))
	for i := range r {
		r[len(b)-1-i] = b[i]
	}
	sum := new(big.Int).Add(new(big.Int).SetBytes(r), n).FillBytes(make([]byte, len(b)))
	for i := range sum {
		b[len(b)-1-i] = sum[i]
	}
}
