package main

// Kinds of question (document section 12.3).
const (
	askStream = "stream"
	askPeriod = "period"
	askFigure = "figure"
	askReport = "report"
)

// manifest is manifest.json (section 12.3). The parts that the verdict
// repeats stay as the objects they were.
type manifest struct {
	object   *object
	question question
	complete complete
	origin   string
	root     string // as the manifest writes it
	size     int64
	files    []listedFile
	withheld []withheldRow
	basis    string
	answer   value // nil where there is none
}

type question struct {
	kind     string
	stream   string // stream
	from, to int64  // period, in microseconds
	asOf     int64  // figure
	report   string // report: the event's id
}

// complete says what is claimed to be produced without gap.
type complete struct {
	byStream    bool
	first, last int64
	versions    int64
}

type listedFile struct {
	name   string
	size   int64
	sha256 string
}

type withheldRow struct {
	position, version int64 // version is 0 where none is said
	leaf              hash
}

// parseManifest reads the manifest strictly.
func parseManifest(in []byte) (*manifest, bool) {
	o, ok := parseCanonical(in)
	required := []string{"complete", "files", "format", "log", "question", "withheld"}
	if !ok || !o.only(required, "answer", "basis") || o.str("format") != "entente.bundle.v1" {
		return nil, false
	}
	m := &manifest{object: o, basis: o.str("basis")}
	if o.has("answer") {
		answer := o.object("answer")
		if answer == nil {
			return nil, false
		}
		m.answer = answer
	}
	if o.has("basis") && !isUUID(m.basis) {
		return nil, false
	}
	return m, m.readQuestion(o.object("question")) && m.readComplete(o.object("complete")) &&
		m.readLog(o.object("log")) && m.readFiles(o) && m.readWithheld(o)
}

func (m *manifest) readQuestion(o *object) bool {
	q := &m.question
	q.kind = o.str("kind")
	switch q.kind {
	case askStream:
		q.stream = o.str("stream")
		return o.only([]string{"kind", "stream"}) && isIdentifier(q.stream)
	case askPeriod:
		var ok [2]bool
		q.from, ok[0] = instant(o.str("from"))
		q.to, ok[1] = instant(o.str("to"))
		return o.only([]string{"from", "kind", "to"}) && ok[0] && ok[1] && q.from <= q.to
	case askFigure:
		var ok bool
		q.asOf, ok = instant(o.str("as_of"))
		return o.only([]string{"as_of", "code", "day", "kind", "view"}) && ok &&
			isCode(o.str("code")) && isDay(o.str("day")) && isNation(o.str("view"))
	case askReport:
		q.report = o.str("report")
		return o.only([]string{"kind", "report"}) && isUUID(q.report)
	}
	return false
}

// readComplete: kind stream goes with the question of that kind and the same
// stream, positions with the other three.
func (m *manifest) readComplete(o *object) bool {
	var ok [2]bool
	c := &m.complete
	switch o.str("kind") {
	case "positions":
		c.first, ok[0] = o.natural("first", 1)
		c.last, ok[1] = o.natural("last", 0)
		return o.only([]string{"first", "kind", "last"}) && ok[0] && ok[1] && m.question.kind != askStream
	case "stream":
		c.byStream = true
		c.versions, ok[0] = o.natural("versions", 1)
		return o.only([]string{"kind", "stream", "versions"}) && ok[0] &&
			m.question.kind == askStream && o.str("stream") == m.question.stream
	}
	return false
}

func (m *manifest) readLog(o *object) bool {
	var ok bool
	m.origin, m.root = o.str("origin"), o.str("root")
	m.size, ok = o.natural("size", 1)
	return o.only([]string{"origin", "root", "size"}) && isOrigin(m.origin) && hasText(o, "root") && ok
}

func (m *manifest) readFiles(o *object) bool {
	list, ok := o.list("files")
	if !ok {
		return false
	}
	for _, v := range list {
		row, _ := v.(*object)
		size, ok := row.natural("bytes", 0)
		f := listedFile{row.str("name"), size, row.str("sha256")}
		if !ok || !row.only([]string{"bytes", "name", "sha256"}) || !hasText(row, "name") || !isHash(f.sha256) {
			return false
		}
		m.files = append(m.files, f)
	}
	return true
}

// readWithheld: by position, each once; versions only in a stream's bundle.
func (m *manifest) readWithheld(o *object) bool {
	list, ok := o.list("withheld")
	if !ok {
		return false
	}
	for _, v := range list {
		row, _ := v.(*object)
		if !row.only([]string{"ground", "leaf_hash", "position"}, "version") || !isText(row.str("ground")) {
			return false
		}
		w := withheldRow{}
		if w.position, ok = row.natural("position", 1); !ok {
			return false
		}
		if row.has("version") {
			if w.version, ok = row.natural("version", 1); !ok || !m.complete.byStream {
				return false
			}
		}
		leaf, ok := unhex(row.str("leaf_hash"), len(w.leaf))
		if !ok {
			return false
		}
		copy(w.leaf[:], leaf)
		if last := len(m.withheld) - 1; last >= 0 && m.withheld[last].position >= w.position {
			return false
		}
		m.withheld = append(m.withheld, w)
	}
	return true
}
