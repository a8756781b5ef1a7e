package main

import "crypto/sha256"

type hash = [32]byte

// leafHash and nodeHash are RFC 6962, section 2.1 (document section 6).
func leafHash(entry []byte) hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(entry)
	var out hash
	h.Sum(out[:0])
	return out
}

func nodeHash(left, right hash) hash {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// emptyRoot is the root of the tree of size 0.
var emptyRoot = sha256.Sum256(nil)

// climb computes the root that an audit path gives for a leaf, by the
// algorithm of RFC 9162, section 2.1.3.2. It fails on an index outside the
// tree and on a path with a hash too many or too few.
func climb(leaf hash, index, size int64, path []hash) (root hash, ok bool) {
	if index < 0 || index >= size {
		return root, false
	}
	fn, sn := index, size-1
	root = leaf
	for _, p := range path {
		if sn == 0 {
			return root, false
		}
		if fn&1 == 1 || fn == sn {
			root = nodeHash(p, root)
			for fn&1 == 0 && fn != 0 {
				fn >>= 1
				sn >>= 1
			}
		} else {
			root = nodeHash(root, p)
		}
		fn >>= 1
		sn >>= 1
	}
	return root, sn == 0
}

// splitHashes cuts joined hashes apart; ok only if none is cut short.
func splitHashes(b []byte) (path []hash, ok bool) {
	if len(b)%32 != 0 {
		return nil, false
	}
	path = make([]hash, len(b)/32)
	for i := range path {
		copy(path[i][:], b[32*i:])
	}
	return path, true
}
