package main

import "math/big"

// answer is that of a figure (section 12.7) or of a report (12.8).
type answer struct {
	position  int64
	from      int64 // of the window, in microseconds
	notOpened map[string]int64
	value     int64        // figure
	lines     []answerLine // figure
	object    *object
}

type answerLine struct {
	event              string
	position, quantity int64
}

// readAnswer: a figure and a report have an answer of their form, the other
// questions have none. The answer is nil where there is none.
func (m *manifest) readAnswer() (*answer, bool) {
	if m.question.kind != askFigure && m.question.kind != askReport {
		return nil, m.answer == nil
	}
	o, _ := m.answer.(*object)
	required := []string{"figures", "not_opened", "position", "ruleset", "window"}
	if m.question.kind == askFigure {
		required = []string{"lines", "not_opened", "position", "ruleset", "unit", "value", "window"}
	}
	if !o.only(required) || !isText(o.str("ruleset")) {
		return nil, false
	}
	a := &answer{object: o, notOpened: map[string]int64{}}
	var ok bool
	if a.position, ok = o.natural("position", 0); !ok || !a.readNotOpened(o.object("not_opened")) {
		return nil, false
	}
	window := o.object("window")
	a.from, ok = instant(window.str("from"))
	to, later := instant(window.str("to"))
	if !ok || !later || to <= a.from || !window.only([]string{"from", "to"}) {
		return nil, false
	}
	if m.question.kind == askReport {
		return a, isFigures(o.object("figures"))
	}
	a.value, ok = o.integer("value")
	return a, ok && isText(o.str("unit")) && a.readLines(o)
}

func (a *answer) readNotOpened(o *object) bool {
	for _, nation := range []string{"FR", "GB"} {
		n, ok := o.natural(nation, 0)
		if !ok {
			return false
		}
		a.notOpened[nation] = n
	}
	return o.only([]string{"FR", "GB"})
}

func (a *answer) readLines(o *object) bool {
	list, ok := o.list("lines")
	for _, v := range list {
		row, _ := v.(*object)
		position, ok := row.natural("position", 1)
		quantity, ok2 := row.integer("quantity")
		line := answerLine{row.str("event"), position, quantity}
		if !ok || !ok2 || !isUUID(line.event) || !row.only([]string{"event", "position", "quantity"}) {
			return false
		}
		a.lines = append(a.lines, line)
	}
	return ok
}

// isFigures: an object of codes and integers.
func isFigures(o *object) bool {
	if o == nil {
		return false
	}
	for _, m := range o.members {
		if _, ok := m.v.(int64); !ok || !isCode(m.name) {
			return false
		}
	}
	return true
}

// answerHolds is answer-lines.
func (v *verifier) answerHolds(a *answer) bool {
	unopened := map[string]int64{}
	for _, e := range v.full {
		if e.position >= v.m.complete.first && e.position <= v.m.complete.last && e.isSealed() && !e.opened {
			unopened[e.nation]++
		}
	}
	if unopened["FR"] != a.notOpened["FR"] || unopened["GB"] != a.notOpened["GB"] {
		return false
	}
	if v.m.question.kind == askReport {
		return v.reportSays(a, "figures") && v.reportSays(a, "position") && v.reportSays(a, "ruleset")
	}
	sum := new(big.Int) // many quantities of 53 bits may exceed 64
	for _, line := range a.lines {
		e := v.byPosition[line.position]
		if e == nil || line.position > v.m.complete.last || e.lineID() != line.event {
			return false
		}
		sum.Add(sum, big.NewInt(line.quantity))
	}
	return sum.Cmp(big.NewInt(a.value)) == 0
}

// lineID is the event id that a line of a figure names: that of a sound inner
// event opened here where the entry is sealed.
func (e *fullEntry) lineID() string {
	if e.isSealed() {
		return e.innerID // "" where there is none: nothing has that id
	}
	return e.id
}

// reportSays: the answer's member is that of the report.issued event's data.
func (v *verifier) reportSays(a *answer, name string) bool {
	ours, _ := a.object.get(name)
	theirs, ok := v.reportData.get(name)
	return ok && string(encode(ours)) == string(encode(theirs))
}
