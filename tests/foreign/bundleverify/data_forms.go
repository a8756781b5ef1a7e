package main

// form says whether a member of data is as the document has it; absent is
// given as nil, like null.
type form func(v value) bool

func optional(f form) form {
	return func(v value) bool { return v == nil || f(v) }
}

func textForm(f func(string) bool) form {
	return func(v value) bool {
		s, ok := v.(string)
		return ok && f(s)
	}
}

func oneOf(words ...string) form {
	return textForm(func(s string) bool { return has(words, s) })
}

func atLeast(least int64) form {
	return func(v value) bool {
		n, ok := v.(int64)
		return ok && n >= least
	}
}

var (
	hashForm       = textForm(isHash)
	identifierForm = textForm(isIdentifier)
	originForm     = textForm(isOrigin)
	nationForm     = textForm(isNation)
	jointForm      = oneOf("GB", "FR", "JOINT")
	roleForm       = oneOf("national_authority", "service", "officer", "official", "sealer", "sealing")
	codeForm       = oneOf("01", "10", "11")
	base64Form     = textForm(func(s string) bool {
		b, ok := unbase64(s)
		return ok && len(b) > 0
	})
)

func boolForm(v value) bool {
	_, ok := v.(bool)
	return ok
}

func textsForm(v value) bool {
	list, ok := v.([]value)
	for _, e := range list {
		if _, text := e.(string); !text {
			return false
		}
	}
	return ok
}

func authorityKeysForm(v value) bool {
	list, ok := v.([]value)
	for _, e := range list {
		o, _ := e.(*object)
		if o == nil || !formsHold(o, forms{"nation": nationForm, "key_id": hashForm, "public_key": base64Form}) {
			return false
		}
	}
	return ok
}

func predecessorForm(v value) bool {
	o, ok := v.(*object)
	return ok && optional(versionsForm)(memberOf(o, "open_streams"))
}

func versionsForm(v value) bool {
	o, ok := v.(*object)
	if !ok {
		return false
	}
	for _, m := range o.members {
		if !atLeast(1)(m.v) {
			return false
		}
	}
	return true
}

func memberOf(o *object, name string) value {
	v, _ := o.get(name)
	return v
}

type forms map[string]form

func formsHold(o *object, f forms) bool {
	for name, holds := range f {
		if !holds(memberOf(o, name)) {
			return false
		}
	}
	return true
}

// dataForms are the members of data that 9.1, 9.2 and 8.4 read, by type.
var dataForms = map[string]forms{
	"authority.registered": {"code": identifierForm, "nation": oneOf("GB", "FR", "OPERATOR", "JOINT"),
		"part_of": optional(identifierForm)},
	"index.committed": {"root": hashForm, "size": atLeast(0)},
	"key.compromised": {"key": hashForm, fieldSuspect: atLeast(1)},
	"key.reaffirmed":  {"key": hashForm},
	"key.registered": {"registered": hashForm, "type_code": codeForm, "public_key": base64Form, "owner": identifierForm,
		"role": roleForm, "attested": optional(boolForm), "may_append": optional(textsForm), "nation": optional(nationForm),
		fieldSuccessor: optional(hashForm)},
	"key.reinstated":                   {"key": hashForm},
	"key.revoked":                      {"key": hashForm},
	"key.rotated":                      {"old": hashForm, "registered": hashForm, "type_code": codeForm, "public_key": base64Form, fieldSuccessor: optional(hashForm)},
	"key.suspended":                    {"key": hashForm},
	"ledger.closed":                    {"successor": optional(originForm)},
	"ledger.opened":                    {"authority_keys": authorityKeysForm, "exercise": boolForm, "origin": originForm, "predecessor": optional(predecessorForm)},
	"mandate.ended":                    {"nation": jointForm},
	"mandate.granted":                  {"nation": jointForm},
	"policy.adopted":                   {"from_size": atLeast(0), "sha256": hashForm},
	"reconciliation.withheld_declared": {"nation": nationForm},
	"report.issued":                    {"nation": optional(nationForm)},
	"report.observation":               {"nation": optional(nationForm)},
	"role.ended":                       {"nation": jointForm},
	"role.granted":                     {"nation": jointForm},
	"ruleset.adopted":                  {"nation": nationForm},
	"sealed.recorded":                  {"nation": nationForm},
}
