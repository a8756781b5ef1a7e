package main

// Limits of payloads and sections (document sections 1 and 2.4).
const (
	maxPayload  = 32768
	maxSections = 16
	maxSealed   = 262144
)

// payload is what an author signed (section 1): the header fields that
// sections 9.1 and 12 read, and the type's own data.
type payload struct {
	object       *object
	id           string
	origin       string
	kind         string // the member type
	stream       string
	authority    string
	keyID        string
	regime       string
	releasableTo []string
	data         *object
	sections     []commitment
}

// commitment is what a payload says of one section (section 5).
type commitment struct {
	name      string
	bytes     int64
	sha256    string
	keySHA256 string
}

// parsePayload reads a payload of section 1 and its header fields.
func parsePayload(in []byte) (*payload, bool) {
	if len(in) > maxPayload {
		return nil, false
	}
	o, ok := parseCanonical(in)
	if !ok {
		return nil, false
	}
	p := &payload{
		object: o, id: o.str("id"), origin: o.str("origin"), kind: o.str("type"), stream: o.str("stream"),
		authority: o.str("authority"), keyID: o.str("key_id"), regime: o.str("regime"), data: o.object("data"),
	}
	_, schema := o.natural("schema", 1)
	ok = schema && isUUID7(p.id) && hasText(o, "origin") && hasText(o, "type") && isIdentifier(p.stream) &&
		isInstant(o.str("occurred_at")) && isSalt(o.str("salt")) && isIdentifier(p.authority) && isHash(p.keyID) &&
		(p.regime == "LE" || p.regime == "GENERAL") && p.data != nil && formsHold(p.data, dataForms[p.kind])
	return p, ok && p.readReleasable() && p.readSections() && (p.kind != sealedType || p.isOutside())
}

// isOutside: what is sealed is for its nation alone, in one section inner.
func (p *payload) isOutside() bool {
	return len(p.releasableTo) == 1 && p.releasableTo[0] == p.data.str("nation") &&
		len(p.sections) == 1 && p.sections[0].name == "inner"
}

func hasText(o *object, name string) bool {
	_, ok := memberOf(o, name).(string)
	return ok
}

// isSalt: 16 bytes in hex.
func isSalt(s string) bool {
	_, ok := unhex(s, 16)
	return ok
}

func (p *payload) readReleasable() bool {
	list, ok := p.object.list("releasable_to")
	for _, v := range list {
		nation, _ := v.(string)
		if !isNation(nation) || len(p.releasableTo) == 2 {
			return false
		}
		p.releasableTo = append(p.releasableTo, nation)
	}
	return ok && len(list) > 0
}

func has(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// readSections: what a row commits to is asked only where it is opened.
func (p *payload) readSections() bool {
	if !p.object.has("sections") {
		return true
	}
	list, ok := p.object.list("sections")
	if !ok || len(list) > maxSections {
		return false
	}
	for _, v := range list {
		row, _ := v.(*object)
		size, ok := row.integer("bytes")
		if !ok || !row.only([]string{"bytes", "key_sha256", "name", "sha256"}) ||
			!hasText(row, "name") || !hasText(row, "sha256") || !hasText(row, "key_sha256") {
			return false
		}
		p.sections = append(p.sections, commitment{row.str("name"), size, row.str("sha256"), row.str("key_sha256")})
	}
	return true
}

// is says whether the type is one of those listed.
func (p *payload) is(kinds ...string) bool { return has(kinds, p.kind) }
