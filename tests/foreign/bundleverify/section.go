package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
)

// hexSHA256 is the lower-case hex of the SHA-256 of the parts joined.
func hexSHA256(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// committed says whether the ciphertext has the size and hash committed to.
func (c *commitment) committed(ciphertext []byte) bool {
	return int64(len(ciphertext)) == c.bytes && hexSHA256(ciphertext) == c.sha256
}

// keyCommitted says whether K has the digest committed to (document section 5).
func (c *commitment) keyCommitted(key []byte) bool {
	return hexSHA256([]byte("entente.key.v1\n"), key) == c.keySHA256
}

// openSection decrypts under K and takes the padding off, which must be
// exactly what step 2 of section 5 makes.
func openSection(key, ciphertext []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != 32 {
		return nil, false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, false
	}
	padded, err := gcm.Open(nil, make([]byte, gcm.NonceSize()), ciphertext, nil)
	if err != nil || len(padded) == 0 || len(padded)%256 != 0 {
		return nil, false
	}
	end := len(padded) - 1
	for end > 0 && padded[end] == 0 {
		end--
	}
	if padded[end] != 0x80 || len(padded)-end > 256 {
		return nil, false
	}
	return padded[:end], true
}
