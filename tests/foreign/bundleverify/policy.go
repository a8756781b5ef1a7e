package main

import (
	"bytes"
	"strings"
)

// maxPolicy is the limit of policy.txt (document section 12.1).
const maxPolicy = 262144

const maxGroupMembers = 64

// policy says whom its holder trusts (section 7.2, C2SP tlog-policy).
type policy struct {
	logs      []*noteKey
	witnesses []policyWitness
	groups    []policyGroup
	quorum    string // "none", or a defined name
	defined   map[string]bool
	member    map[string]bool // names that are in a group already
}

type policyWitness struct {
	name string
	key  *noteKey
}

type policyGroup struct {
	name    string
	least   int
	members []string
}

// parsePolicy reads a policy; anything not of the form is refused.
func parsePolicy(in []byte) (*policy, bool) {
	if len(in) > maxPolicy || len(in) > 0 && in[len(in)-1] != '\n' {
		return nil, false
	}
	for _, b := range in {
		if b < ' ' && b != '\t' && b != '\n' || b == 0x7f {
			return nil, false
		}
	}
	p := &policy{defined: map[string]bool{}, member: map[string]bool{}}
	for _, line := range strings.Split(string(in), "\n") {
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if !p.line(words[0], words[1:]) {
			return nil, false
		}
	}
	return p, p.quorum != ""
}

func (p *policy) line(kind string, words []string) bool {
	switch kind {
	case "log":
		return (len(words) == 1 || len(words) == 2) && p.addLog(words[0])
	case "witness":
		return (len(words) == 2 || len(words) == 3) && p.addWitness(words[0], words[1])
	case "group":
		return len(words) >= 3 && p.addGroup(words[0], words[1], words[2:])
	case "quorum":
		if len(words) != 1 || p.quorum != "" || words[0] != "none" && !p.defined[words[0]] {
			return false
		}
		p.quorum = words[0]
		return true
	}
	return false
}

func (p *policy) addLog(text string) bool {
	key, ok := parseNoteKey(text)
	if !ok || key.kind != typeLog {
		return false
	}
	for _, other := range p.logs {
		if bytes.Equal(other.public, key.public) {
			return false
		}
	}
	p.logs = append(p.logs, key)
	return true
}

// define takes a name for a witness or a group; "none" is reserved.
func (p *policy) define(name string) bool {
	if name == "none" || p.defined[name] {
		return false
	}
	p.defined[name] = true
	return true
}

func (p *policy) addWitness(name, text string) bool {
	key, ok := parseNoteKey(text)
	if !ok || key.kind == typeLog || !p.define(name) {
		return false
	}
	for _, other := range p.witnesses {
		if bytes.Equal(other.key.public, key.public) {
			return false
		}
	}
	p.witnesses = append(p.witnesses, policyWitness{name, key})
	return true
}

func (p *policy) addGroup(name, least string, members []string) bool {
	if len(members) > maxGroupMembers {
		return false
	}
	for _, m := range members {
		if !p.defined[m] || p.member[m] {
			return false
		}
		p.member[m] = true
	}
	g := policyGroup{name: name, members: members}
	switch least {
	case "all":
		g.least = len(members)
	case "any":
		g.least = 1
	default:
		k, ok := decimal(least, int64(len(members)))
		if !ok || k < 1 {
			return false
		}
		g.least = int(k)
	}
	p.groups = append(p.groups, g)
	return p.define(name)
}
