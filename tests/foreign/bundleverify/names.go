package main

import "strings"

// kind is the row of the table of document section 12.2, in its order.
type kind int

const (
	kindManifest kind = iota
	kindRecipe
	kindPage
	kindCheckpoint
	kindPolicy
	kindKeys
	kindEntry
	kindSection
	kindReport
	kindIndex
	kindTimestamp
)

const (
	manifestName   = "manifest.json"
	recipeName     = "RECIPE.txt"
	checkpointName = "checkpoint"
	policyName     = "policy.txt"
	keysName       = "keys.jsonl"
)

var fixedNames = map[string]kind{manifestName: kindManifest, recipeName: kindRecipe, "verify.html": kindPage,
	checkpointName: kindCheckpoint, policyName: kindPolicy, keysName: kindKeys}

// Parts of an entry, a section and a report, in their order.
const (
	partEntry, partProof               = 0, 1
	partSealed, partKey                = 0, 1
	partFigures, partPlain, partSigned = 0, 1, 2
)

var (
	sectionSuffixes = []string{".sealed", ".key"}
	reportSuffixes  = []string{".figures.json", ".unsigned.pdf", ".signed.pdf"}
)

// fileName is a name of the table, taken apart.
type fileName struct {
	kind     kind
	position int64  // of entries and sections
	section  int64  // of sections: the index in the payload
	label    string // id of a report, name under index/ and timestamps/
	part     int
}

// parseName reads a name; there is no other than those of the table.
func parseName(s string) (f fileName, ok bool) {
	if k, ok := fixedNames[s]; ok {
		return fileName{kind: k}, true
	}
	slash := strings.IndexByte(s, '/')
	if slash < 0 {
		return f, false
	}
	rest := s[slash+1:]
	switch s[:slash] {
	case "entries":
		f.kind = kindEntry
		if strings.HasSuffix(rest, ".tlog-proof") {
			f.part, rest = partProof, strings.TrimSuffix(rest, ".tlog-proof")
		}
		f.position, ok = position(rest)
	case "sections":
		f.kind = kindSection
		rest, f.part, ok = cutSuffix(rest, sectionSuffixes)
		dash := strings.IndexByte(rest, '-')
		if !ok || dash < 0 {
			return f, false
		}
		var ok2 bool
		f.position, ok = position(rest[:dash])
		f.section, ok2 = decimal(rest[dash+1:], 15)
		ok = ok && ok2
	case "reports":
		f.kind = kindReport
		f.label, f.part, ok = cutSuffix(rest, reportSuffixes)
		ok = ok && isUUID(f.label)
	case "index":
		f.kind, f.label, ok = kindIndex, rest, isFileLabel(rest)
	case "timestamps":
		f.kind, f.label, ok = kindTimestamp, rest, isFileLabel(rest)
	}
	return f, ok
}

func position(s string) (int64, bool) {
	n, ok := decimal(s, maxInteger)
	return n, ok && n >= 1
}

func cutSuffix(s string, suffixes []string) (rest string, which int, ok bool) {
	for i, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return strings.TrimSuffix(s, suffix), i, true
		}
	}
	return s, 0, false
}

// isFileLabel is <name> of index/ and timestamps/.
func isFileLabel(s string) bool {
	if len(s) < 1 || len(s) > 64 || s[0] == '.' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if b := s[i]; !(b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '.' || b == '-') {
			return false
		}
	}
	return true
}

// before is the order of section 12.2.
func (f fileName) before(g fileName) bool {
	switch {
	case f.kind != g.kind:
		return f.kind < g.kind
	case f.position != g.position:
		return f.position < g.position
	case f.section != g.section:
		return f.section < g.section
	case f.label != g.label:
		return f.label < g.label
	}
	return f.part < g.part
}

// limit is the greatest size of the file (section 12.1).
func (f fileName) limit() int64 {
	switch f.kind {
	case kindManifest, kindKeys:
		return 16777216
	case kindRecipe:
		return 65536
	case kindPage:
		return 8388608
	case kindCheckpoint, kindPolicy:
		return 262144
	case kindEntry:
		if f.part == partProof {
			return 278528
		}
		return maxEntry
	case kindSection:
		if f.part == partKey {
			return 32
		}
		return 262144
	case kindReport:
		return 67108864
	}
	return 1048576 // index/ and timestamps/
}

// sizeAllowed: keys of sections have exactly 32 bytes.
func (f fileName) sizeAllowed(size int64) bool {
	if f.kind == kindSection && f.part == partKey {
		return size == 32
	}
	return size <= f.limit()
}
