// Package officernd verifies what OfficeRnD sends to an integration: signed GET requests (health check,
// configuration, sync) and webhooks. A signature verifies again until it is stale; it names no receiver and no method.
package officernd

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"

	"handshakes/strict"
)

// MaxBody is the largest body of a webhook that the handler reads. No page names a limit.
const MaxBody = 1 << 20

// DefaultTolerance is five minutes back and one ahead. No page names a number.
var DefaultTolerance = strict.Tolerance{Back: 300, Ahead: 60}

// Verified is what a signature has confirmed.
type Verified struct {
	Parameters []strict.Pair // decoded, in the order received, without the signature; a webhook has none
	Timestamp  int64
	Covered    []string // what the signature covers: names of parameters, or the word body
	NotCovered []string // an empty memberId that the platform left out of the signature
}

// SignQuery makes the value of the parameter signature, as the platform does. It is not percent-encoded yet.
func SignQuery(secret string, pairs []strict.Pair, timestamp int64) (string, error) {
	key, err := strict.Key(secret)
	if err != nil {
		return "", err
	}
	if err := strict.Unique(pairs); err != nil {
		return "", err
	}
	return sign(key, strict.FormatJSON(pairs), timestamp), nil
}

// SignWebhook makes the value of the header officernd-signature. The webhook has a secret of its own.
func SignWebhook(secret string, body []byte, timestamp int64) (string, error) {
	key, err := strict.Key(secret)
	if err != nil {
		return "", err
	}
	return sign(key, body, timestamp), nil
}

func sign(key, content []byte, timestamp int64) string {
	digits := strconv.FormatInt(timestamp, 10)
	digest := strict.MAC(key, Message(content, digits))
	return "t=" + digits + ",signature=" + hex.EncodeToString(digest)
}

// VerifyQuery verifies the raw target of a GET request.
func VerifyQuery(target, secret string, now int64, tolerance strict.Tolerance) (*Verified, error) {
	key, err := strict.Key(secret)
	if err != nil {
		return nil, err
	}
	pairs, signed, err := parse(target)
	if err != nil {
		return nil, err
	}
	form, found := matching(pairs, key, signed)
	if !found {
		return nil, strict.Refuse("signature-mismatch", "the digest is not that of the parameters")
	}
	timestamp, err := signed.fresh(now, tolerance)
	if err != nil {
		return nil, err
	}
	verified := &Verified{Parameters: unquoted(pairs), Timestamp: timestamp, Covered: strict.Names(form)}
	if len(form) < len(pairs) {
		verified.NotCovered = []string{"memberId"}
	}
	return verified, nil
}

// VerifyWebhook verifies the raw body of a webhook. The header is empty if there is none.
func VerifyWebhook(body []byte, header, secret string, now int64, tolerance strict.Tolerance) (*Verified, error) {
	key, err := strict.Key(secret)
	if err != nil {
		return nil, err
	}
	if header == "" {
		return nil, strict.Refuse("missing-parameter", "there is no header officernd-signature")
	}
	signed, err := parseSignature(header)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(strict.MAC(key, Message(body, signed.digits)), signed.digest) {
		return nil, strict.Refuse("signature-mismatch", "the digest is not that of the body")
	}
	timestamp, err := signed.fresh(now, tolerance)
	if err != nil {
		return nil, err
	}
	return &Verified{Timestamp: timestamp, Covered: []string{"body"}}, nil
}

// SignedBytes returns what the signature of a target is computed from, to compare with the other side's. It verifies
// nothing, and shows the parameters as received, without the other forms that VerifyQuery tries.
func SignedBytes(target string) ([]byte, error) {
	pairs, signed, err := parse(target)
	if err != nil {
		return nil, err
	}
	return Message(strict.FormatJSON(pairs), signed.digits), nil
}

// SignedWebhookBytes does the same for a webhook.
func SignedWebhookBytes(body []byte, header string) ([]byte, error) {
	signed, err := parseSignature(header)
	if err != nil {
		return nil, err
	}
	return Message(body, signed.digits), nil
}

// Message returns what is signed: the parameters as JSON (see strict.FormatJSON) or the raw body, a dot, and the time
// in the digits that are sent.
func Message(content []byte, digits string) []byte {
	return append(append(append([]byte{}, content...), '.'), digits...)
}

// parse returns the parameters that are signed, and the signature.
func parse(target string) ([]strict.Pair, *signature, error) {
	pairs, err := strict.ParseQuery(strict.Query(target))
	if err != nil {
		return nil, nil, err
	}
	if err := strict.Unique(pairs); err != nil {
		return nil, nil, err
	}
	value, found := strict.Get(pairs, "signature")
	if !found {
		return nil, nil, strict.Refuse("missing-parameter", "there is no parameter signature")
	}
	if value == "" {
		return nil, nil, strict.Refuse("empty-parameter", "the parameter signature is empty")
	}
	signed, err := parseSignature(value)
	if err != nil {
		return nil, nil, err
	}
	return strict.Without(pairs, "signature"), signed, nil
}

// signature is the value t=DIGITS,signature=DIGEST. The digits are kept: leading zeros are signed too.
type signature struct {
	digits string
	digest []byte
}

func parseSignature(value string) (*signature, error) {
	const nameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	fields := map[string]string{}
	for _, piece := range strings.Split(value, ",") {
		name, content, found := strings.Cut(piece, "=")
		if !found || name == "" || !strict.Only(name, nameCharacters) || strings.Contains(content, "=") {
			return nil, strict.Refuse("malformed", "the signature is not a list of name=value")
		}
		if _, repeated := fields[name]; repeated {
			return nil, strict.Refuse("duplicate-parameter", "a field of the signature is there twice")
		}
		fields[name] = content
	}
	digits, timed := fields["t"]
	digest, signed := fields["signature"]
	if !timed || !signed {
		return nil, strict.Refuse("missing-parameter", "the signature has no t or no signature")
	}
	if strict.Digits(digits) && len(digits) == 13 {
		return nil, strict.Refuse("timestamp-in-milliseconds", "t has 13 digits")
	}
	if !strict.Digits(digits) || len(digits) > 12 {
		return nil, strict.Refuse("malformed", "t is not 1 to 12 digits")
	}
	decoded, err := strict.Digest(digest)
	if err != nil {
		return nil, err
	}
	return &signature{digits, decoded}, nil
}

func (s *signature) fresh(now int64, tolerance strict.Tolerance) (int64, error) {
	timestamp, err := strconv.ParseInt(s.digits, 10, 64)
	if err != nil {
		return 0, strict.Refuse("malformed", "t is no number")
	}
	return timestamp, tolerance.Check(timestamp, now)
}

// matching returns the form of the parameters that was signed: as received, or without an empty memberId, or with the
// quotes around organizationId taken off, or both. The platform's own example does the same.
func matching(pairs []strict.Pair, key []byte, signed *signature) ([]strict.Pair, bool) {
	withoutMember := pairs
	if value, found := strict.Get(pairs, "memberId"); found && value == "" {
		withoutMember = strict.Without(pairs, "memberId")
	}
	tried := map[string]bool{}
	for _, form := range [][]strict.Pair{pairs, withoutMember, unquoted(pairs), unquoted(withoutMember)} {
		text := Message(strict.FormatJSON(form), signed.digits)
		if tried[string(text)] {
			continue
		}
		tried[string(text)] = true
		if hmac.Equal(strict.MAC(key, text), signed.digest) {
			return form, true
		}
	}
	return nil, false
}

func unquoted(pairs []strict.Pair) []strict.Pair {
	changed := append([]strict.Pair{}, pairs...)
	for i, pair := range changed {
		value := pair.Value
		if pair.Name == "organizationId" && len(value) > 2 && value[0] == '"' && value[len(value)-1] == '"' {
			changed[i].Value = value[1 : len(value)-1]
		}
	}
	return changed
}

// Options configure a Handler. All of them are needed.
type Options struct {
	Secret        string // of the integration
	WebhookSecret string // of the webhook, another one
	Now           func() time.Time
	Log           *log.Logger // for the operator alone
	Accepted      func(http.ResponseWriter, *http.Request, *Verified)
}

// Handler verifies GET requests by their query and POST requests as webhooks, on every path, and calls Accepted only
// for what has verified. All refusals look alike from outside.
func Handler(options Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verified, err := verify(options, r)
		if err != nil {
			options.Log.Printf("officernd: refused a %s request: %v", r.Method, err)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"statusCode":401,"message":"The request could not be verified."}`)
			return
		}
		options.Accepted(w, r, verified)
	})
}

func verify(options Options, r *http.Request) (*Verified, error) {
	switch r.Method {
	case http.MethodGet:
		return VerifyQuery(r.RequestURI, options.Secret, options.Now().Unix(), DefaultTolerance)
	case http.MethodPost:
		body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
		if err != nil {
			return nil, strict.Refuse("malformed", "the body ended too soon")
		}
		if len(body) > MaxBody {
			return nil, strict.Refuse("too-large", "the body has more than %d bytes", MaxBody)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))                        // for Accepted
		header := strings.Join(r.Header.Values("officernd-signature"), ",") // two headers are refused as one that repeats
		return VerifyWebhook(body, header, options.WebhookSecret, options.Now().Unix(), DefaultTolerance)
	}
	return nil, strict.Refuse("not-allowed", "the method is neither GET nor POST")
}
