package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, bad := write("good.zip", testBundle()), write("bad.zip", []byte("no bundle, however long it may be"))
	policyFile, broken := write("policy", []byte(testPolicy)), write("broken", []byte("quorum\n"))
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{good}, 0, `"verdict":"internally-consistent"}`}, {[]string{"-policy", policyFile, good}, 0, `"verdict":"proven"}`},
		{[]string{"-trace", good}, 0, "verdict"}, {[]string{bad}, 1, `{"problem":{"code":"not-a-bundle","file":null},"verdict":"refused"}` + "\n"},
		{[]string{}, 2, ""}, {[]string{good, good}, 2, ""}, {[]string{"-policy", broken, good}, 2, ""}, {[]string{"-x", good}, 2, ""},
		{[]string{filepath.Join(dir, "none")}, 2, ""}, {[]string{dir}, 2, ""}, {[]string{"-policy", dir, good}, 2, ""},
	} {
		var out, errors bytes.Buffer
		code := run(c.args, &out, &errors)
		if code != c.code || !strings.Contains(out.String(), c.want) || c.code == 2 && (out.Len() > 0 || errors.Len() == 0) {
			t.Errorf("%v: %d %q %q", c.args, code, out.String(), errors.String())
		}
	}
}
