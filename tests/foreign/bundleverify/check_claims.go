package main

import "sort"

// What is claimed (section 12.9), from claim-gap to answer-lines.
func (v *verifier) checkClaims() error {
	if v.m.complete.byStream {
		if !v.streamComplete() {
			return refuse("claim-stream")
		}
	} else if !v.positionsComplete() {
		return refuse("claim-gap")
	}
	if !v.purposeKept() {
		return refuse("purpose")
	}
	answer, ok := v.m.readAnswer()
	if !ok {
		return refuse("answer-form")
	}
	if !v.bounded(answer) {
		return refuse("claim-bounds")
	}
	if answer == nil {
		return nil
	}
	if !v.originalsPresent() {
		return refuse("original-missing")
	}
	if !v.answerHolds(answer) {
		return refuse("answer-lines")
	}
	return nil
}

// positionsComplete: every position from first to last is produced.
func (v *verifier) positionsComplete() bool {
	c := v.m.complete
	if c.first < 1 || c.last > v.note.size || c.last < c.first-1 {
		return false
	}
	produced := int64(0)
	for _, e := range v.full {
		if e.position >= c.first && e.position <= c.last {
			produced++
		}
	}
	return produced+v.withheldIn(c.first, c.last) == c.last-c.first+1
}

// withheldIn counts the withheld entries from first to last.
func (v *verifier) withheldIn(first, last int64) int64 {
	rows := v.m.withheld
	from := sort.Search(len(rows), func(i int) bool { return rows[i].position >= first })
	to := sort.Search(len(rows), func(i int) bool { return rows[i].position > last })
	if to < from {
		return 0
	}
	return int64(to - from)
}

// streamComplete: full entries of the stream and withheld rows with a version
// are, by position, versions 1 … n.
func (v *verifier) streamComplete() bool {
	next, row := v.carried[v.m.question.stream]+1, 0
	takeRows := func(before int64) bool {
		for ; row < len(v.m.withheld) && v.m.withheld[row].position < before; row++ {
			if version := v.m.withheld[row].version; version == next {
				next++
			} else if version != 0 {
				return false
			}
		}
		return true
	}
	for _, e := range v.full {
		if e.stream != v.m.question.stream {
			continue
		}
		if !takeRows(e.position) || e.version != next {
			return false
		}
		next++
	}
	return takeRows(maxInteger+1) && next-1 == v.m.complete.versions
}

// purposeKept is section 12.6.
func (v *verifier) purposeKept() bool {
	cases, general := false, false
	for _, e := range v.full {
		cases = cases || len(e.kind) > 5 && e.kind[:5] == "case."
		general = general || e.general
	}
	return (!cases || !general) && v.m.basis == "" || v.basisFound
}

// bounded is claim-bounds: what stands around the entries claimed shows that
// the period, or the figure's position and window, end where they are said to.
func (v *verifier) bounded(a *answer) bool {
	c, q := v.m.complete, v.m.question
	before, after := v.byPosition[c.first-1], v.byPosition[c.last+1]
	switch q.kind {
	case askStream:
		return true
	case askPeriod:
		for _, e := range v.full {
			if e.position >= c.first && e.position <= c.last && (e.recorded < q.from || e.recorded >= q.to) {
				return false
			}
		}
		return (c.first <= 1 || before != nil && before.recorded < q.from) &&
			(c.last >= v.note.size || after != nil && after.recorded >= q.to)
	}
	const lag = 120 * 1000000 // no event is recorded longer before it says it happened
	if c.last != a.position || c.first > 1 && (before == nil || before.recorded >= a.from-lag) {
		return false
	}
	if q.kind == askReport {
		return v.report != nil && v.report.position > c.last
	}
	for _, e := range v.full {
		if e.position <= c.last && e.recorded > q.asOf {
			return false
		}
	}
	return c.last >= v.note.size || after != nil && after.recorded > q.asOf
}

// changing are the types that change what earlier entries say (12.7).
var changing = []string{"correction.recorded", "incident.confirmed", "incident.declared_unfounded",
	"incident.link_withdrawn", "case.decision_withdrawn", "case.decision_appealed", "case.decision_substituted"}

// originalsPresent: all earlier versions of the stream of such an entry are
// full, or as many as are not may be among those withheld before it.
func (v *verifier) originalsPresent() bool {
	c := v.m.complete
	for _, e := range v.full {
		if e.position < c.first || e.position > c.last || !has(changing, e.kind) {
			continue
		}
		if e.version-1-v.carried[e.stream]-e.earlier > v.withheldIn(1, e.position-1) {
			return false
		}
	}
	return true
}
