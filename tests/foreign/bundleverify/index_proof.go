package main

import "strconv"

// indexProof is a proof from the index of streams (document section 8.4).
type indexProof struct {
	stream  string
	size    int64
	streams int64
	leaves  []indexLeaf
}

type indexLeaf struct {
	index, position, version int64
	stream                   string
	path                     []hash
}

// parseIndexProof reads the form; what it shows is for verify.
func parseIndexProof(in []byte) (*indexProof, bool) {
	o, ok := parseCanonical(in)
	if !ok || !o.only([]string{"leaves", "size", "stream", "streams"}) {
		return nil, false
	}
	x := &indexProof{stream: o.str("stream")}
	var sized, counted bool
	x.size, sized = o.natural("size", 0)
	x.streams, counted = o.natural("streams", 0)
	list, ok := o.list("leaves")
	if !sized || !counted || !ok || !isIdentifier(x.stream) {
		return nil, false
	}
	for _, v := range list {
		row, _ := v.(*object)
		leaf, ok := readIndexLeaf(row)
		if !ok {
			return nil, false
		}
		x.leaves = append(x.leaves, leaf)
	}
	return x, true
}

func readIndexLeaf(o *object) (leaf indexLeaf, ok bool) {
	if !o.only([]string{"index", "path", "position", "stream", "version"}) {
		return leaf, false
	}
	var good [4]bool
	leaf.stream = o.str("stream")
	leaf.index, good[0] = o.natural("index", 0)
	leaf.position, good[1] = o.natural("position", 0)
	leaf.version, good[2] = o.natural("version", 0)
	path, isList := o.list("path")
	leaf.path, good[3] = hashList(path)
	return leaf, isList && isIdentifier(leaf.stream) && good == [4]bool{true, true, true, true}
}

// hash is the leaf's own hash.
func (l *indexLeaf) hash() hash {
	return leafHash([]byte("entente.stream.v1\nstream: " + l.stream +
		"\nversion: " + strconv.FormatInt(l.version, 10) +
		"\nposition: " + strconv.FormatInt(l.position, 10) + "\n"))
}

// verify checks the proof under the root of an index.committed of its size.
func (x *indexProof) verify(root hash) bool {
	for i := range x.leaves {
		l := &x.leaves[i]
		if l.version < 1 || l.version > l.position || l.position > x.size {
			return false
		}
		if got, ok := climb(l.hash(), l.index, x.streams, l.path); !ok || got != root {
			return false
		}
	}
	switch len(x.leaves) {
	case 0:
		return x.streams == 0 && root == emptyRoot
	case 1:
		l := &x.leaves[0]
		return l.stream == x.stream || l.index == 0 && l.stream > x.stream ||
			l.index == x.streams-1 && l.stream < x.stream
	case 2:
		a, b := &x.leaves[0], &x.leaves[1]
		return a.index+1 == b.index && a.stream < x.stream && x.stream < b.stream
	}
	return false
}

// last is the leaf of the stream itself, if the proof has it.
func (x *indexProof) last() *indexLeaf {
	if len(x.leaves) == 1 && x.leaves[0].stream == x.stream {
		return &x.leaves[0]
	}
	return nil
}

// checkIndexes checks each file under index/ with the codes of section 8.4.
func (v *verifier) checkIndexes() error {
	for _, f := range v.c.files {
		if f.parsed.kind != kindIndex {
			continue
		}
		content, err := v.c.read(f)
		if err != nil {
			return err
		}
		x, ok := parseIndexProof(content)
		if !ok {
			return refuseFile("index-form", f.name)
		}
		root, ok := v.committed[x.size]
		if !ok {
			return refuseFile("index-unknown", f.name)
		}
		if !x.verify(root) {
			return refuseFile("index-wrong", f.name)
		}
		v.lastVersion = v.lastVersion || v.showsLast(x)
	}
	return nil
}

// showsLast: the proof is for the stream asked for and its leaf has version
// n, standing where the entry of version n stands if that is full.
func (v *verifier) showsLast(x *indexProof) bool {
	leaf := x.last()
	if v.m.question.kind != askStream || x.stream != v.m.question.stream || leaf == nil ||
		leaf.version != v.m.complete.versions {
		return false
	}
	seen := v.streams[x.stream]
	return seen == nil || seen.version != leaf.version || seen.position == leaf.position
}
