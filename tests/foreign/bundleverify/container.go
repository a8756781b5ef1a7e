package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Limits of document section 12.1.
const (
	maxBundle  = 1073741824
	maxMembers = 65000
)

// Sizes of the records without their names.
const (
	localSize   = 30
	centralSize = 46
	endSize     = 22
)

// file is one member: where its content is and what the record says of it.
type file struct {
	name    string
	parsed  fileName
	at      int64 // offset of the content
	size    int64
	crc     uint32
	digest  hash // SHA-256 of the content, once checkContent has run
	checked bool
}

// container is an opened bundle: records are held, contents are not.
type container struct {
	in    io.ReaderAt
	files []*file
	named map[string]*file
}

// openContainer checks the container and nothing in it (section 12.9).
func openContainer(in io.ReaderAt, size int64) (*container, error) {
	if size > maxBundle {
		return nil, refuse("too-large")
	}
	if size < endSize {
		return nil, refuse("not-a-bundle")
	}
	end := make([]byte, endSize)
	if err := readAt(in, end, size-endSize); err != nil {
		return nil, err
	}
	count := int(binary.LittleEndian.Uint16(end[10:]))
	length := int64(binary.LittleEndian.Uint32(end[12:]))
	first := int64(binary.LittleEndian.Uint32(end[16:]))
	if !bytes.Equal(end, endRecord(count, length, first)) || first+length+endSize != size {
		return nil, refuse("not-a-bundle")
	}
	if count == 0 || count > maxMembers {
		return nil, refuse("too-many-files")
	}
	if length > int64(count)*(centralSize+128) {
		return nil, refuse("zip-form")
	}
	central := make([]byte, length)
	if err := readAt(in, central, first); err != nil {
		return nil, err
	}
	c := &container{in: in, named: map[string]*file{}}
	return c, c.readRecords(central, count, first)
}

func readAt(in io.ReaderAt, b []byte, at int64) error {
	_, err := in.ReadAt(b, at)
	if errors.Is(err, io.EOF) && len(b) == 0 {
		return nil
	}
	return err
}

// readRecords goes through the central records and their local headers; the
// contents end at first.
func (c *container) readRecords(central []byte, count int, first int64) error {
	at := int64(0) // where the previous content ended
	for i := 0; i < count; i++ {
		f, rest, ok := cutCentral(central, at)
		if !ok {
			return refuse("zip-form")
		}
		central = rest
		if f.parsed, ok = parseName(f.name); !ok {
			return refuse("bad-name")
		}
		if i > 0 && !c.files[i-1].parsed.before(f.parsed) {
			return refuse("file-order")
		}
		if !f.parsed.sizeAllowed(f.size) {
			return refuseFile("file-too-large", f.name)
		}
		header := localHeader(f)
		f.at = at + int64(len(header))
		at = f.at + f.size
		if at > first {
			return refuseFile("zip-form", f.name)
		}
		got := make([]byte, len(header))
		if err := readAt(c.in, got, f.at-int64(len(header))); err != nil {
			return err
		}
		if !bytes.Equal(got, header) {
			return refuseFile("zip-form", f.name)
		}
		c.files = append(c.files, f)
		c.named[f.name] = f
	}
	if at != first || len(central) != 0 {
		return refuse("zip-form")
	}
	return nil
}

// cutCentral takes one central record, which is of the form only if writing
// what it says gives the same bytes.
func cutCentral(b []byte, at int64) (f *file, rest []byte, ok bool) {
	if len(b) < centralSize {
		return nil, nil, false
	}
	length := int(binary.LittleEndian.Uint16(b[28:]))
	if length < 1 || length > 128 || len(b) < centralSize+length {
		return nil, nil, false
	}
	record := b[:centralSize+length]
	f = &file{
		name: string(record[centralSize:]),
		size: int64(binary.LittleEndian.Uint32(record[20:])),
		crc:  binary.LittleEndian.Uint32(record[16:]),
	}
	return f, b[len(record):], bytes.Equal(record, centralRecord(f, at))
}

// The three records, as section 12.1 writes them. What they share, from the
// version to the length of the name:
func commonHeader(out []byte, f *file) []byte {
	out = append(out, 20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0)
	out = appendLE32(out, int64(f.crc), f.size, f.size)
	out = append(out, byte(len(f.name)), byte(len(f.name)>>8))
	return append(out, 0, 0) // no extra field
}

func localHeader(f *file) []byte {
	return append(commonHeader([]byte("PK\x03\x04"), f), f.name...)
}

func centralRecord(f *file, at int64) []byte {
	out := commonHeader([]byte("PK\x01\x02\x14\x00"), f)
	out = append(out, make([]byte, 10)...) // comment, disk, attributes
	return append(appendLE32(out, at), f.name...)
}

func endRecord(count int, length, first int64) []byte {
	out := []byte{'P', 'K', 5, 6, 0, 0, 0, 0, byte(count), byte(count >> 8), byte(count), byte(count >> 8)}
	return append(appendLE32(out, length, first), 0, 0)
}

func appendLE32(out []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		out = append(out, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	return out
}

// checkContent streams the content once: its CRC-32 is the record's, and its
// SHA-256 is kept. It holds a buffer, not the content.
func (c *container) checkContent(f *file) error {
	sum, digest := crc32.NewIEEE(), sha256.New()
	_, err := io.Copy(io.MultiWriter(sum, digest), io.NewSectionReader(c.in, f.at, f.size))
	if err != nil {
		return err
	}
	if sum.Sum32() != f.crc {
		return refuseFile("crc", f.name)
	}
	digest.Sum(f.digest[:0])
	f.checked = true
	return nil
}

// errChanged: the file under the verifier's hands is not the one it hashed.
var errChanged = errors.New("the file changed while it was read")

// read gives a content that checkContent has seen.
func (c *container) read(f *file) ([]byte, error) {
	b := make([]byte, f.size)
	if err := readAt(c.in, b, f.at); err != nil {
		return nil, err
	}
	if !f.checked || sha256.Sum256(b) != f.digest {
		return nil, errChanged
	}
	return b, nil
}
