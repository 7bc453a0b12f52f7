package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxQuery  = 8192
	maxPieces = 200
)

type pair struct{ name, value string }

// A refusal is thrown by the step that refuses, and caught where the question is answered.
type refusal string

func refuse(reason string) { panic(refusal(reason)) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] > 0x7F {
			return false
		}
	}
	return true
}

// lower changes A to Z only.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// characters counts code points; half of a surrogate pair is one.
func characters(s string) int {
	n := 0
	for i := 0; i < len(s); n++ {
		_, size := utf8.DecodeRuneInString(s[i:])
		if size == 1 && s[i] == 0xED && i+3 <= len(s) {
			size = 3
		}
		i += size
	}
	return n
}

// queryOf cuts the target at its first '#' and returns what is behind the first '?' of the rest.
func queryOf(target string) string {
	target, _, _ = strings.Cut(target, "#")
	_, query, _ := strings.Cut(target, "?")
	return query
}

func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '%':
			if i+2 >= len(s) {
				refuse("malformed")
			}
			high, low := hexDigit(s[i+1]), hexDigit(s[i+2])
			if high < 0 || low < 0 {
				refuse("malformed")
			}
			b = append(b, byte(high<<4|low))
			i += 2
		case '+':
			b = append(b, ' ')
		default:
			b = append(b, s[i])
		}
	}
	if !utf8.Valid(b) {
		refuse("malformed")
	}
	return string(b)
}

// readPairs splits and decodes a query or an urlencoded body.
func readPairs(s string) []pair {
	var pieces []string
	for _, piece := range strings.Split(s, "&") {
		if piece != "" {
			pieces = append(pieces, piece)
		}
	}
	if len(pieces) > maxPieces {
		refuse("too-large")
	}
	pairs := make([]pair, 0, len(pieces))
	for _, piece := range pieces {
		name, value, _ := strings.Cut(piece, "=")
		name = unescape(name)
		pairs = append(pairs, pair{name, unescape(value)})
	}
	return pairs
}

// readQuery is readPairs with the limits of a query.
func readQuery(query string) []pair {
	if characters(query) > maxQuery {
		refuse("too-large")
	}
	if !isASCII(query) {
		refuse("malformed")
	}
	return readPairs(query)
}

func refuseRepeated(pairs []pair) {
	seen := make(map[string]bool, len(pairs))
	for _, p := range pairs {
		if seen[p.name] {
			refuse("duplicate-parameter")
		}
		seen[p.name] = true
	}
}

func find(pairs []pair, name string) (string, bool) {
	for _, p := range pairs {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

func without(pairs []pair, name string) []pair {
	rest := make([]pair, 0, len(pairs))
	for _, p := range pairs {
		if p.name != name {
			rest = append(rest, p)
		}
	}
	return rest
}

// need returns the value of a parameter that has to be there and not to be empty.
func need(pairs []pair, name string) string {
	v, ok := find(pairs, name)
	if !ok {
		refuse("missing-parameter")
	}
	if v == "" {
		refuse("empty-parameter")
	}
	return v
}

func isDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

// checkTime looks at a timestamp of at most twelve digits.
func checkTime(s string) {
	if len(s) == 13 && allDigits(s) {
		refuse("timestamp-in-milliseconds")
	}
	if len(s) < 1 || len(s) > 12 || !allDigits(s) {
		refuse("malformed")
	}
}

func seconds(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		refuse("malformed")
	}
	return n
}

func mac(key, message string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(message))
	return h.Sum(nil)
}

func macHex(key, message string) string { return hex.EncodeToString(mac(key, message)) }

// signedBy compares a checked digest in constant time.
func signedBy(key, message, digest string) bool {
	given, err := hex.DecodeString(digest)
	return err == nil && hmac.Equal(mac(key, message), given)
}
