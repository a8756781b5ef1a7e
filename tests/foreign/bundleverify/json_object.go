package main

import (
	"sort"
	"strconv"
)

type member struct {
	name string
	v    value
}

// object is a JSON object, its members sorted by name. As names are ASCII,
// the order of bytes is RFC 8785's order of UTF-16 units.
type object struct {
	members []member
}

// newObject makes an object of alternating names and values.
func newObject(pairs ...value) *object {
	o := &object{}
	for i := 0; i < len(pairs); i += 2 {
		o.members = append(o.members, member{pairs[i].(string), pairs[i+1]})
	}
	o.sort()
	return o
}

// sort puts the members in order and reports whether all names differ.
func (o *object) sort() bool {
	sort.Slice(o.members, func(i, j int) bool { return o.members[i].name < o.members[j].name })
	for i := 1; i < len(o.members); i++ {
		if o.members[i-1].name == o.members[i].name {
			return false
		}
	}
	return true
}

func (o *object) get(name string) (value, bool) {
	if o == nil {
		return nil, false
	}
	i := sort.Search(len(o.members), func(i int) bool { return o.members[i].name >= name })
	if i < len(o.members) && o.members[i].name == name {
		return o.members[i].v, true
	}
	return nil, false
}

func (o *object) has(name string) bool {
	_, ok := o.get(name)
	return ok
}

// str is the member as a string, or "" where it is none.
func (o *object) str(name string) string {
	v, _ := o.get(name)
	s, _ := v.(string)
	return s
}

func (o *object) integer(name string) (int64, bool) {
	v, _ := o.get(name)
	n, ok := v.(int64)
	return n, ok
}

// natural is the member as an integer of at least least.
func (o *object) natural(name string, least int64) (int64, bool) {
	n, ok := o.integer(name)
	return n, ok && n >= least
}

func (o *object) object(name string) *object {
	v, _ := o.get(name)
	inner, _ := v.(*object)
	return inner
}

func (o *object) list(name string) ([]value, bool) {
	v, _ := o.get(name)
	list, ok := v.([]value)
	return list, ok
}

// only says whether the object has all required members and no other than
// those and the optional ones. It is false for no object at all.
func (o *object) only(required []string, optional ...string) bool {
	if o == nil {
		return false
	}
	for _, name := range required {
		if !o.has(name) {
			return false
		}
	}
	count := len(required)
	for _, name := range optional {
		if o.has(name) {
			count++
		}
	}
	return len(o.members) == count
}

// encode writes the RFC 8785 form.
func encode(v value) []byte { return appendJSON(nil, v) }

func appendJSON(out []byte, v value) []byte {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...)
	case bool:
		return strconv.AppendBool(out, v)
	case int64:
		return strconv.AppendInt(out, v, 10)
	case int:
		return strconv.AppendInt(out, int64(v), 10)
	case string:
		return appendString(out, v)
	case []value:
		out = append(out, '[')
		for i, e := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendJSON(out, e)
		}
		return append(out, ']')
	case *object:
		if v == nil {
			return append(out, "null"...)
		}
		out = append(out, '{')
		for i, m := range v.members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(appendString(out, m.name), ':')
			out = appendJSON(out, m.v)
		}
		return append(out, '}')
	}
	panic("no JSON value")
}

func appendString(out []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			out = append(out, '\\', b)
		case b >= ' ':
			out = append(out, b)
		case b == '\b':
			out = append(out, `\b`...)
		case b == '\t':
			out = append(out, `\t`...)
		case b == '\n':
			out = append(out, `\n`...)
		case b == '\f':
			out = append(out, `\f`...)
		case b == '\r':
			out = append(out, `\r`...)
		default:
			out = append(out, `\u00`...)
			out = append(out, hexDigits[b>>4], hexDigits[b&15])
		}
	}
	return append(out, '"')
}
