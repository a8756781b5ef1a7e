package main

// Limits of document section 2.4.
const (
	maxSignatures     = 8
	maxSignatureBytes = 8192
	maxWraps          = 16
	maxWrapBytes      = 8192
	maxAllSealed      = 1048576
	maxBatchPath      = 24
)

// wireItem is an event on the wire (section 2.4), as an inner section has it.
type wireItem struct {
	payload    []byte
	signatures []signature
	sections   map[string][]byte // ciphertexts by name
}

// parseWire reads a wire item of an event.
func parseWire(in []byte) (*wireItem, bool) {
	o, ok := parseLoose(in)
	if !ok || !o.only([]string{"envelope"}, "sections") {
		return nil, false
	}
	w := &wireItem{sections: map[string][]byte{}}
	return w, w.readEnvelope(o.object("envelope")) && (!o.has("sections") || w.readSections(o.object("sections")))
}

func (w *wireItem) readEnvelope(o *object) bool {
	if !o.only([]string{"payloadType", "payload", "signatures"}) || o.str("payloadType") != eventType {
		return false
	}
	text, isText := o.mustStr("payload")
	var ok bool
	w.payload, ok = unbase64(text)
	list, _ := o.list("signatures")
	if !isText || !ok || len(list) < 1 || len(list) > maxSignatures {
		return false
	}
	for _, v := range list {
		row, _ := v.(*object)
		s, ok := readWireSignature(row)
		if !ok {
			return false
		}
		w.signatures = append(w.signatures, s)
	}
	return true
}

// mustStr is the member as a string, and whether it is one.
func (o *object) mustStr(name string) (string, bool) {
	v, _ := o.get(name)
	s, ok := v.(string)
	return s, ok
}

func readWireSignature(o *object) (s signature, ok bool) {
	if !o.only([]string{"keyid", "sig"}, "batch") || !isHash(o.str("keyid")) {
		return s, false
	}
	s.keyID = o.str("keyid")
	s.sig, ok = unbase64(o.str("sig"))
	if !ok || len(s.sig) == 0 || len(s.sig) > maxSignatureBytes {
		return s, false
	}
	if !o.has("batch") {
		return s, true
	}
	b := o.object("batch")
	list, ok := b.list("path")
	if !ok || !b.only([]string{"n", "index", "path"}) || len(list) > maxBatchPath {
		return s, false
	}
	s.batch = &batch{}
	var ok2 bool
	s.batch.n, ok = b.natural("n", 1)
	s.batch.index, ok2 = b.natural("index", 0)
	if !ok || !ok2 || s.batch.index >= s.batch.n {
		return s, false
	}
	s.batch.path, ok = hashList(list)
	return s, ok
}

// hashList decodes a JSON array of base64 hashes.
func hashList(list []value) (path []hash, ok bool) {
	for _, v := range list {
		text, _ := v.(string)
		h, ok := unbase64Hash(text)
		if !ok {
			return nil, false
		}
		path = append(path, h)
	}
	return path, true
}

func (w *wireItem) readSections(o *object) bool {
	if o == nil || len(o.members) > maxSections {
		return false
	}
	total := 0
	for _, m := range o.members {
		section, _ := m.v.(*object)
		if !isSectionName(m.name) || !section.only([]string{"ciphertext", "wraps"}) {
			return false
		}
		text, isText := section.mustStr("ciphertext")
		ciphertext, ok := unbase64(text)
		if !isText || !ok || len(ciphertext) > maxSealed || !validWraps(section.object("wraps")) {
			return false
		}
		total += len(ciphertext)
		w.sections[m.name] = ciphertext
	}
	return total <= maxAllSealed
}

func validWraps(o *object) bool {
	if o == nil || len(o.members) > maxWraps {
		return false
	}
	for _, m := range o.members {
		text, isText := m.v.(string)
		wrap, ok := unbase64(text)
		if !isText || !ok || !isSectionName(m.name) || len(wrap) > maxWrapBytes {
			return false
		}
	}
	return true
}
