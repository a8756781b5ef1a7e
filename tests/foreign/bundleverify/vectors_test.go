package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"strings"
	"testing"
)

// Vectors of the document, by its sections.

func seedFrom(first byte) []byte {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = first + byte(i)
	}
	return seed
}

func private(first byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seedFrom(first)) }

func public(first byte) []byte { return private(first)[32:] }

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	keyS0 = "cb39f0f6d246b033068073b728cf5b70a204cda3b1ccb17d8160d12dcd1a5ae3"
	keyS1 = "b44f3af856a894a22e362af353d7915a65e28a6ca4de6dda7475812e9bb341dc"
)

func TestSignatureVectors(t *testing.T) { // 2.5
	for seed, id := range map[byte]string{0: keyS0, 0x20: keyS1} {
		if got := hexSHA256([]byte{1}, public(seed)); got != id {
			t.Errorf("key id %s, not %s", got, id)
		}
	}
	body := []byte(`{"seq":1}`)
	if got := string(pae(eventType, body)); got != `DSSEv1 37 application/vnd.entente.event.v1+json 9 {"seq":1}` {
		t.Error("PAE", got)
	}
	sig := mustHex(t, "ce961b08380b9f17b763d28c3724d15b75f9ac62035d53fc80191ec59917ea1f"+
		"03550141e46f6b8bb1860bdf8e30b2c3afab2c99957cf33dee6a37678eea990d")
	s := signature{sig: sig}
	if !s.verify(public(0), body) || s.verify(public(0x20), body) {
		t.Error("S0's signature")
	}
	calais := mustHex(t, "d3257cf52a755ce18883bd88dafd24968e1dfc5f159314013eb0530c63810871"+
		"f6a09261b2eeaaf496b099eb47d9fcfb65f2a5623fc30d7b7eaae82318367f05")
	if !verifyEd25519(public(0), pae("application/vnd.calais.event.v1+json", body), calais) {
		t.Error("the signature under the other type")
	}
}

func TestBatchVector(t *testing.T) { // 2.5
	sig := mustHex(t, "78d85818aef3eaa6e6a99b8d715860aa703d1d45cf13360d981a779f8df0d078"+
		"3732324d039de3c504278c0364b719c940209bf1f5e8b1705b357b5a5644c90a")
	path, _ := splitHashes(mustHex(t, "22a49a28e3767d5de3446eadea97704f0fc795735913310b67d388fb4c36e52a"+
		"98d8aaeb11476e95d246bce2eb5118de7ffa69b9b7b4eafa7adf9d5371ef75ea"))
	body := []byte(`{"seq":1}`)
	s := signature{sig: sig, batch: &batch{n: 3, index: 1, path: path}}
	if !s.verify(public(0x20), body) {
		t.Fatal("refused")
	}
	root, _ := climb(leafHash(pae(eventType, body)), 1, 3, path)
	if hex.EncodeToString(root[:]) != "78e76d962b67006005ec345542975b6e5fd013deb2406f836db89fa4bd43f100" {
		t.Errorf("root %x", root)
	}
	for _, b := range []batch{{3, 0, path}, {3, 2, path}, {4, 1, path[:1]}, {3, 1, append(path[:2:2], hash{})},
		{maxBatch + 1, 1, path}, {2, 1, path}, {3, 1, nil}} {
		b := b
		if (&signature{sig: sig, batch: &b}).verify(public(0x20), body) {
			t.Error("accepted", b.n, b.index, len(b.path))
		}
	}
}

const vectorEntry = `entente.entry.v1
recorded_at: 2015-08-27T01:16:00.000000Z
stream: CASE-A3
version: 2
signature: cb39f0f6d246b033068073b728cf5b70a204cda3b1ccb17d8160d12dcd1a5ae3 zpYbCDgLnxe3Y9KMNyTRW3X5rGIDXVP8gBkexZkX6h8DVQFB5G9ri7GGC9+OMLLDr6ssmZV88z3uajdnjuqZDQ==
signature: b44f3af856a894a22e362af353d7915a65e28a6ca4de6dda7475812e9bb341dc eNhYGK7z6qbmqZuNcVhgqnA9HUXPEzYNmBp3n43w0Hg3MjJNA53jxQQnjANktxnJQCCb8fXosXBbNXtaVkTJCg== batch 3 1 IqSaKON2fV3jRG6t6pdwTw/HlXNZEzELZ9OI+0w25SqY2KrrEUduldJGvOLrURjef/ppube06vp6351Tce916g==

{"seq":1}`

func TestEntryVector(t *testing.T) { // 3
	if got := leafHash([]byte(vectorEntry)); len(vectorEntry) != 524 ||
		hex.EncodeToString(got[:]) != "ca7c47096d1772da4cf1c35d1e5b4fde4b2be0ac7240937d27fb49df47c68b39" {
		t.Fatalf("leaf %x of %d bytes", got, len(vectorEntry))
	}
	e, ok := parseEntry([]byte(vectorEntry))
	if !ok || e.version != 2 || e.stream != "CASE-A3" || string(e.payload) != `{"seq":1}` {
		t.Fatal("refused or misread")
	}
	for i, seed := range []byte{0, 0x20} {
		if !e.signatures[i].verify(public(seed), e.payload) {
			t.Error("signature", i)
		}
	}
	one := strings.Replace(vectorEntry, "batch 3 1 "+vectorEntry[strings.Index(vectorEntry, "IqSa"):strings.Index(vectorEntry, "\n\n")], "batch 1 0 ", 1)
	if e, ok := parseEntry([]byte(one)); !ok || e.signatures[1].batch.n != 1 || len(e.signatures[1].batch.path) != 0 {
		t.Error("a batch of one is refused")
	}
	if _, ok := parseEntry([]byte(strings.Replace(one, "batch 1 0 \n", "batch 1 0\n", 1))); ok {
		t.Error("a batch of one without its space is accepted")
	}
	for _, change := range [][2]string{
		{"entry.v1", "entry.v2"}, {"01:16:00.000000Z", "01:16:60.000000Z"}, {"2015-08-27", "2015-02-29"},
		{"01:16:00.000000Z", "24:00:00.000000Z"}, {"00.000000Z", "00.00000Z"}, {"version: 2", "version: 02"},
		{"version: 2", "version: 0"}, {"version: 2", "version:  2"}, {"stream: CASE-A3", "stream: CASE/A3"},
		{"stream: CASE-A3\n", "stream: CASE-A3\r\n"}, {"batch 3 1", "batch 3 3"}, {"batch 3 1", "batch 3 +1"},
		{"ZDQ==", "ZDR=="}, {"ZDQ==", "ZDQ="}, {"e916g==", "e916g== "}, {"cb39f0", "CB39f0"},
		{"version: 2", "version: 10000000000000000"}, {"\n\n", "\n"}, {"signature: cb", "sig: cb"},
	} {
		if _, ok := parseEntry([]byte(strings.Replace(vectorEntry, change[0], change[1], 1))); ok {
			t.Error("accepted with", change[1])
		}
	}
}

func TestTreeVectors(t *testing.T) { // 6
	leaves := vectorLeaves(t)
	for size, want := range []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	} {
		if got := treeRoot(leaves[:size]); hex.EncodeToString(got[:]) != want {
			t.Errorf("root of size %d: %x", size, got)
		}
	}
	path := auditPath(5, leaves)
	want := "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" +
		"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0" +
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
	var joined []byte
	for _, h := range path {
		joined = append(joined, h[:]...)
	}
	if hex.EncodeToString(joined) != want {
		t.Errorf("path %x", joined)
	}
}

func vectorLeaves(t *testing.T) (leaves []hash) {
	for _, s := range []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"} {
		leaves = append(leaves, leafHash(mustHex(t, s)))
	}
	return leaves
}

// TestClimb tries every leaf of small trees, and every path of wrong length.
func TestClimb(t *testing.T) {
	var leaves []hash
	for size := int64(1); size <= 33; size++ {
		leaves = append(leaves, leafHash([]byte{byte(size)}))
		root := treeRoot(leaves)
		for i := int64(0); i < size; i++ {
			path := auditPath(int(i), leaves)
			if got, ok := climb(leaves[i], i, size, path); !ok || got != root {
				t.Fatal("refused", i, size)
			}
			if _, ok := climb(leaves[i], i, size, append(path, hash{})); ok {
				t.Fatal("longer accepted", i, size)
			}
			if len(path) > 0 {
				if _, ok := climb(leaves[i], i, size, path[:len(path)-1]); ok {
					t.Fatal("shorter accepted", i, size)
				}
			}
		}
		if _, ok := climb(leaves[0], size, size, nil); ok {
			t.Fatal("index beyond the tree accepted")
		}
	}
}

func TestSectionVector(t *testing.T) { // 5.1
	k := seedFrom(0)
	sealed := seal(k, []byte(`{"note":"deux adultes, un enfant"}`))
	if len(sealed) != 272 || !bytes.HasPrefix(sealed, mustHex(t, "759edbb1c149a1872acccc40600cf0fd")) ||
		!bytes.HasSuffix(sealed, mustHex(t, "0e1c8b7344d705e77718afa97e9188f6")) {
		t.Fatalf("ciphertext %x", sealed)
	}
	c := commitment{"text", 272, "c7431cb0918cd7082f77bf3b30b8654ce98b3091090f4d440eba848acfa0f543",
		"7c54bc02fc6e011f261e31823ed3096fce83d3e9fcc1e30fb7b7f18883a1b64f"}
	if !c.committed(sealed) || !c.keyCommitted(k) {
		t.Error("digests")
	}
	if plain, ok := openSection(k, sealed); !ok || string(plain) != `{"note":"deux adultes, un enfant"}` {
		t.Error("does not open")
	}
	for _, length := range []int{0, 255, 256, 257} {
		if plain, ok := openSection(k, seal(k, make([]byte, length))); !ok || len(plain) != length {
			t.Error("padding of", length)
		}
	}
	for name, padded := range map[string][]byte{
		"empty": {}, "no mark": make([]byte, 256), "not a block": append(make([]byte, 254), 0x80),
		"block too many": append(append(make([]byte, 255), 0x80), make([]byte, 256)...),
	} {
		if _, ok := openSection(k, sealPadded(k, padded)); ok {
			t.Error("accepted", name)
		}
	}
}
