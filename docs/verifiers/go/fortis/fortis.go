// Package fortis verifies the launch of an app by Fortis (Zeamster), in the mode that the app is set to: plain, with an
// HMAC over the location and the time alone, or encrypted, where nothing is authentic: it has no MAC and no time.
package fortis

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"handshakes/strict"
)

// The modes of an app.
const (
	Plain     = "plain"
	Encrypted = "encrypted"
)

// Tolerance is five minutes back and one ahead, for mode plain.
var Tolerance = strict.Tolerance{Back: 300, Ahead: 60}

// Verified is what a launch holds, and how much of it is signed.
type Verified struct {
	Mode       string
	Parameters []strict.Pair // without hmac, and without values that count as absent
	Timestamp  int64         // plain only
	Covered    []string      // plain: location_id and timestamp; encrypted: none
	NotCovered []string      // do not take these for more than what the browser says
}

// LaunchHMAC makes the hmac of a launch in mode plain, as the platform does.
func LaunchHMAC(secret, locationID, timestamp string) (string, error) {
	key, err := strict.Key(secret)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(strict.MAC(key, LaunchBytes(locationID, timestamp))), nil
}

// LaunchBytes returns what the hmac is computed from. The time is a text: its leading zeros are signed.
func LaunchBytes(locationID, timestamp string) []byte { return []byte(locationID + timestamp) }

// VerifyLaunch verifies the raw target of a launch. Mode encrypted does not look at the clock.
func VerifyLaunch(target, mode, secret string, now int64) (*Verified, error) {
	key, err := strict.Key(secret)
	if err != nil {
		return nil, err
	}
	pairs, err := launch(target, mode)
	if err != nil {
		return nil, err
	}
	if mode == Encrypted {
		data, found := strict.Get(pairs, "data")
		if !found {
			return nil, strict.Refuse("missing-parameter", "there is no parameter data")
		}
		parameters, err := DecryptParameters(secret, data)
		if err != nil {
			return nil, err
		}
		return &Verified{Mode: mode, Parameters: parameters, NotCovered: strict.Names(parameters)}, nil
	}
	signed, err := parse(pairs)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(strict.MAC(key, signed.message), signed.digest) {
		return nil, strict.Refuse("signature-mismatch", "the hmac is not that of location_id and timestamp")
	}
	if err := Tolerance.Check(signed.timestamp, now); err != nil {
		return nil, err
	}
	verified := &Verified{Mode: mode, Timestamp: signed.timestamp, Covered: []string{"location_id", "timestamp"}}
	for _, pair := range strict.Without(pairs, "hmac") {
		if absent(pair.Value) {
			continue
		}
		verified.Parameters = append(verified.Parameters, pair)
		if pair.Name != "location_id" && pair.Name != "timestamp" {
			verified.NotCovered = append(verified.NotCovered, pair.Name)
		}
	}
	return verified, nil
}

// SignedBytes returns what the hmac of a launch in mode plain is computed from, to compare with the other side's. It
// verifies nothing.
func SignedBytes(target string) ([]byte, error) {
	pairs, err := launch(target, Plain)
	if err != nil {
		return nil, err
	}
	signed, err := parse(pairs)
	if err != nil {
		return nil, err
	}
	return signed.message, nil
}

// nameInPHP is the name under which PHP has a parameter, so that no program behind this one can take another for it.
func nameInPHP(name string) string {
	name = strings.TrimLeft(name, " ")
	name, _, _ = strings.Cut(name, "\x00")
	if open := strings.IndexByte(name, '['); open > 0 && strings.IndexByte(name[open:], ']') > 0 {
		name = name[:open]
	}
	return strings.NewReplacer(" ", "_", ".", "_", "[", "_").Replace(name)
}

// launch reads the parameters of a launch, and refuses one of the other mode.
func launch(target, mode string) ([]strict.Pair, error) {
	pairs, err := strict.ParseQuery(strict.Query(target))
	if err != nil {
		return nil, err
	}
	if err := strict.Unique(pairs); err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		name := nameInPHP(pair.Name)
		if _, found := strict.Get(pairs, name); found && name != pair.Name {
			return nil, strict.Refuse("duplicate-parameter", "PHP would read two parameters under one name")
		}
	}
	_, hasHMAC := strict.Get(pairs, "hmac")
	_, hasData := strict.Get(pairs, "data")
	switch mode {
	case Plain:
		if !hasHMAC && hasData {
			return nil, strict.Refuse("not-allowed", "the launch is encrypted, the app is set to plain")
		}
	case Encrypted:
		if !hasData && hasHMAC {
			return nil, strict.Refuse("not-allowed", "the launch is plain, the app is set to encrypted")
		}
	default:
		return nil, strict.Refuse("not-allowed", "the app is set to no mode that there is")
	}
	return pairs, nil
}

type signature struct {
	message, digest []byte
	timestamp       int64
}

func parse(pairs []strict.Pair) (*signature, error) {
	digits, hasHMAC := strict.Get(pairs, "hmac")
	location, hasLocation := strict.Get(pairs, "location_id")
	timestamp, hasTimestamp := strict.Get(pairs, "timestamp")
	if !hasHMAC || !hasLocation || !hasTimestamp {
		return nil, strict.Refuse("missing-parameter", "hmac, location_id or timestamp is missing")
	}
	if digits == "" || location == "" || timestamp == "" {
		return nil, strict.Refuse("empty-parameter", "hmac, location_id or timestamp is empty")
	}
	digest, err := strict.Digest(digits)
	if err != nil {
		return nil, err
	}
	if err := checkLocation(location); err != nil {
		return nil, err
	}
	if strict.Digits(timestamp) && len(timestamp) == 13 {
		return nil, strict.Refuse("timestamp-in-milliseconds", "timestamp has 13 digits")
	}
	if !strict.Digits(timestamp) || len(timestamp) != 10 {
		return nil, strict.Refuse("malformed", "timestamp is not 10 digits")
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	return &signature{LaunchBytes(location, timestamp), digest, seconds}, err
}

func checkLocation(id string) error {
	if len(id) < 24 || len(id) > 36 || !strict.Only(id, "0123456789abcdefABCDEF-") {
		return strict.Refuse("malformed", "location_id is not 24 to 36 hex digits and hyphens")
	}
	return nil
}

// absent says whether a value counts as not given: an empty one, or a placeholder that was not filled.
func absent(value string) bool { return value == "" || strings.HasPrefix(value, "{{") }

const header = "Salted__"

// EncryptParameters makes a value of data, as the platform does; it is not percent-encoded yet. The salt is 8 bytes,
// new and random for each launch.
func EncryptParameters(secret string, pairs []strict.Pair, salt []byte) (string, error) {
	passphrase, err := strict.Key(secret)
	if err != nil {
		return "", err
	}
	padded, err := PaddedText(pairs, salt)
	if err != nil {
		return "", err
	}
	key, iv := derive(passphrase, salt)
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return base64.StdEncoding.EncodeToString(append(append([]byte(header), salt...), padded...)), nil
}

// PaddedText returns what is encrypted: the parameters as JSON, padded to blocks of 16 bytes (PKCS#7).
func PaddedText(pairs []strict.Pair, salt []byte) ([]byte, error) {
	if err := strict.Unique(pairs); err != nil {
		return nil, err
	}
	if len(salt) != 8 {
		return nil, strict.Refuse("malformed", "the salt is not 8 bytes")
	}
	text := strict.FormatJSON(pairs)
	count := aes.BlockSize - len(text)%aes.BlockSize
	return append(text, bytes.Repeat([]byte{byte(count)}, count)...), nil
}

// DecryptParameters reads a value of data. Nothing in it is authentic. Whoever can tell one refusal from another can
// decrypt with its help, so answer all of them alike; they still differ by microseconds, so limit how often one may ask.
func DecryptParameters(secret, data string) ([]strict.Pair, error) {
	passphrase, err := strict.Key(secret)
	if err != nil {
		return nil, err
	}
	salt, ciphertext, err := Sealed(data)
	if err != nil {
		return nil, err
	}
	key, iv := derive(passphrase, salt)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(ciphertext, ciphertext)
	text, padded := unpad(ciphertext)
	if !padded || !utf8.Valid(text) {
		return nil, strict.Refuse("decryption-failed", "another secret, or data that was changed")
	}
	value, err := strict.ParseJSON(string(text), strict.MaxDepth)
	if err != nil {
		return nil, err
	}
	object, isObject := value.(strict.Object)
	if !isObject {
		return nil, strict.Refuse("wrong-type", "data holds no JSON object")
	}
	return members(object)
}

// Sealed returns the salt and the ciphertext of a value of data.
func Sealed(data string) (salt, ciphertext []byte, err error) {
	if utf8.RuneCountInString(data) > strict.MaxQuery {
		return nil, nil, strict.Refuse("too-large", "data has more than %d characters", strict.MaxQuery)
	}
	if data == "" {
		return nil, nil, strict.Refuse("empty-parameter", "data is empty")
	}
	sealed, err := base64.StdEncoding.DecodeString(data)
	if err != nil || base64.StdEncoding.EncodeToString(sealed) != data { // the decoder skips line ends and unused bits
		return nil, nil, strict.Refuse("malformed", "data is no canonical base64")
	}
	if !bytes.HasPrefix(sealed, []byte(header)) {
		return nil, nil, strict.Refuse("malformed", "data does not begin with %s", header)
	}
	if len(sealed) < 32 || len(sealed)%aes.BlockSize != 0 {
		return nil, nil, strict.Refuse("malformed", "data has a length that no ciphertext has")
	}
	return sealed[8:16], sealed[16:], nil
}

// derive makes key and IV as OpenSSL's EVP_BytesToKey does with MD5 and one round.
func derive(passphrase, salt []byte) (key, iv []byte) {
	var derived, last []byte
	for len(derived) < 48 {
		digest := md5.Sum(bytes.Join([][]byte{last, passphrase, salt}, nil))
		last = digest[:]
		derived = append(derived, last...)
	}
	return derived[:32], derived[32:]
}

func unpad(padded []byte) ([]byte, bool) {
	count := int(padded[len(padded)-1])
	if count < 1 || count > aes.BlockSize {
		return nil, false
	}
	text, padding := padded[:len(padded)-count], padded[len(padded)-count:]
	return text, bytes.Equal(padding, bytes.Repeat([]byte{byte(count)}, count))
}

// members takes the six members that are known, whole numbers as their digits, and drops those that count as absent.
func members(object strict.Object) ([]strict.Pair, error) {
	parameters := []strict.Pair{}
	wrong := false
	for _, member := range object {
		switch member.Name {
		case "location_id", "user_id", "access-token", "contact_id", "contact_api_id", "user_oauth_url":
		default:
			continue
		}
		switch value := member.Value.(type) {
		case nil:
		case string:
			if !absent(value) {
				parameters = append(parameters, strict.Pair{Name: member.Name, Value: value})
			}
		case json.Number:
			digits := value.String()
			wrong = wrong || strings.ContainsAny(digits, ".eE")
			if digits == "-0" {
				digits = "0"
			}
			parameters = append(parameters, strict.Pair{Name: member.Name, Value: digits})
		default:
			wrong = true
		}
	}
	if wrong {
		return nil, strict.Refuse("wrong-type", "a member of data is neither a string nor a whole number")
	}
	location, hasLocation := strict.Get(parameters, "location_id")
	if _, hasUser := strict.Get(parameters, "user_id"); !hasLocation || !hasUser {
		return nil, strict.Refuse("missing-parameter", "location_id or user_id is missing from data")
	}
	if err := checkLocation(location); err != nil {
		return nil, err
	}
	return parameters, nil
}

// Options configure a Handler. All of them are needed.
type Options struct {
	Secret   string
	Mode     string // Plain or Encrypted
	Now      func() time.Time
	Log      *log.Logger // for the operator alone
	Accepted func(http.ResponseWriter, *http.Request, *Verified)
}

const refusal = "<!DOCTYPE html><title>Not opened</title>" +
	"<p>The app could not be opened. Please start it again.</p>"

// Handler verifies a launch, and calls Accepted only for what has verified. All refusals look alike from outside.
func Handler(options Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verified, err := verify(options, r)
		if err != nil {
			options.Log.Printf("fortis: refused a launch: %v", err)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, refusal)
			return
		}
		options.Accepted(w, r, verified)
	})
}

func verify(options Options, r *http.Request) (*Verified, error) {
	if r.Method != http.MethodGet {
		return nil, strict.Refuse("not-allowed", "the method is not GET")
	}
	return VerifyLaunch(r.RequestURI, options.Mode, options.Secret, options.Now().Unix())
}
