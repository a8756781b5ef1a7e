package main

// refusal is the first failed check: its code and, for some, the file.
type refusal struct {
	code, file string
}

func (r *refusal) Error() string {
	if r.file == "" {
		return r.code
	}
	return r.code + " " + r.file
}

func refuse(code string) error { return &refusal{code: code} }

func refuseFile(code, file string) error { return &refusal{code, file} }
