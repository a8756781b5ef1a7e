// Command witness is a C2SP tlog-witness of one log, for tests. It shares no code with the ledger: golang.org/x/mod opens the
// note and checks consistency, the standard library signs (tlog-cosignature, Ed25519). What it cosigned last is in memory.
//
//	witness -log VKEY -name NAME
//
// It listens on a free port of 127.0.0.1 and prints its verifier key and its URL on one line.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type witness struct {
	log    note.Verifier
	name   string
	public ed25519.PublicKey
	secret ed25519.PrivateKey

	mu   sync.Mutex
	size int64
	root tlog.Hash
}

// refusal is an answer other than 200.
type refusal struct {
	status int
	said   string
}

func (r refusal) Error() string { return r.said }

func main() {
	logKey := flag.String("log", "", "verifier key of the log")
	name := flag.String("name", "witness.example/foreign", "this witness's key name")
	flag.Parse()
	verifier, err := note.NewVerifier(*logKey)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	w := &witness{log: verifier, name: *name, public: public, secret: secret}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/add-checkpoint", w.answer)
	material := append([]byte{0x04}, public...)
	fmt.Printf("%s+%08x+%s http://%s\n", w.name, w.keyID(), base64.StdEncoding.EncodeToString(material), listener.Addr())
	panic(http.Serve(listener, nil))
}

func (w *witness) keyID() uint32 {
	digest := sha256.Sum256(append([]byte(w.name+"\n\x04"), w.public...))
	return binary.BigEndian.Uint32(digest[:])
}

func (w *witness) answer(out http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<20))
	if err != nil || request.Method != "POST" {
		http.Error(out, "no submission", http.StatusBadRequest)
		return
	}
	line, err := w.cosign(string(body))
	var refused refusal
	if errors.As(err, &refused) {
		if refused.status == http.StatusConflict {
			out.Header().Set("Content-Type", "text/x.tlog.size")
		}
		out.WriteHeader(refused.status)
		fmt.Fprintln(out, refused.said)
		return
	}
	fmt.Fprint(out, line)
}

func (w *witness) cosign(body string) (string, error) {
	head, checkpoint, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if !found || err != nil || !strings.HasPrefix(lines[0], "old ") {
		return "", refusal{http.StatusBadRequest, "no submission"}
	}
	if origin, _, _ := strings.Cut(checkpoint, "\n"); origin != w.log.Name() {
		return "", refusal{http.StatusNotFound, "this log is not known here"}
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(w.log))
	if err != nil {
		return "", refusal{http.StatusForbidden, err.Error()}
	}
	size, root, err := parse(opened.Text)
	if err != nil || old > size {
		return "", refusal{http.StatusBadRequest, "not a checkpoint from that size on"}
	}
	proof, err := hashes(lines[1:])
	if err != nil {
		return "", refusal{http.StatusBadRequest, err.Error()}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if old != w.size {
		return "", refusal{http.StatusConflict, strconv.FormatInt(w.size, 10)}
	}
	if err := w.follows(size, root, proof); err != nil {
		return "", refusal{http.StatusUnprocessableEntity, err.Error()}
	}
	w.size, w.root = size, root
	return w.line(opened.Text), nil
}

func (w *witness) follows(size int64, root tlog.Hash, proof []tlog.Hash) error {
	if w.size == 0 || w.size == size {
		if len(proof) != 0 || (w.size == size && w.size != 0 && w.root != root) {
			return errors.New("another history of this size")
		}
		return nil
	}
	return tlog.CheckTree(proof, size, root, w.size, w.root)
}

func (w *witness) line(text string) string {
	at := uint64(time.Now().Unix())
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	body := binary.BigEndian.AppendUint32(nil, w.keyID())
	body = binary.BigEndian.AppendUint64(body, at)
	body = append(body, ed25519.Sign(w.secret, []byte(signed))...)
	return fmt.Sprintf("\u2014 %s %s\n", w.name, base64.StdEncoding.EncodeToString(body))
}

func parse(text string) (int64, tlog.Hash, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return 0, tlog.Hash{}, errors.New("not a checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return size, root, err
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}
