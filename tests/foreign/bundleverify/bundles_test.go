package main

import (
	"bytes"
	"hash/crc32"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Bundles of the real software, where there are any beside this folder: as
// they are, and changed. BUNDLES names another folder.

func realBundles(t *testing.T) (bundles map[string][]byte, policyText string) {
	dir := os.Getenv("BUNDLES")
	if dir == "" {
		dir = "../bundles"
	}
	text, err := os.ReadFile(filepath.Join(dir, "policy.txt"))
	names, _ := filepath.Glob(filepath.Join(dir, "*.zip"))
	if err != nil || len(names) == 0 {
		t.Skip("no bundles here")
	}
	bundles = map[string][]byte{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		bundles[filepath.Base(name)] = content
	}
	return bundles, string(text)
}

// unzip gives the files of a good bundle.
func unzip(t *testing.T, bundle []byte) map[string][]byte {
	c, err := openContainer(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range c.files {
		files[f.name] = append([]byte{}, bundle[f.at:f.at+f.size]...)
	}
	return files
}

// rezip makes an archive whose manifest lists the files as they now are.
func rezip(t *testing.T, files map[string][]byte) []byte {
	o, ok := parseCanonical(files[manifestName])
	if !ok {
		t.Fatal("manifest")
	}
	o.set("files", listing(files))
	files[manifestName] = encode(o)
	return zipOf(files)
}

func TestRealBundles(t *testing.T) {
	bundles, policyText := realBundles(t)
	for name, bundle := range bundles {
		if !bytes.Equal(rezip(t, unzip(t, bundle)), bundle) {
			t.Errorf("%s: rebuilt, it is not the same bytes", name)
		}
		v, problem := verdictOn(bundle, policyText)
		if problem != "" {
			t.Errorf("%s: %s", name, problem)
			continue
		}
		t.Logf("%s: %s, %d full, %d withheld", name, v.verdict().str("verdict"), len(v.full), len(v.m.withheld))
		if _, problem := verdictOn(bundle, testPolicy); problem != "checkpoint-elsewhere" {
			t.Errorf("%s under a stranger's policy: %q", name, problem)
		}
	}
}

// TestRealBytes: no bundle with a changed bit is accepted.
func TestRealBytes(t *testing.T) {
	bundles, policyText := realBundles(t)
	random := rand.New(rand.NewSource(4))
	for name, bundle := range bundles {
		for round := 0; round < 40; round++ {
			changed := append([]byte{}, bundle...)
			at := random.Intn(len(changed))
			changed[at] ^= 1 << uint(random.Intn(8))
			if _, problem := verdictOn(changed, policyText); problem == "" {
				t.Errorf("%s changed at %d is accepted", name, at)
			}
		}
	}
}

// TestRealFiles changes one bit of one file and lists it truthfully: what is
// not for people alone is refused, by a check behind the container's.
func TestRealFiles(t *testing.T) {
	bundles, policyText := realBundles(t)
	random := rand.New(rand.NewSource(5))
	for name, bundle := range bundles {
		files := unzip(t, bundle)
		for _, member := range inOrder(files) {
			if len(files[member]) == 0 || random.Intn(len(files)) > 40 && strings.HasPrefix(member, "entries/") {
				continue
			}
			copied := unzip(t, bundle)
			content := copied[member]
			content[random.Intn(len(content))] ^= 1 << uint(random.Intn(8))
			if member == manifestName {
				for i := range copied {
					copied[i] = append([]byte{}, copied[i]...)
				}
				if _, problem := verdictOn(zipOf(copied), policyText); problem == "" {
					t.Errorf("%s: a changed manifest is accepted", name)
				}
				continue
			}
			_, problem := verdictOn(rezip(t, copied), policyText)
			if forPeople := member == recipeName || member == "verify.html"; forPeople != (problem == "") {
				t.Errorf("%s: %s changed: %q", name, member, problem)
			}
		}
	}
}

// TestRealOmissions leaves entries out, or withholds them, one at a time.
func TestRealOmissions(t *testing.T) {
	bundles, policyText := realBundles(t)
	for name, bundle := range bundles {
		v, problem := verdictOn(bundle, policyText)
		if problem != "" {
			continue
		}
		for _, e := range v.full {
			files := unzip(t, bundle)
			delete(files, entryName(e.position))
			if _, problem := verdictOn(rezip(t, files), policyText); problem != "withheld-list" &&
				!strings.HasPrefix(problem, "file-missing") {
				t.Errorf("%s: entry %d gone: %q", name, e.position, problem)
			}
			delete(files, proofName(e.position))
			for member := range files {
				if p, _ := parseName(member); p.kind == kindSection && p.position == e.position {
					delete(files, member)
				}
			}
			_, problem := verdictOn(rezip(t, files), policyText)
			if problem == "" && claimed(v, e) {
				t.Errorf("%s: entry %d (%s) can be left out", name, e.position, e.kind)
			}
		}
	}
}

// claimed says whether the bundle's claim speaks of this entry.
func claimed(v *verifier, e *fullEntry) bool {
	if v.m.complete.byStream {
		return e.stream == v.m.question.stream && e.version < v.m.complete.versions
	}
	return e.position >= v.m.complete.first && e.position <= v.m.complete.last
}

// TestCRCOfRealBundles: the CRC-32 of each record, computed again.
func TestCRCOfRealBundles(t *testing.T) {
	bundles, _ := realBundles(t)
	for name, bundle := range bundles {
		c, err := openContainer(bytes.NewReader(bundle), int64(len(bundle)))
		if err != nil {
			t.Fatal(name, err)
		}
		for _, f := range c.files {
			if crc32.ChecksumIEEE(bundle[f.at:f.at+f.size]) != f.crc {
				t.Error(name, f.name)
			}
		}
	}
}
