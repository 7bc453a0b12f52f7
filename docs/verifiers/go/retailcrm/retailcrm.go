// Package retailcrm verifies the registration that RetailCRM (Simla) sends when a user connects a module, and checks
// the address that it names. Only the API key is signed, and no time is: a token stays valid.
package retailcrm

import (
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strings"

	"handshakes/strict"
)

// MaxBody is the largest body that is read, in bytes.
const MaxBody = 65536

// Official lists the domains of the platform; each pattern names the hosts one label below it.
var Official = []string{
	"https://*.retailcrm.ru", "https://*.retailcrm.pro", "https://*.retailcrm.es", "https://*.retailcrm.io",
	"https://*.simla.com", "https://*.simla.io", "https://*.simlachat.com", "https://*.ecomlogic.com",
}

// Verified is what a registration says. The address is not signed: call Origin before anything is sent there.
type Verified struct {
	Parameters []strict.Pair // apiKey and systemUrl, in the order received
	APIKey     string
	SystemURL  string   // as received
	Covered    []string // apiKey
	NotCovered []string // systemUrl
}

// RegistrationToken makes the token of an API key, as the platform does.
func RegistrationToken(secret, apiKey string) (string, error) {
	key, err := key(secret)
	if err != nil {
		return "", err
	}
	message, err := TokenBytes(apiKey)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(strict.MAC(key, message)), nil
}

// VerifyRegistration verifies the raw body of a registration. The query of the request is not looked at.
func VerifyRegistration(body []byte, contentType, secret string) (*Verified, error) {
	key, err := key(secret)
	if err != nil {
		return nil, err
	}
	found, err := parse(body, contentType)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(strict.MAC(key, found.message), found.digest) {
		return nil, strict.Refuse("signature-mismatch", "the token is not that of the API key")
	}
	verified := &Verified{
		Parameters: strict.Without(found.members, "token"),
		Covered:    []string{"apiKey"},
		NotCovered: []string{"systemUrl"},
	}
	verified.APIKey, _ = strict.Get(found.members, "apiKey")
	verified.SystemURL, _ = strict.Get(found.members, "systemUrl")
	return verified, nil
}

// SignedBytes returns what the token of a registration is computed from, to compare with the other side's. It
// verifies nothing.
func SignedBytes(body []byte, contentType string) ([]byte, error) {
	found, err := parse(body, contentType)
	if err != nil {
		return nil, err
	}
	return found.message, nil
}

// TokenBytes returns what the token of an API key is computed from.
func TokenBytes(apiKey string) ([]byte, error) {
	if apiKey == "" {
		return nil, strict.Refuse("empty-parameter", "the API key is empty")
	}
	if strings.Contains(apiKey, "\x00") {
		return nil, strict.Refuse("malformed", "the API key holds a NUL")
	}
	return []byte(apiKey), nil
}

// key refuses a NUL as well: HMAC fills a short key up with NULs, so two secrets would verify one token.
func key(secret string) ([]byte, error) {
	if strings.Contains(secret, "\x00") {
		return nil, strict.Refuse("malformed", "the secret holds a NUL")
	}
	return strict.Key(secret)
}

// registration is what was read, before the token is compared.
type registration struct {
	members []strict.Pair // token, apiKey and systemUrl, in the order received
	digest  []byte        // of the token
	message []byte
}

func parse(body []byte, contentType string) (*registration, error) {
	if len(body) > MaxBody {
		return nil, strict.Refuse("too-large", "the body has more than %d bytes", MaxBody)
	}
	fields, err := strict.ParseForm(body, contentType)
	if err != nil {
		return nil, err
	}
	if err := strict.Unique(fields); err != nil {
		return nil, err
	}
	if err := uniqueInPHP(fields); err != nil {
		return nil, err
	}
	register, found := strict.Get(fields, "register")
	if !found {
		return nil, strict.Refuse("missing-parameter", "there is no field register")
	}
	if register == "" {
		return nil, strict.Refuse("empty-parameter", "the field register is empty")
	}
	value, err := strict.ParseJSON(register, strict.MaxDepth)
	if err != nil {
		return nil, err
	}
	object, isObject := value.(strict.Object)
	if !isObject {
		return nil, strict.Refuse("wrong-type", "the field register holds no JSON object")
	}
	members, err := members(object)
	if err != nil {
		return nil, err
	}
	token, _ := strict.Get(members, "token")
	digest, err := strict.Digest(token)
	if err != nil {
		return nil, err
	}
	apiKey, _ := strict.Get(members, "apiKey")
	message, err := TokenBytes(apiKey)
	if err != nil {
		return nil, err
	}
	return &registration{members, digest, message}, nil
}

// members takes the three members out of the object. Each check is made of all three before the next one.
func members(object strict.Object) ([]strict.Pair, error) {
	var three []strict.Member
	for _, member := range object {
		if (member.Name == "token" || member.Name == "apiKey" || member.Name == "systemUrl") && member.Value != nil {
			three = append(three, member)
		}
	}
	if len(three) < 3 {
		return nil, strict.Refuse("missing-parameter", "token, apiKey or systemUrl is missing")
	}
	pairs := make([]strict.Pair, 3)
	for i, member := range three {
		text, isText := member.Value.(string)
		if !isText {
			return nil, strict.Refuse("wrong-type", "%s is no string", member.Name)
		}
		pairs[i] = strict.Pair{Name: member.Name, Value: text}
	}
	for _, pair := range pairs {
		if pair.Value == "" {
			return nil, strict.Refuse("empty-parameter", "%s is empty", pair.Name)
		}
	}
	return pairs, nil
}

// uniqueInPHP refuses a field that PHP would read under the name of another one, so that no program behind this one
// can take another field for the one that was verified.
func uniqueInPHP(fields []strict.Pair) error {
	names := make(map[string]bool, len(fields))
	for _, field := range fields {
		names[field.Name] = true
	}
	for _, field := range fields {
		if name := nameInPHP(field.Name); name != field.Name && names[name] {
			return strict.Refuse("duplicate-parameter", "PHP would read two fields under one name")
		}
	}
	return nil
}

func nameInPHP(name string) string {
	name = strings.TrimLeft(name, " ")
	name, _, _ = strings.Cut(name, "\x00")
	if open := strings.IndexByte(name, '['); open > 0 && strings.IndexByte(name[open:], ']') > 0 {
		name = name[:open]
	}
	return name
}

// Origin returns the origin of a system URL in lower case if the list names it: as itself, or, if it is https without
// a port, by a pattern with a star in the place of its first label.
func Origin(url string, allowed []string) (string, error) {
	scheme, rest, found := strings.Cut(url, "://")
	authority := strings.TrimRight(rest, "/")
	host, port, hasPort := strings.Cut(authority, ":")
	scheme, host = strict.Lower(scheme), strict.Lower(host)
	if !found || scheme != "http" && scheme != "https" || !isHost(host) || hasPort && !strict.Digits(port) {
		return "", strict.Refuse("malformed", "the address is no http or https origin")
	}
	origin := scheme + "://" + host
	if hasPort {
		origin += ":" + port
	}
	_, domain, hasDomain := strings.Cut(host, ".")
	inPattern := scheme == "https" && !hasPort && hasDomain
	for _, entry := range allowed {
		if entry == origin || inPattern && entry == "https://*."+domain {
			return origin, nil
		}
	}
	return "", strict.Refuse("not-allowed", "the list does not name the origin")
}

func isHost(host string) bool {
	for _, label := range strings.Split(host, ".") {
		if label == "" || !strict.Only(label, "abcdefghijklmnopqrstuvwxyz0123456789-") ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// Options configure a Handler. All of them are needed, but for Allowed.
type Options struct {
	Secret     string   // of the module's card
	Allowed    []string // origins of systemUrl; nil means Official
	AccountURL string   // where the user goes after the registration
	Log        *log.Logger
	Accepted   func(origin, apiKey string) error // keeps the key, and calls the origin to see that it works
}

// Handler answers a registration. The platform expects 200 whatever the outcome; the body says it.
func Handler(options Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]any{"success": true, "accountUrl": options.AccountURL}
		if err := register(options, r); err != nil {
			options.Log.Printf("retailcrm: refused a registration: %v", err)
			answer = map[string]any{"success": false, "errorMsg": "The module could not be connected."}
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer)
	})
}

func register(options Options, r *http.Request) error {
	if r.Method != http.MethodPost {
		return strict.Refuse("not-allowed", "the method is not POST")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return strict.Refuse("malformed", "the body ended too soon")
	}
	contentType := strings.Join(r.Header.Values("Content-Type"), ",") // two headers are no type
	verified, err := VerifyRegistration(body, contentType, options.Secret)
	if err != nil {
		return err
	}
	allowed := options.Allowed
	if allowed == nil {
		allowed = Official
	}
	origin, err := Origin(verified.SystemURL, allowed)
	if err != nil {
		return err
	}
	return options.Accepted(origin, verified.APIKey)
}
