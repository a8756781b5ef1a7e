// Command foreign verifies an exported Entente log with Go's own transparency-log packages. It shares no code with the ledger:
// golang.org/x/mod opens the note and checks tiles and proofs, the standard library checks Ed25519.
//
//	foreign -log VKEY [-cosigner VKEY]... [-keys FILE] [-proof FILE]... [-old NOTE -consistency FILE] [-token T] DIR|URL
//
// DIR or URL has `checkpoint` and `tile/` as C2SP tlog-tiles has them; the token is sent to a URL as a bearer's. With -keys (lines of `key id, base64 public key`) every
// signature of every entry is verified too. It exits 1 naming the first fault, 2 on wrong usage.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	eventType  = "application/vnd.entente.event.v1+json"
	batchType  = "application/vnd.entente.batch.v1"
)

type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	var cosigners, proofs list
	logKey := flag.String("log", "", "verifier key of the log")
	keysFile := flag.String("keys", "", "file of key ids and public keys of events")
	old := flag.String("old", "", "an earlier checkpoint of the same log")
	consistency := flag.String("consistency", "", "the proof from it, a base64 hash a line")
	flag.StringVar(&token, "token", "", "bearer token for a URL")
	flag.Var(&cosigners, "cosigner", "verifier key of a cosigner that must have signed (type 0x04)")
	flag.Var(&proofs, "proof", "a .tlog-proof file to check")
	flag.Parse()
	if flag.NArg() != 1 || *logKey == "" || (*old == "") != (*consistency == "") {
		flag.Usage()
		os.Exit(2)
	}
	summary, err := verify(flag.Arg(0), *logKey, cosigners, *keysFile, proofs, *old, *consistency)
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	fmt.Println(summary)
}

var token string

// fetch reads a file of the log below a directory or a URL.
func fetch(log, path string) ([]byte, error) {
	if !strings.Contains(log, "://") {
		return os.ReadFile(filepath.Join(log, path))
	}
	request, err := http.NewRequest("GET", log+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

func verify(dir, logKey string, cosigners []string, keysFile string, proofs []string, old, consistency string) (string, error) {
	checkpoint, err := fetch(dir, "checkpoint")
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(checkpoint, logKey, cosigners)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	reader := tlog.TileHashReader(tree, tileFiles(dir))
	tiles, err := checkTiles(dir, tree, reader)
	if err != nil {
		return "", err
	}
	keys, err := readKeys(keysFile)
	if err != nil {
		return "", err
	}
	leaves, signatures, err := checkEntries(dir, tree, reader, keys)
	if err != nil {
		return "", err
	}
	for _, path := range proofs {
		if err := checkProof(path, logKey, leaves); err != nil {
			return "", fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	if old != "" {
		if err := checkConsistency(old, consistency, logKey, tree); err != nil {
			return "", fmt.Errorf("consistency: %w", err)
		}
	}
	return fmt.Sprintf("accepted: %d entries, %d signatures, %d tiles, %d cosignatures, %d proofs",
		tree.N, signatures, tiles, len(cosigners), len(proofs)), nil
}

// -- the checkpoint ----------------------------------------------------------------------------------------------------------

// openCheckpoint demands the log's signature and those of all cosigners given.
func openCheckpoint(msg []byte, logKey string, cosigners []string) (tlog.Tree, error) {
	logVerifier, err := note.NewVerifier(logKey)
	if err != nil {
		return tlog.Tree{}, err
	}
	known := []note.Verifier{logVerifier}
	for _, key := range cosigners {
		v, err := newCosigner(key)
		if err != nil {
			return tlog.Tree{}, err
		}
		known = append(known, v)
	}
	opened, err := note.Open(msg, note.VerifierList(known...))
	if err != nil {
		return tlog.Tree{}, err
	}
	for _, v := range known {
		if !signedBy(opened, v) {
			return tlog.Tree{}, fmt.Errorf("not signed by %s", v.Name())
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != logVerifier.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, err
	}
	return tlog.Tree{N: n, Hash: root}, nil
}

func signedBy(opened *note.Note, v note.Verifier) bool {
	for _, sig := range opened.Sigs {
		if sig.Name == v.Name() && sig.Hash == v.KeyHash() {
			return true
		}
	}
	return false
}

// cosigner verifies timestamped Ed25519 cosignatures, type 0x04.
type cosigner struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

func newCosigner(key string) (*cosigner, error) {
	parts := strings.SplitN(key, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a verifier key has three parts")
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) != 33 || material[0] != 0x04 {
		return nil, fmt.Errorf("%s is not an Ed25519 cosigner", parts[0])
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	if fmt.Sprintf("%x", digest[:4]) != parts[1] {
		return nil, fmt.Errorf("the id of %s is not that of its key", parts[0])
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(digest[:4]), material[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.public, []byte(signed), sig[8:])
}

// -- tiles -------------------------------------------------------------------------------------------------------------------

// tileFiles reads tiles below a directory or a URL. C2SP leaves the tile height out of tlog's paths.
type tileFiles string

func (d tileFiles) Height() int                     { return tileHeight }
func (d tileFiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (d tileFiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, t := range tiles {
		content, err := fetch(string(d), hashPath(t))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func hashPath(t tlog.Tile) string {
	return strings.Replace(t.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
}

func entryPath(index int64, width int) string {
	path := tlog.Tile{H: tileHeight, L: -1, N: index, W: width}.Path()
	return strings.Replace(path, fmt.Sprintf("tile/%d/data/", tileHeight), "tile/entries/", 1)
}

// checkTiles compares every tile of the tree with the hashes that lead to its root.
func checkTiles(dir string, tree tlog.Tree, reader tlog.HashReader) (int, error) {
	count := 0
	for level := 0; tree.N>>(tileHeight*level) > 0; level++ {
		hashes := tree.N >> (tileHeight * level)
		for index := int64(0); index*tileWidth < hashes; index++ {
			t := tlog.Tile{H: tileHeight, L: level, N: index, W: width(hashes, index)}
			wanted, err := tlog.ReadTileData(t, reader)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", hashPath(t), err)
			}
			found, err := fetch(dir, hashPath(t))
			if err != nil {
				return 0, err
			}
			if !bytes.Equal(found, wanted) {
				return 0, fmt.Errorf("%s: not the hashes under the root", hashPath(t))
			}
			count++
		}
	}
	return count, nil
}

func width(hashes, index int64) int {
	if rest := hashes - index*tileWidth; rest < tileWidth {
		return int(rest)
	}
	return tileWidth
}

// checkEntries hashes every entry again and verifies its signatures where keys are given. It returns the leaf hashes.
func checkEntries(dir string, tree tlog.Tree, reader tlog.HashReader, keys map[string]ed25519.PublicKey) ([]tlog.Hash, int, error) {
	var leaves []tlog.Hash
	signatures := 0
	for index := int64(0); index*tileWidth < tree.N; index++ {
		path := entryPath(index, width(tree.N, index))
		content, err := fetch(dir, path)
		if err != nil {
			return nil, 0, err
		}
		for i := 0; i < width(tree.N, index); i++ {
			if len(content) < 2 || len(content)-2 < int(binary.BigEndian.Uint16(content)) {
				return nil, 0, fmt.Errorf("%s: torn at entry %d", path, i)
			}
			entry := content[2 : 2+int(binary.BigEndian.Uint16(content))]
			content = content[2+len(entry):]
			n := int64(len(leaves))
			wanted, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
			if err != nil {
				return nil, 0, fmt.Errorf("leaf %d: %w", n, err)
			}
			leaf := tlog.RecordHash(entry)
			if leaf != wanted[0] {
				return nil, 0, fmt.Errorf("%s: entry %d is not the one in the tree", path, i)
			}
			leaves = append(leaves, leaf)
			verified, err := checkSignatures(entry, keys)
			if err != nil {
				return nil, 0, fmt.Errorf("entry %d: %w", n, err)
			}
			signatures += verified
		}
		if len(content) != 0 {
			return nil, 0, fmt.Errorf("%s: more than its entries", path)
		}
	}
	return leaves, signatures, nil
}

// -- events ------------------------------------------------------------------------------------------------------------------

func readKeys(path string) (map[string]ed25519.PublicKey, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys := map[string]ed25519.PublicKey{}
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		id, text, _ := strings.Cut(line, " ")
		public, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(public) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("%s: not a key", id)
		}
		if digest := sha256.Sum256(append([]byte{0x01}, public...)); fmt.Sprintf("%x", digest) != id {
			return nil, fmt.Errorf("%s: the id is not that of the key", id)
		}
		keys[id] = public
	}
	return keys, nil
}

func checkSignatures(entry []byte, keys map[string]ed25519.PublicKey) (int, error) {
	if keys == nil {
		return 0, nil
	}
	head, payload, found := bytes.Cut(entry, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 5 || lines[0] != "entente.entry.v1" {
		return 0, errors.New("not an entry")
	}
	for _, line := range lines[4:] {
		words := strings.Split(line, " ")
		if words[0] != "signature:" || (len(words) != 3 && len(words) != 7) {
			return 0, errors.New("not a signature line")
		}
		public, known := keys[words[1]]
		if !known {
			return 0, fmt.Errorf("unknown key %s", words[1])
		}
		sig, err := base64.StdEncoding.DecodeString(words[2])
		if err != nil {
			return 0, err
		}
		signed := pae(eventType, payload)
		if len(words) == 7 {
			if signed, err = batchMessage(signed, words[4:]); err != nil {
				return 0, err
			}
		}
		if !ed25519.Verify(public, signed, sig) {
			return 0, fmt.Errorf("the signature by %s does not verify", words[1])
		}
	}
	return len(lines) - 4, nil
}

func pae(kind string, body []byte) []byte {
	return append([]byte(fmt.Sprintf("DSSEv1 %d %s %d ", len(kind), kind, len(body))), body...)
}

// batchMessage is what a batch signature covers, found from one of its events: words are n, index and the path.
func batchMessage(signed []byte, words []string) ([]byte, error) {
	n, err1 := strconv.ParseInt(words[0], 10, 64)
	index, err2 := strconv.ParseInt(words[1], 10, 64)
	path, err3 := base64.StdEncoding.DecodeString(words[2])
	if err1 != nil || err2 != nil || err3 != nil || index >= n || len(path)%sha256.Size != 0 {
		return nil, errors.New("not a batch path")
	}
	root, rest := climb(0, n, index, tlog.RecordHash(signed), path)
	if len(rest) != 0 {
		return nil, errors.New("the batch path does not fit")
	}
	body := binary.BigEndian.AppendUint64(nil, uint64(n))
	return pae(batchType, append(body, root[:]...)), nil
}

// climb follows an audit path through leaves lo to hi, taking hashes off its end on the way down.
func climb(lo, hi, index int64, leaf tlog.Hash, path []byte) (tlog.Hash, []byte) {
	if hi-lo == 1 {
		return leaf, path
	}
	if len(path) < sha256.Size {
		return tlog.Hash{}, []byte("too short")
	}
	middle := int64(1)
	for middle*2 < hi-lo {
		middle *= 2
	}
	middle += lo
	var sibling tlog.Hash
	copy(sibling[:], path[len(path)-sha256.Size:])
	path = path[:len(path)-sha256.Size]
	if index < middle {
		left, rest := climb(lo, middle, index, leaf, path)
		return tlog.NodeHash(left, sibling), rest
	}
	right, rest := climb(middle, hi, index, leaf, path)
	return tlog.NodeHash(sibling, right), rest
}

// -- proofs ------------------------------------------------------------------------------------------------------------------

func checkProof(path, logKey string, leaves []tlog.Hash) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, checkpoint, _ := strings.Cut(string(content), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) < 2 {
		return errors.New("not a proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(lines[2:])
	if err != nil {
		return err
	}
	tree, err := openCheckpoint([]byte(checkpoint), logKey, nil)
	if err != nil {
		return err
	}
	if index >= tree.N || index >= int64(len(leaves)) {
		return errors.New("no such leaf")
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, leaves[index])
}

func checkConsistency(old, proof, logKey string, tree tlog.Tree) error {
	checkpoint, err := os.ReadFile(old)
	if err != nil {
		return err
	}
	before, err := openCheckpoint(checkpoint, logKey, nil)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(proof)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(strings.Fields(string(content)))
	if err != nil {
		return err
	}
	return tlog.CheckTree(hashes, tree.N, tree.Hash, before.N, before.Hash)
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}
