package main

import (
	"bytes"
	"strconv"
)

// maxProofHashes is the longest audit path (document sections 8.2, 12.9).
const maxProofHashes = 63

// parseProof reads entries/<position>.tlog-proof, which is exactly as section
// 12.4 says for this position and this checkpoint.
func parseProof(in []byte, position int64, checkpoint []byte) (path []hash, ok bool) {
	head := []byte("c2sp.org/tlog-proof@v1\nindex " + strconv.FormatInt(position-1, 10) + "\n")
	if !bytes.HasPrefix(in, head) || !bytes.HasSuffix(in, checkpoint) {
		return nil, false
	}
	in = in[len(head):]
	for {
		end := bytes.IndexByte(in, '\n')
		if end < 0 {
			return nil, false
		}
		line := string(in[:end])
		in = in[end+1:]
		if line == "" {
			return path, bytes.Equal(in, checkpoint)
		}
		h, ok := unbase64Hash(line)
		if !ok || len(path) == maxProofHashes {
			return nil, false
		}
		path = append(path, h)
	}
}
