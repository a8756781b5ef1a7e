package main

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"
)

// The small forms of document section 0.

// inSet says whether s has min to max characters, all letters, digits or of extra.
func inSet(s string, min, max int, extra string) bool {
	if len(s) < min || len(s) > max {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !letterOrDigit(s[i]) && !contains(extra, s[i]) {
			return false
		}
	}
	return true
}

func letterOrDigit(b byte) bool {
	return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= '0' && b <= '9'
}

func contains(set string, b byte) bool {
	for i := 0; i < len(set); i++ {
		if set[i] == b {
			return true
		}
	}
	return false
}

func isIdentifier(s string) bool { return inSet(s, 1, 128, "._:-") }

// isOrigin: an identifier that may also contain "/".
func isOrigin(s string) bool { return inSet(s, 1, 255, "._:-/") }

// isSectionName: 1 to 160 identifier characters (section 2.4).
func isSectionName(s string) bool { return inSet(s, 1, 160, "._:-") }

// isCode is <code> of section 12.3.
func isCode(s string) bool { return inSet(s, 1, 64, "._") && letterOrDigit(s[0]) }

func isNation(s string) bool { return s == "GB" || s == "FR" }

// isText is the form of ground, ruleset and unit (section 12.3).
func isText(s string) bool {
	count := utf8.RuneCountInString(s)
	if count < 1 || count > 128 {
		return false
	}
	for _, r := range s {
		switch {
		case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0x061c, r >= 0x200b && r <= 0x200f,
			r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
			return false
		}
	}
	return true
}

// unhex decodes n bytes of lower-case hex.
func unhex(s string, n int) ([]byte, bool) {
	if len(s) != 2*n {
		return nil, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'F' {
			return nil, false
		}
	}
	b, err := hex.DecodeString(s)
	return b, err == nil
}

// isHash says whether s is 64 lower-case hex digits: a key id or a SHA-256.
func isHash(s string) bool {
	_, ok := unhex(s, 32)
	return ok
}

// isUUID says whether s is a UUID in lower case.
func isUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	_, ok := unhex(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:], 16)
	return ok
}

// isUUID7 adds version 7 and the variant of RFC 9562 (section 1).
func isUUID7(s string) bool { return isUUID(s) && s[14] == '7' && contains("89ab", s[19]) }

func toBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// unbase64 accepts only the one text each byte string has.
func unbase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || toBase64(b) != s {
		return nil, false
	}
	return b, true
}

// unbase64Hash decodes 32 bytes.
func unbase64Hash(s string) (h hash, ok bool) {
	b, ok := unbase64(s)
	if !ok || len(b) != len(h) {
		return h, false
	}
	copy(h[:], b)
	return h, true
}

// decimal reads an unsigned number without leading zeros, up to max.
func decimal(s string, max int64) (int64, bool) {
	if s == "" || len(s) > 19 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n <= max
}

const instantLayout = "2006-01-02T15:04:05.000000Z"

// instant reads an instant as microseconds since 1970. Go's parser is laxer
// than the form, so the text must come out of formatting again.
func instant(s string) (int64, bool) {
	if len(s) != 27 {
		return 0, false
	}
	t, err := time.Parse(instantLayout, s)
	if err != nil || t.Year() < 1 || t.Format(instantLayout) != s {
		return 0, false
	}
	return t.UnixMicro(), true
}

func isInstant(s string) bool {
	_, ok := instant(s)
	return ok
}

// isDay: the form alone; no check rests on its being a real day.
func isDay(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	for i := range s {
		if i != 4 && i != 7 && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}
