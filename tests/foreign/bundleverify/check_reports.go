package main

import "encoding/hex"

// reportDigests are the members of a report.issued event's data that commit
// to the files of section 12.8, in the order of the parts.
var reportDigests = [...]string{partFigures: "content_sha256", partPlain: "unsigned_pdf_sha256", partSigned: "signed_pdf_sha256"}

// checkReports: files under reports/ are of the report asked for, and have
// the digest that its event commits to.
func (v *verifier) checkReports() error {
	for _, f := range v.c.files {
		if f.parsed.kind != kindReport {
			continue
		}
		if v.m.question.kind != askReport || f.parsed.label != v.m.question.report || !v.reportFile(f) {
			return refuseFile("report-digest", f.name)
		}
	}
	return nil
}

func (v *verifier) reportFile(f *file) bool {
	digest := hex.EncodeToString(f.digest[:])
	if f.parsed.part == partFigures {
		figures, ok := v.reportData.get("figures")
		if !ok || digest != hexSHA256(encode(figures)) {
			return false
		}
	}
	return v.reportData.str(reportDigests[f.parsed.part]) == digest
}
