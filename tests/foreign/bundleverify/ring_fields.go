package main

// The members of data that section 9 names for a key's successor and for a
// key in doubt.
const (
	fieldSuccessor = "next_key_digest"       // the digest of a key's successor
	fieldSuspect   = "suspect_from_position" // from where a compromised key is in doubt
)
