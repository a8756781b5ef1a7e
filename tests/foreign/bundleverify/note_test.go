package main

import (
	"strings"
	"testing"
)

// The note and the policies of document section 7.

const vectorNote = `ledger.example/joint
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

— ledger.example/joint WoEGHGl8d3GGem9hHDELu+/q/sHnJ7j+2B1F/lX5g1JN+yMFXsVbWPA0LJLur0ZVML6ub9US89NyIZS98q1/qpX5zQk=
— london.example/cosigner j+LbbgAAAABWIPNA4KzKzmUc3roflYPHR2DWjrI9xmdawxYxp7++j6+ow4n9qbniaaaWOKRw8zLxuJH1d59BvRYTVSMbXnT3K4h2Cw==
`

const (
	vectorLog     = "ledger.example/joint+5a81061c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
	vectorWitness = "london.example/cosigner+8fe2db6e+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
)

func judgeText(policyText, noteText string) (noteVerdict, string) {
	p, ok := parsePolicy([]byte(policyText))
	if !ok {
		return noteVerdict{}, "policy"
	}
	n, ok := parseNote([]byte(noteText))
	if !ok {
		return noteVerdict{}, "note"
	}
	v, ok := p.judge(n)
	if !ok {
		return v, "refused"
	}
	return v, ""
}

func TestNoteVector(t *testing.T) {
	v, problem := judgeText("log "+vectorLog+"\nwitness london "+vectorWitness+" https://x\nquorum london\n", vectorNote)
	if problem != "" || !v.final || len(v.cosigned) != 1 || v.cosigned[0] != (cosignature{"london", 1445000000}) {
		t.Fatal(problem, v)
	}
	n, _ := parseNote([]byte(vectorNote))
	message, ok := subtreeMessage("london.example/cosigner-pq", 1445000000, n)
	want := "737562747265652f76310a00" + "1a6c6f6e646f6e2e6578616d706c652f636f7369676e65722d7071" + "000000005620f340" +
		"146c65646765722e6578616d706c652f6a6f696e74" + "0000000000000000" + "0000000000000008" +
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
	if !ok || string(message) != string(mustHex(t, want)) {
		t.Errorf("%x", message)
	}
}

func TestNoteForms(t *testing.T) {
	policyText := "log " + vectorLog + "\nwitness london " + vectorWitness + "\nquorum none\n"
	for _, c := range []struct{ old, new, problem string }{
		{"joint\n8", "joint\n08", "note"}, {"joint\n8", "joint\n9", "refused"}, {"joint\n8", "joint\n8\nextra", "note"},
		{"ledger.example/joint\n8", "ledger example\n8", "note"}, {"Qyg=", "Qyh=", "note"}, {"Qyg=\n", "Qyg=\r\n", "note"},
		{"Cw==\n", "Cw==", "note"}, {"Cw==\n", "Cw==\n\n", "note"}, {"— london", "- london", "note"},
		{"\n\n", "\n\n— x AAAAAA==\n", ""}, {"\n\n", "\n\n— x AAAA\n", "note"}, {"\n\n", "\n\n— x  AAAAAA==\n", "note"},
		{"\n\n", "\n\n— x+y AAAAAA==\n", "note"}, {"\n\n", "\n\n— x\u2003y AAAAAA==\n", "note"},
		{"\n\n", "\n\n" + strings.Repeat("— x AAAAAA==\n", 62), ""}, {"\n\n", "\n\n" + strings.Repeat("— x AAAAAA==\n", 63), "note"},
		{"— london.example/cosigner j+L", "— london.example/other j+L", ""}, {"K4h2Cw", "K4h2Dw", "refused"},
		{"— ledger.example/joint W", "— ledger.example/other W", "refused"}, {"\n\n", "\n\n\xff", "note"},
	} {
		changed := strings.Replace(vectorNote, c.old, c.new, 1)
		if _, problem := judgeText(policyText, changed); problem != c.problem {
			t.Errorf("%q for %q: %q, not %q", c.new, c.old, problem, c.problem)
		}
	}
	// A bad line of a known key condemns, also beside a good one of the same.
	good := vectorNote[strings.Index(vectorNote, "— london"):]
	if _, problem := judgeText(policyText, vectorNote+good); problem != "" {
		t.Error("two good ones:", problem)
	}
	if _, problem := judgeText(policyText, vectorNote+strings.Replace(good, "K4h2Cw", "K4h2Dw", 1)); problem != "refused" {
		t.Error("good and bad:", problem)
	}
}

func TestPolicyForms(t *testing.T) {
	log, witness := "log "+vectorLog+"\n", "witness a "+vectorWitness+"\n"
	for text, good := range map[string]bool{
		"quorum none\n":              true,
		"":                           false,
		"quorum none":                false,
		"quorum none\nquorum none\n": false,
		"quorum a\n" + witness:       false,
		log + witness + "quorum a\n": true,
		"# é\n\n  \t\n" + log + "quorum\tnone \n":                         true,
		log + log + "quorum none\n":                                       false,
		witness + "witness b " + vectorWitness + "\nquorum none\n":        false,
		"witness none " + vectorWitness + "\nquorum none\n":               false,
		"log " + vectorWitness + "\nquorum none\n":                        false,
		"witness a " + vectorLog + "\nquorum none\n":                      false,
		witness + "group g all a\nquorum g\n":                             true,
		witness + "group g any a\nquorum g\n":                             true,
		witness + "group g 1 a\nquorum g\n":                               true,
		witness + "group g 2 a\nquorum g\n":                               false,
		witness + "group g 0 a\nquorum g\n":                               false,
		witness + "group g 01 a\nquorum g\n":                              false,
		witness + "group g all\nquorum g\n":                               false,
		witness + "group g 1 a a\nquorum g\n":                             false,
		witness + "group a all a\nquorum a\n":                             false,
		witness + "group g all a\ngroup h all a\nquorum g\n":              false,
		witness + "group g all a\ngroup h all g\nquorum h\n":              true,
		"quorum none\r\n":                                                 false,
		"quorum none\n#\x7f\n":                                            false,
		strings.Replace(log, "5a81061c", "5a81061d", 1) + "quorum none\n": false,
		"frobnicate\nquorum none\n":                                       false,
	} {
		if _, ok := parsePolicy([]byte(text)); ok != good {
			t.Errorf("%q: %v", text, ok)
		}
	}
}
