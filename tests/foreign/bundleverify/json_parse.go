package main

import (
	"unicode/utf8"
)

// Limits of document section 1, rules 4 and 5.
const (
	maxInteger = 1<<53 - 1
	maxDepth   = 8
)

// value is one of nil, bool, int64, string, []value and *object.
type value interface{}

// jsonParser reads JSON. In strict mode it accepts a text only if it is its
// own RFC 8785 form (section 1, rule 2): no white space, names ascending,
// the one escape each character has. In loose mode (section 2.4) spacing,
// order and escapes are free. Both refuse duplicate and non-ASCII names,
// fractions and exponents, deeper nesting than 8 and broken Unicode.
type jsonParser struct {
	in     []byte
	at     int
	strict bool
}

// parseCanonical decodes a JSON object of section 1, rules 2 to 6.
func parseCanonical(in []byte) (*object, bool) { return parseObject(in, true) }

// parseLoose decodes a JSON object as it stands on the wire (section 2.4).
func parseLoose(in []byte) (*object, bool) { return parseObject(in, false) }

func parseObject(in []byte, strict bool) (*object, bool) {
	p := &jsonParser{in: in, strict: strict}
	p.space()
	v, ok := p.value(1)
	p.space()
	if !ok || p.at != len(in) {
		return nil, false
	}
	o, ok := v.(*object)
	return o, ok
}

func (p *jsonParser) space() {
	for !p.strict && p.at < len(p.in) {
		switch p.in[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *jsonParser) peek() byte {
	if p.at < len(p.in) {
		return p.in[p.at]
	}
	return 0
}

// eat takes one byte if it is the next.
func (p *jsonParser) eat(b byte) bool {
	if p.at < len(p.in) && p.in[p.at] == b {
		p.at++
		return true
	}
	return false
}

func (p *jsonParser) literal(word string, v value) (value, bool) {
	if p.at+len(word) > len(p.in) || string(p.in[p.at:p.at+len(word)]) != word {
		return nil, false
	}
	p.at += len(word)
	return v, true
}

func (p *jsonParser) value(depth int) (value, bool) {
	switch b := p.peek(); {
	case b == '{':
		return p.object(depth)
	case b == '[':
		return p.array(depth)
	case b == '"':
		return p.text()
	case b == 't':
		return p.literal("true", true)
	case b == 'f':
		return p.literal("false", false)
	case b == 'n':
		return p.literal("null", nil)
	default:
		return p.integer()
	}
}

func (p *jsonParser) object(depth int) (value, bool) {
	if depth > maxDepth {
		return nil, false
	}
	p.at++
	o := &object{}
	p.space()
	if p.eat('}') {
		return o, true
	}
	for {
		p.space()
		name, ok := p.name()
		if !ok {
			return nil, false
		}
		if p.strict && len(o.members) > 0 && o.members[len(o.members)-1].name >= name {
			return nil, false
		}
		p.space()
		if !p.eat(':') {
			return nil, false
		}
		p.space()
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		o.members = append(o.members, member{name, v})
		p.space()
		if p.eat('}') {
			return o, o.sort()
		}
		if !p.eat(',') {
			return nil, false
		}
	}
}

// name reads an object's name: ASCII only (section 1, rule 3).
func (p *jsonParser) name() (string, bool) {
	v, ok := p.text()
	name, _ := v.(string)
	for i := 0; i < len(name); i++ {
		if name[i] >= utf8.RuneSelf {
			return "", false
		}
	}
	return name, ok
}

func (p *jsonParser) array(depth int) (value, bool) {
	if depth > maxDepth {
		return nil, false
	}
	p.at++
	var list []value
	p.space()
	if p.eat(']') {
		return list, true
	}
	for {
		p.space()
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		list = append(list, v)
		p.space()
		if p.eat(']') {
			return list, true
		}
		if !p.eat(',') {
			return nil, false
		}
	}
}

// integer reads a number: integers of at most 53 bits, and no -0 (rule 4).
func (p *jsonParser) integer() (value, bool) {
	negative := p.eat('-')
	first := p.at
	n := int64(0)
	for ; p.at < len(p.in) && p.in[p.at] >= '0' && p.in[p.at] <= '9'; p.at++ {
		n = n*10 + int64(p.in[p.at]-'0')
		if n > maxInteger {
			return nil, false
		}
	}
	digits := p.at - first
	if digits == 0 || digits > 1 && p.in[first] == '0' || negative && n == 0 {
		return nil, false
	}
	switch p.peek() {
	case '.', 'e', 'E':
		return nil, false
	}
	if negative {
		n = -n
	}
	return n, true
}
