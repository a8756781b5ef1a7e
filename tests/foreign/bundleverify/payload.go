package main

import "strings"

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
	ok = schema && isUUID7(p.id) && isOrigin(p.origin) && isEventType(p.kind) && isIdentifier(p.stream) &&
		isIdentifier(p.authority) && isHash(p.keyID) && (p.regime == "LE" || p.regime == "GENERAL") && p.data != nil
	return p, ok && p.readReleasable() && p.readSections()
}

// isEventType: family, dot, name.
func isEventType(s string) bool {
	parts := strings.Split(s, ".")
	return isIdentifier(s) && len(parts) == 2 && parts[0] != "" && parts[1] != ""
}

func (p *payload) readReleasable() bool {
	list, ok := p.object.list("releasable_to")
	for _, v := range list {
		nation, _ := v.(string)
		if !isNation(nation) || has(p.releasableTo, nation) {
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

// readSections: absent where there are none; a name occurs once.
func (p *payload) readSections() bool {
	if !p.object.has("sections") {
		return true
	}
	list, ok := p.object.list("sections")
	if !ok || len(list) < 1 || len(list) > maxSections {
		return false
	}
	for _, v := range list {
		row, _ := v.(*object)
		size, ok := row.natural("bytes", 1)
		c := commitment{row.str("name"), size, row.str("sha256"), row.str("key_sha256")}
		if !ok || !row.only([]string{"bytes", "key_sha256", "name", "sha256"}) || size > maxSealed ||
			!isSectionName(c.name) || !isHash(c.sha256) || !isHash(c.keySHA256) {
			return false
		}
		for _, other := range p.sections {
			if other.name == c.name {
				return false
			}
		}
		p.sections = append(p.sections, c)
	}
	return true
}

// family is the part of the type before the dot.
func (p *payload) family() string {
	return p.kind[:strings.IndexByte(p.kind, '.')]
}

// is says whether the type is one of those listed.
func (p *payload) is(kinds ...string) bool { return has(kinds, p.kind) }
