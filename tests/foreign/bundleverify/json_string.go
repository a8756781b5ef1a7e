package main

import (
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string. U+0000 and lone surrogates are refused (rule 6).
func (p *jsonParser) text() (value, bool) {
	if !p.eat('"') {
		return nil, false
	}
	var out []byte // nil until there is an escape
	first := p.at
	for p.at < len(p.in) {
		b := p.in[p.at]
		switch {
		case b == '"':
			run := p.in[first:p.at]
			p.at++
			if !utf8.Valid(run) {
				return nil, false
			}
			if out == nil {
				return string(run), true
			}
			return string(append(out, run...)), true
		case b < ' ':
			return nil, false
		case b == '\\':
			if !utf8.Valid(p.in[first:p.at]) {
				return nil, false
			}
			out = append(out, p.in[first:p.at]...)
			r, ok := p.escape()
			if !ok {
				return nil, false
			}
			out = utf8.AppendRune(out, r)
			first = p.at
		default:
			p.at++
		}
	}
	return nil, false
}

// shortEscapes are those of RFC 8785, section 3.2.2.2, by their letter.
var shortEscapes = map[byte]rune{'"': '"', '\\': '\\', 'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r'}

func (p *jsonParser) escape() (rune, bool) {
	p.at++ // the backslash
	letter := p.peek()
	if r, ok := shortEscapes[letter]; ok {
		p.at++
		return r, true
	}
	if letter == '/' && !p.strict {
		p.at++
		return '/', true
	}
	if letter != 'u' {
		return 0, false
	}
	unit, ok := p.unit()
	if !ok || unit == 0 {
		return 0, false
	}
	if p.strict {
		return unit, canonicalUnit(unit)
	}
	if !utf16.IsSurrogate(unit) {
		return unit, true
	}
	if p.peek() != '\\' {
		return 0, false
	}
	p.at++
	low, ok := p.unit()
	r := utf16.DecodeRune(unit, low)
	return r, ok && r != utf8.RuneError
}

// canonicalUnit says whether RFC 8785 writes the character as \u00xx.
func canonicalUnit(r rune) bool {
	return r < ' ' && r != '\b' && r != '\t' && r != '\n' && r != '\f' && r != '\r'
}

// unit reads u and four hex digits, in strict mode lower case ones.
func (p *jsonParser) unit() (rune, bool) {
	if p.at+5 > len(p.in) || p.in[p.at] != 'u' {
		return 0, false
	}
	r := rune(0)
	for _, b := range p.in[p.at+1 : p.at+5] {
		switch {
		case b >= '0' && b <= '9':
			r = r<<4 | rune(b-'0')
		case b >= 'a' && b <= 'f':
			r = r<<4 | rune(b-'a'+10)
		case b >= 'A' && b <= 'F' && !p.strict:
			r = r<<4 | rune(b-'A'+10)
		default:
			return 0, false
		}
	}
	p.at += 5
	return r, true
}
