// Checks a published ledger with the packages of Go's checksum database, which know
// nothing of Kelisim: golang.org/x/mod/sumdb/note and .../tlog.
//
//	go run verify_ledger.go FROM VKEY          all entries, tiles and proofs fit the signed root
//	go run verify_ledger.go --flip FROM VKEY   the same with one bit of an entry changed: must fail
//
// FROM is a URL or a directory that holds checkpoint and tile/.
//
//	go run verify_ledger.go --evidence DIR VKEY   the log has signed two histories
//
// On Debian: GO111MODULE=off GOPATH=/usr/share/gocode, package golang-golang-x-mod-dev.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // 256 hashes to a tile

var (
	url  string
	flip bool
)

func check(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func fetch(path string) ([]byte, error) {
	if !strings.HasPrefix(url, "http") {
		return os.ReadFile(url + "/" + path)
	}
	answer, err := http.Get(url + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// tiles reads hash tiles; tlog checks each against the root before it is used.
type tiles struct{}

func (tiles) Height() int                         { return height }
func (tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		// C2SP tlog-tiles leaves the height out.
		bytes, err := fetch(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		read = append(read, bytes)
	}
	return read, nil
}

func openCheckpoint(name, vkey string) tlog.Tree {
	bytes, err := fetch(name)
	check("checkpoint", err)
	verifier, err := note.NewVerifier(vkey)
	check("key", err)
	opened, err := note.Open(bytes, note.VerifierList(verifier))
	check("checkpoint", err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check("size", err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check("root", err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// entries of the bundle that begins at entry number first.
func entries(first, size int64) [][]byte {
	tile := tlog.Tile{H: height, L: 0, N: first / 256, W: 256}
	if size-first < 256 {
		tile.W = int(size - first)
	}
	bytes, err := fetch(strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
	check("entries", err)
	if flip {
		bytes[len(bytes)/2] ^= 1
	}
	var found [][]byte
	for len(bytes) >= 2 {
		length := int(binary.BigEndian.Uint16(bytes))
		if len(bytes) < 2+length {
			check("entries", fmt.Errorf("cut short at %d", first))
		}
		found = append(found, bytes[2:2+length])
		bytes = bytes[2+length:]
	}
	return found
}

// Two signed checkpoints, and the proof that the history of the second has another root at
// the size of the first.
func checkEvidence(vkey string) {
	first := openCheckpoint("first.checkpoint", vkey)
	second := openCheckpoint("second.checkpoint", vkey)
	text, err := fetch("prefix.consistency")
	check("evidence", err)
	var hashes []tlog.Hash
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		bytes, err := base64.StdEncoding.DecodeString(line)
		check("evidence", err)
		var hash tlog.Hash
		copy(hash[:], bytes)
		hashes = append(hashes, hash)
	}
	if hashes[0] == first.Hash {
		check("evidence", fmt.Errorf("both histories agree"))
	}
	check("evidence", tlog.CheckTree(hashes[1:], second.N, second.Hash, first.N, hashes[0]))
	fmt.Printf("%s: the log has signed two histories of its first %d entries\n", url, first.N)
}

func main() {
	arguments := os.Args[1:]
	if len(arguments) == 3 && arguments[0] == "--evidence" {
		url = arguments[1]
		checkEvidence(arguments[2])
		return
	}
	if len(arguments) == 3 && arguments[0] == "--flip" {
		flip, arguments = true, arguments[1:]
	}
	if len(arguments) != 2 {
		fmt.Fprintln(os.Stderr, "usage: verify_ledger [--flip] FROM VKEY")
		os.Exit(2)
	}
	url = arguments[0]
	tree := openCheckpoint("checkpoint", arguments[1])
	hashes := tlog.TileHashReader(tree, tiles{})
	seen := int64(0)
	for first := int64(0); first < tree.N; first += 256 {
		var indexes []int64
		bundle := entries(first, tree.N)
		for i := range bundle {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(i)))
		}
		stored, err := hashes.ReadHashes(indexes)
		check("tiles", err)
		for i, entry := range bundle {
			if tlog.RecordHash(entry) != stored[i] {
				check("entry", fmt.Errorf("number %d is not what the tree holds", first+int64(i)))
			}
			seen++
		}
	}
	if seen != tree.N {
		check("entries", fmt.Errorf("%d instead of %d", seen, tree.N))
	}
	for size := int64(1); size <= tree.N; size += 1 + tree.N/50 {
		older, err := tlog.TreeHash(size, hashes)
		check("root", err)
		consistency, err := tlog.ProveTree(tree.N, size, hashes)
		check("consistency", err)
		check("consistency", tlog.CheckTree(consistency, tree.N, tree.Hash, size, older))
		inclusion, err := tlog.ProveRecord(tree.N, size-1, hashes)
		check("inclusion", err)
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, size-1)})
		check("inclusion", err)
		check("inclusion", tlog.CheckRecord(inclusion, tree.N, tree.Hash, size-1, leaf[0]))
	}
	fmt.Printf("%s: %d entries, all in the signed root\n", url, tree.N)
}
