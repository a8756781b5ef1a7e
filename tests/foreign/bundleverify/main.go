// Command bundleverify checks an evidence bundle of an Entente log, from the
// published format document alone. It prints the verdict as JSON.
//
//	bundleverify [-policy FILE] [-trace] BUNDLE.zip
//
// It exits 0 when the bundle is not refused, 1 when it is, and 2 when it was
// not asked properly or could not read its files.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bundleverify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	policyFile := flags.String("policy", "", "a policy from elsewhere (section 7.2), which then decides")
	traced := flags.Bool("trace", false, "say on standard error what is checked")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: bundleverify [-policy FILE] [-trace] BUNDLE.zip")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		if err == nil {
			flags.Usage()
		}
		return 2
	}
	var trace io.Writer
	if *traced {
		trace = stderr
	}
	answer, code, err := verifyFile(flags.Arg(0), *policyFile, trace)
	if err != nil {
		fmt.Fprintln(stderr, "bundleverify:", err)
		return 2
	}
	if _, err := stdout.Write(append(encode(answer), '\n')); err != nil {
		return 2
	}
	return code
}

// verifyFile gives the verdict and the exit code; an error is about the
// files, not about what is in the bundle.
func verifyFile(name, policyFile string, trace io.Writer) (*object, int, error) {
	var elsewhere *policy
	if policyFile != "" {
		p, err := readPolicy(policyFile)
		if err != nil {
			return nil, 0, err
		}
		elsewhere = p
	}
	in, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is not a plain file", name)
	}
	v := newVerifier(elsewhere, trace)
	err = v.verify(in, info.Size())
	var r *refusal
	switch {
	case errors.As(err, &r):
		return refused(r), 1, nil
	case err != nil:
		return nil, 0, err
	}
	return v.verdict(), 0, nil
}

func readPolicy(name string) (*policy, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxPolicy+1))
	if err != nil {
		return nil, err
	}
	p, ok := parsePolicy(text)
	if !ok {
		return nil, fmt.Errorf("%s is not a policy (section 7.2)", name)
	}
	return p, nil
}
