package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const saltedHeader = "Salted__"

// fortisSecret: a key is UTF-8, so it cannot hold half of a surrogate pair.
func fortisSecret(q *question) string {
	key := q.secret()
	if hasHalf(key) {
		refuse("malformed")
	}
	return key
}

// fortisDerive makes 32 bytes of key and 16 of IV.
func fortisDerive(secret, salt string) string {
	d1 := md5.Sum([]byte(secret + salt))
	d2 := md5.Sum([]byte(string(d1[:]) + secret + salt))
	d3 := md5.Sum([]byte(string(d2[:]) + secret + salt))
	return string(d1[:]) + string(d2[:]) + string(d3[:])
}

func fortisCipher(derived string) (cipher.Block, []byte) {
	block, err := aes.NewCipher([]byte(derived[:32]))
	if err != nil {
		panic(err)
	}
	return block, []byte(derived[32:48])
}

func fortisEncryptParameters(q *question) returns {
	secret := fortisSecret(q)
	pairs := q.pairs("pairs")
	refuseRepeated(pairs)
	for _, p := range pairs {
		if hasHalf(p.name) || hasHalf(p.value) {
			refuse("malformed")
		}
	}
	salt := q.text("salt")
	if len(salt) != 8 {
		refuse("malformed")
	}
	text := pairsJSON(pairs)
	n := 16 - len(text)%16
	padded := text + strings.Repeat(string([]byte{byte(n)}), n)
	q.stage("text", text)
	q.binary("padded", padded)
	q.binary("salt", salt)
	q.keyFromHere()

	block, iv := fortisCipher(fortisDerive(secret, salt))
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, []byte(padded))
	return returns{{"data", base64.StdEncoding.EncodeToString([]byte(saltedHeader + salt + string(out)))}}
}

var fortisMembers = map[string]bool{
	"location_id": true, "user_id": true, "access-token": true,
	"contact_id": true, "contact_api_id": true, "user_oauth_url": true,
}

func fortisAbsent(s string) bool { return s == "" || strings.HasPrefix(s, "{{") }

func fortisCheckLocation(s string) {
	if len(s) < 24 || len(s) > 36 {
		refuse("malformed")
	}
	for i := 0; i < len(s); i++ {
		if hexDigit(s[i]) < 0 && s[i] != '-' {
			refuse("malformed")
		}
	}
}

// fortisDecrypt reads a value of data.
func fortisDecrypt(q *question, secret, data string) []pair {
	if characters(data) > maxQuery {
		refuse("too-large")
	}
	if data == "" {
		refuse("empty-parameter")
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil || base64.StdEncoding.EncodeToString(raw) != data {
		refuse("malformed")
	}
	q.binary("bytes", string(raw))
	if !strings.HasPrefix(string(raw), saltedHeader) {
		refuse("malformed")
	}
	if len(raw) < 32 || len(raw)%16 != 0 {
		refuse("malformed")
	}
	salt := string(raw[8:16])
	q.binary("salt", salt)
	q.keyFromHere()

	block, iv := fortisCipher(fortisDerive(secret, salt))
	padded := make([]byte, len(raw)-16)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(padded, raw[16:])
	n := int(padded[len(padded)-1])
	if n < 1 || n > 16 {
		refuse("decryption-failed")
	}
	for _, c := range padded[len(padded)-n:] {
		if int(c) != n {
			refuse("decryption-failed")
		}
	}
	text := string(padded[:len(padded)-n])
	if !utf8.ValidString(text) {
		refuse("decryption-failed")
	}
	v, err := parseStrict(text)
	if err != nil {
		refuse("malformed")
	}
	if v.hasDuplicate() {
		refuse("duplicate-parameter")
	}
	if v.kind != kObject {
		refuse("wrong-type")
	}
	var kept []member
	for _, m := range v.members {
		absent := m.value.kind == kNull || m.value.kind == kString && fortisAbsent(m.value.s)
		if fortisMembers[m.name] && !absent {
			kept = append(kept, m)
		}
	}
	for _, m := range kept {
		if m.value.kind != kString && !m.value.whole() {
			refuse("wrong-type")
		}
	}
	parameters := []pair{}
	for _, m := range kept {
		s := m.value.s
		if m.value.kind == kNumber && s == "-0" {
			s = "0"
		}
		parameters = append(parameters, pair{m.name, s})
	}
	location, haveLocation := find(parameters, "location_id")
	_, haveUser := find(parameters, "user_id")
	if !haveLocation || !haveUser {
		refuse("missing-parameter")
	}
	fortisCheckLocation(location)
	return parameters
}

func fortisDecryptParameters(q *question) returns {
	secret := fortisSecret(q)
	return returns{{"parameters", fortisDecrypt(q, secret, q.text("data"))}}
}

func fortisLaunchHMAC(q *question) returns {
	secret := fortisSecret(q)
	location, timestamp := q.text("location_id"), q.text("timestamp")
	if hasHalf(location) || hasHalf(timestamp) {
		refuse("malformed")
	}
	message := location + timestamp
	q.stage("message", message)
	q.keyFromHere()
	return returns{{"hmac", macHex(secret, message)}}
}

func fortisVerifyLaunch(q *question) returns {
	if q.wantStages {
		fortisLaunchStages(q)
		return nil
	}
	return fortisLaunch(q, q.text("mode"))
}

// fortisLaunchStages names the stages of each mode in which the launch has them.
func fortisLaunchStages(q *question) {
	modes := []string{"plain", "encrypted"}
	if m := q.text("mode"); m != "" {
		modes = []string{m}
	}
	var first string
	for _, mode := range modes {
		one := &question{given: q.given, input: q.input, wantStages: true}
		_, reason := attempt(one, func(o *question) returns { return fortisLaunch(o, mode) })
		if reason == "" {
			q.stages = append(q.stages, one.stages...)
		} else if first == "" || first == "not-allowed" {
			first = reason
		}
	}
	if q.stages == nil {
		refuse(first)
	}
}

func fortisLaunch(q *question, mode string) returns {
	secret := fortisSecret(q)
	query := queryOf(q.text("target"))
	if mode == "plain" {
		q.stage("query", query)
	}
	pairs := readQuery(query)
	refuseRepeated(pairs)
	hmacText, haveHMAC := find(pairs, "hmac")
	data, haveData := find(pairs, "data")

	switch mode {
	case "encrypted":
		if !haveData && haveHMAC {
			refuse("not-allowed")
		}
		if !haveData {
			refuse("missing-parameter")
		}
		parameters := fortisDecrypt(q, secret, data)
		return returns{{"mode", mode}, {"parameters", parameters}, {"timestamp", nil}}
	case "plain":
	default:
		refuse("not-allowed") // no such mode
	}

	if !haveHMAC && haveData {
		refuse("not-allowed")
	}
	location, haveLocation := find(pairs, "location_id")
	t, haveTime := find(pairs, "timestamp")
	if !haveHMAC || !haveLocation || !haveTime {
		refuse("missing-parameter")
	}
	if hmacText == "" || location == "" || t == "" {
		refuse("empty-parameter")
	}
	if !isDigest(hmacText) {
		refuse("malformed")
	}
	fortisCheckLocation(location)
	if len(t) == 13 && allDigits(t) {
		refuse("timestamp-in-milliseconds")
	}
	if len(t) != 10 || !allDigits(t) {
		refuse("malformed")
	}
	message := location + t
	q.stage("message", message)
	q.keyFromHere()
	if !signedBy(secret, message, hmacText) {
		refuse("signature-mismatch")
	}
	timestamp := seconds(t)
	q.checkAge(timestamp, 300, 60)
	parameters := []pair{}
	for _, p := range pairs {
		if p.name != "hmac" && !fortisAbsent(p.value) {
			parameters = append(parameters, p)
		}
	}
	return returns{{"mode", mode}, {"parameters", parameters}, {"timestamp", timestamp}}
}
