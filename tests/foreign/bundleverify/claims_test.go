package main

import (
	"fmt"
	"testing"
	"time"
)

// claimLog has entries 9 … 16 at ten-minute steps from 02:00, of stream INC,
// recorded as they are said to happen, and no entry of any other stream.
func claimLog() *testLog {
	l := newTestLog().opened()
	l.clock = time.Date(2015, 8, 27, 1, 59, 0, 0, time.UTC)
	for i := 0; i < 8; i++ {
		incident(l, service)
		l.clock = l.clock.Add(9 * time.Minute)
	}
	return l
}

type claimCase struct {
	name    string
	change  func(l *testLog, p *plan)
	problem string
}

func runClaims(t *testing.T, start func(l *testLog) *plan, cases []claimCase) {
	t.Helper()
	for _, c := range cases {
		l := claimLog()
		p := start(l)
		c.change(l, p)
		if _, problem := verdictOn(p.make(l), ""); problem != c.problem {
			t.Errorf("%s: %q, not %q", c.name, problem, c.problem)
		}
	}
}

func TestPeriod(t *testing.T) {
	runClaims(t, func(l *testLog) *plan {
		p := wholePlan(l)
		p.question, p.complete = askedPeriod("02:10", "02:40"), positions(10, 12) // 02:10, 02:20, 02:30
		return p
	}, []claimCase{
		{"good", func(l *testLog, p *plan) {}, ""},
		{"one withheld", func(l *testLog, p *plan) { p.withheld[11] = 0 }, ""},
		{"one missing", func(l *testLog, p *plan) { p.left[11] = true }, "claim-gap"},
		{"too few", func(l *testLog, p *plan) { p.complete = positions(11, 12) }, "claim-bounds"},
		{"too many", func(l *testLog, p *plan) { p.complete = positions(10, 13) }, "claim-bounds"},
		{"before withheld", func(l *testLog, p *plan) { p.withheld[9] = 0 }, "claim-bounds"},
		{"after missing", func(l *testLog, p *plan) { p.left[13] = true }, "claim-bounds"},
		{"none", func(l *testLog, p *plan) { p.question, p.complete = askedPeriod("02:11", "02:20"), positions(11, 10) }, ""},
		{"none, elsewhere", func(l *testLog, p *plan) { p.question, p.complete = askedPeriod("02:11", "02:20"), positions(12, 11) }, "claim-bounds"},
		{"to the end", func(l *testLog, p *plan) { p.question, p.complete = askedPeriod("03:00", "04:00"), positions(15, 16) }, ""},
		{"version in a period", func(l *testLog, p *plan) { p.withheld[11] = 3 }, "manifest-form"},
		{"purpose", func(l *testLog, p *plan) {
			l.entries[10].object.set("type", "case.opened")
			l.entries[11].object.set("regime", "GENERAL")
		}, "purpose"},
		{"purpose with a basis", func(l *testLog, p *plan) {
			l.entries[10].object.set("type", "case.opened")
			l.entries[11].object.set("regime", "GENERAL")
			l.entries[9].object.set("type", "access.combined")
			p.basis = testID(10)
		}, ""},
		{"basis of another type", func(l *testLog, p *plan) {
			l.entries[10].object.set("type", "case.opened")
			l.entries[11].object.set("regime", "GENERAL")
			p.basis = testID(10)
		}, "purpose"},
	})
}

func TestStream(t *testing.T) {
	ask := func(n int) (*object, *object) {
		return newObject("kind", "stream", "stream", "INC"), newObject("kind", "stream", "stream", "INC", "versions", int64(n))
	}
	runClaims(t, func(l *testLog) *plan {
		p := wholePlan(l)
		p.question, p.complete = ask(8)
		return p
	}, []claimCase{
		{"good", func(l *testLog, p *plan) {}, ""},
		{"fewer claimed", func(l *testLog, p *plan) { _, p.complete = ask(7) }, "claim-stream"},
		{"the last left out", func(l *testLog, p *plan) { _, p.complete = ask(7); p.left[16] = true }, ""},
		{"one left out", func(l *testLog, p *plan) { p.left[12] = true }, "claim-stream"},
		{"withheld with version", func(l *testLog, p *plan) { p.withheld[12] = 4 }, ""},
		{"withheld without", func(l *testLog, p *plan) { p.withheld[12] = 0 }, "claim-stream"},
		{"withheld with another", func(l *testLog, p *plan) { p.withheld[12], p.withheld[13] = 5, 4 }, "claim-stream"},
		{"withheld at the end", func(l *testLog, p *plan) { p.withheld[16] = 8 }, ""},
		{"version 0", func(l *testLog, p *plan) { _, p.complete = ask(0) }, "manifest-form"},
	})
}

// figurePlan asks for a figure as of 02:40, of a window from 02:12 on: entry
// 9 (02:00) is more than 120 s before it, entry 10 (02:10) exactly.
func figurePlan(l *testLog) *plan {
	p := wholePlan(l)
	p.complete = positions(10, 13)
	p.question = newObject("as_of", "2015-08-27T02:40:00.000000Z", "code", "F1", "day", "2015-08-27", "kind", "figure", "view", "GB")
	line := func(position, quantity int) value {
		return newObject("event", testID(position), "position", int64(position), "quantity", int64(quantity))
	}
	p.answer = newObject("lines", []value{line(10, 3), line(11, -1), line(11, 5)}, "not_opened", newObject("FR", int64(0), "GB", int64(0)),
		"position", int64(13), "ruleset", "gb/1", "unit", "persons", "value", int64(7),
		"window", newObject("from", "2015-08-27T02:12:00.000000Z", "to", "2015-08-28T00:00:00.000000Z"))
	return p
}

func TestFigure(t *testing.T) {
	corrected := func(l *testLog) { l.entries[10].object.set("type", "correction.recorded") }
	runClaims(t, figurePlan, []claimCase{
		{"good", func(l *testLog, p *plan) {}, ""},
		{"sum", func(l *testLog, p *plan) { p.answer.set("value", int64(8)) }, "answer-lines"},
		{"no answer", func(l *testLog, p *plan) { p.answer = nil }, "answer-form"},
		{"more in it", func(l *testLog, p *plan) { p.answer.set("x", int64(8)) }, "answer-form"},
		{"another position", func(l *testLog, p *plan) { p.answer.set("position", int64(12)) }, "claim-bounds"},
		{"window too early", func(l *testLog, p *plan) {
			p.answer.object("window").set("from", "2015-08-27T02:02:00.000000Z")
		}, "claim-bounds"},
		{"window just right", func(l *testLog, p *plan) {
			p.answer.object("window").set("from", "2015-08-27T02:02:00.000001Z")
		}, ""},
		{"as of earlier", func(l *testLog, p *plan) { p.question.set("as_of", "2015-08-27T02:39:59.999999Z") }, "claim-bounds"},
		{"as of later", func(l *testLog, p *plan) { p.question.set("as_of", "2015-08-27T02:50:00.000000Z") }, "claim-bounds"},
		{"neighbour withheld", func(l *testLog, p *plan) { p.withheld[14] = 0 }, "claim-bounds"},
		{"event elsewhere", func(l *testLog, p *plan) {
			list, _ := p.answer.list("lines")
			list[0].(*object).set("position", int64(11))
		}, "answer-lines"},
		{"line after the end", func(l *testLog, p *plan) {
			list, _ := p.answer.list("lines")
			list[0].(*object).set("position", int64(14))
			list[0].(*object).set("event", testID(14))
		}, "answer-lines"},
		{"not opened", func(l *testLog, p *plan) { p.answer.object("not_opened").set("GB", int64(1)) }, "answer-lines"},
		{"correction with its originals", func(l *testLog, p *plan) { corrected(l) }, ""},
		{"correction without one", func(l *testLog, p *plan) { corrected(l); p.left[9] = true }, "claim-bounds"},
		{"originals missing", func(l *testLog, p *plan) {
			l.entries[8].object.set("stream", "OTHER")
			corrected(l)
			for i := range l.entries[9:] {
				l.entries[9+i].version += 2 // versions 4, 5 … of which 3 are not here
			}
		}, "original-missing"},
	})
	l := claimLog()
	v, problem := verdictOn(figurePlan(l).make(l), testPolicy)
	o := v.verdict()
	if problem != "" || fmt.Sprint(o.members[len(o.members)-1]) != "{verdict proven}" {
		t.Fatal(problem)
	}
	if list, _ := o.list("proven"); len(list) != 6 || list[5] != "answer-sums" {
		t.Error(list)
	}
}

func reportPlan(l *testLog) *plan {
	p := wholePlan(l)
	figures := newObject("G1", int64(12), "G2", int64(0))
	e := l.add("report.issued", "R", "POL", official, by(official), "figures", figures, "position", int64(13), "ruleset", "gb/1",
		"day", "2015-08-27", "content_sha256", hexSHA256(encode(figures)), "signed_pdf_sha256", hexSHA256([]byte("pdf")))
	p.complete = positions(11, 13)
	p.question = newObject("kind", "report", "report", e.object.str("id"))
	p.answer = newObject("figures", newObject("G1", int64(12), "G2", int64(0)), "not_opened", newObject("FR", int64(0), "GB", int64(0)),
		"position", int64(13), "ruleset", "gb/1",
		"window", newObject("from", "2015-08-27T02:20:00.000000Z", "to", "2015-08-28T00:00:00.000000Z"))
	name := "reports/" + e.object.str("id")
	p.extra[name+".figures.json"] = encode(figures)
	p.extra[name+".signed.pdf"] = []byte("pdf")
	return p
}

func TestReport(t *testing.T) {
	name := "reports/" + testID(17)
	runClaims(t, reportPlan, []claimCase{
		{"good", func(l *testLog, p *plan) {}, ""},
		{"neighbour not needed", func(l *testLog, p *plan) { p.left[14] = true }, ""},
		{"figures", func(l *testLog, p *plan) { p.answer.object("figures").set("G1", int64(13)) }, "answer-lines"},
		{"ruleset", func(l *testLog, p *plan) { p.answer.set("ruleset", "gb/2") }, "answer-lines"},
		{"position", func(l *testLog, p *plan) { p.answer.set("position", int64(12)) }, "claim-bounds"},
		{"position of both", func(l *testLog, p *plan) {
			p.answer.set("position", int64(12))
			p.complete = positions(11, 12)
		}, "answer-lines"},
		{"another report", func(l *testLog, p *plan) { p.question.set("report", testID(16)) }, "claim-bounds"},
		{"other pdf", func(l *testLog, p *plan) { p.extra[name+".signed.pdf"] = []byte("other") }, "report-digest " + name + ".signed.pdf"},
		{"pdf not committed to", func(l *testLog, p *plan) { p.extra[name+".unsigned.pdf"] = []byte("pdf") }, "report-digest " + name + ".unsigned.pdf"},
		{"figures file spaced", func(l *testLog, p *plan) {
			p.extra[name+".figures.json"] = []byte(`{"G1": 12}`)
			l.entries[16].object.object("data").set("content_sha256", hexSHA256([]byte(`{"G1": 12}`)))
		}, "report-digest " + name + ".figures.json"},
		{"withheld", func(l *testLog, p *plan) { p.withheld[17] = 0; p.extra = nil }, "claim-bounds"},
	})
}
