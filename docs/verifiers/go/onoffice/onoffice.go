// Package onoffice verifies the URLs that onOffice enterprise signs for a provider (activation, service, webhook,
// callback), signs the provider's API calls, and reads the answer to unlockProvider. The provider secret signs URLs,
// the API key signs calls; neither stands for the other.
package onoffice

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"handshakes/strict"
)

// DefaultTolerance is five minutes back and two ahead. No page names a number.
var DefaultTolerance = strict.Tolerance{Back: 300, Ahead: 120}

// Verified is what a signed URL says. All of it is covered: scheme, host, path and every parameter; user info, port
// and fragment are not, and no method.
type Verified struct {
	Parameters []strict.Pair // decoded, in the order received, without signature
	Timestamp  int64
	Covered    []string // the names of all parameters
}

// StringToSign returns the text that is signed for a URL, signed already or not.
func StringToSign(target string) (string, error) {
	parsed, err := parse(target)
	if err != nil {
		return "", err
	}
	return parsed.message(), nil
}

// SignedBytes returns what the signature of a URL is computed from, to compare with the other side's. It verifies
// nothing.
func SignedBytes(target string) ([]byte, error) {
	text, err := StringToSign(target)
	return []byte(text), err
}

// SignURL returns a URL with its signature, as the platform makes it.
func SignURL(target, secret string) (string, error) {
	key, err := strict.Key(secret)
	if err != nil {
		return "", err
	}
	parsed, err := parse(target)
	if err != nil {
		return "", err
	}
	if _, found := strict.Get(parsed.pairs, "signature"); found {
		return "", strict.Refuse("duplicate-parameter", "the URL is signed already")
	}
	before, fragment, hasFragment := strings.Cut(target, "#")
	_, query, hasQuery := strings.Cut(before, "?")
	if !hasQuery {
		before += "?"
	} else if query != "" && !strings.HasSuffix(query, "&") {
		before += "&"
	}
	before += "signature=" + hex.EncodeToString(strict.MAC(key, []byte(parsed.message())))
	if hasFragment {
		before += "#" + fragment
	}
	return before, nil
}

// VerifyURL verifies a whole URL: the raw path and query as they came, behind the configured public origin.
func VerifyURL(target, secret string, now int64, tolerance strict.Tolerance) (*Verified, error) {
	key, err := strict.Key(secret)
	if err != nil {
		return nil, err
	}
	parsed, err := parse(target)
	if err != nil {
		return nil, err
	}
	signature, err := required(parsed.pairs, "signature")
	if err != nil {
		return nil, err
	}
	digest, err := strict.Digest(signature)
	if err != nil {
		return nil, err
	}
	digits, err := required(parsed.pairs, "timestamp")
	if err != nil {
		return nil, err
	}
	timestamp, err := seconds(digits)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(strict.MAC(key, []byte(parsed.message())), digest) {
		return nil, strict.Refuse("signature-mismatch", "the digest is not that of the URL")
	}
	if err := tolerance.Check(timestamp, now); err != nil {
		return nil, err
	}
	parameters := strict.Without(parsed.pairs, "signature")
	return &Verified{parameters, timestamp, strict.Names(parameters)}, nil
}

func required(pairs []strict.Pair, name string) (string, error) {
	value, found := strict.Get(pairs, name)
	if !found {
		return "", strict.Refuse("missing-parameter", "there is no parameter %s", name)
	}
	if value == "" {
		return "", strict.Refuse("empty-parameter", "the parameter %s is empty", name)
	}
	return value, nil
}

func seconds(digits string) (int64, error) {
	if strict.Digits(digits) && len(digits) == 13 {
		return 0, strict.Refuse("timestamp-in-milliseconds", "the timestamp has 13 digits")
	}
	if !strict.Digits(digits) || len(digits) > 12 {
		return 0, strict.Refuse("malformed", "the timestamp is not 1 to 12 digits")
	}
	return strconv.ParseInt(digits, 10, 64)
}

// address is a URL as it is signed: without user info, port and fragment, all else as it was written.
type address struct {
	base  string
	pairs []strict.Pair
}

// The parts of a head: scheme, authority, path. In the authority the last @ ends the user info.
var (
	headParts = regexp.MustCompile(`^([Hh][Tt][Tt][Pp][Ss]?://)([^/]*)(/.*)?$`)
	hostPort  = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?$`)
)

func parse(target string) (*address, error) {
	for i := 0; i < len(target); i++ {
		if target[i] < '!' || target[i] > '~' {
			return nil, strict.Refuse("malformed", "the URL holds a blank, a control character or one outside ASCII")
		}
	}
	beforeFragment, _, _ := strings.Cut(target, "#")
	head, query, _ := strings.Cut(beforeFragment, "?")
	parts := headParts.FindStringSubmatch(head)
	if parts == nil {
		return nil, strict.Refuse("malformed", "the URL does not begin with http:// or https://")
	}
	scheme, authority, path := parts[1], parts[2], parts[3]
	host := hostPort.FindStringSubmatch(authority[strings.LastIndexByte(authority, '@')+1:])
	if host == nil {
		return nil, strict.Refuse("malformed", "the host of the URL is none")
	}
	if port, _ := strconv.Atoi(host[2]); len(host[2]) > 5 || port > 65535 {
		return nil, strict.Refuse("malformed", "the port of the URL is too high")
	}
	if path == "" {
		return nil, strict.Refuse("malformed", "the URL has no path")
	}
	pairs, err := strict.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	if err := checkNames(pairs); err != nil {
		return nil, err
	}
	return &address{scheme + host[1] + path, pairs}, nil
}

// What PHP's is_numeric takes for a number. Such a name is refused: PHP would sort it by its value.
var number = regexp.MustCompile(`^[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\v\f]*$`)

// checkNames refuses names that PHP would change, nest, drop or sort in another way, and those that repeat.
func checkNames(pairs []strict.Pair) error {
	changed := func(r rune) bool { return r <= ' ' || r == 0x7f || r == '[' || r == '.' }
	for _, pair := range pairs {
		if pair.Name == "" || strings.IndexFunc(pair.Name, changed) >= 0 {
			return strict.Refuse("malformed", "PHP would change or drop the name of a parameter")
		}
		if number.MatchString(pair.Name) {
			return strict.Refuse("malformed", "the name of a parameter is a number")
		}
	}
	return strict.Unique(pairs)
}

// message writes the parameters sorted by the bytes of their names, as PHP's http_build_query does.
func (a *address) message() string {
	pairs := strict.Without(a.pairs, "signature")
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].Name < pairs[j].Name })
	written := make([]string, len(pairs))
	for i, pair := range pairs {
		written[i] = escape(pair.Name) + "=" + escape(pair.Value)
	}
	return a.base + "?" + strings.Join(written, "&")
}

// escape is PHP's urlencode, which differs from Go's in the tilde alone.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "~", "%7E") }

// Action is one action of an API call, as far as its HMAC is made of it.
type Action struct {
	Token, APIKey          string
	Timestamp              string // digits; leading zeros count
	ResourceType, ActionID string
	Identifier, ResourceID string        // version 1 alone
	Parameters             strict.Object // version 1 alone
}

// APIHMAC returns the HMAC of an action in version 2, which new code should use, or 1.
func APIHMAC(action Action, version int) (string, error) {
	key, err := strict.Key(action.APIKey)
	if err != nil {
		return "", err
	}
	if _, err := seconds(action.Timestamp); err != nil {
		return "", err
	}
	switch version {
	case 2:
		message := action.Timestamp + action.Token + action.ResourceType + action.ActionID
		return base64.StdEncoding.EncodeToString(strict.MAC(key, []byte(message))), nil
	case 1:
		return version1(action)
	}
	return "", strict.Refuse("not-allowed", "there is no version %d of the HMAC", version)
}

func version1(action Action) (string, error) {
	for _, member := range action.Parameters {
		if number.MatchString(member.Name) {
			return "", strict.Refuse("malformed", "the name of a parameter is a number")
		}
	}
	sorted := append(strict.Object{}, action.Parameters...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Name < sorted[j].Name })
	writer := phpWriter{}
	writer.value(sorted, 1)
	if writer.malformed {
		return "", strict.Refuse("malformed", "the parameters are too deep, or PHP would make a list of an object")
	}
	if writer.wrongType {
		return "", strict.Refuse("wrong-type", "a number of the parameters has to be sent as a text")
	}
	joined := strings.Join([]string{writer.text.String(), action.Token, action.ActionID, action.Identifier,
		action.ResourceID, action.APIKey, action.Timestamp, action.ResourceType}, ",")
	return md5Hex(action.APIKey + md5Hex(joined)), nil
}

func md5Hex(text string) string {
	digest := md5.Sum([]byte(text))
	return hex.EncodeToString(digest[:])
}

// phpWriter writes values as PHP's json_encode does, and notes what PHP would write in another way.
type phpWriter struct {
	text                 strings.Builder
	malformed, wrongType bool
}

func (w *phpWriter) value(value any, depth int) {
	switch value := value.(type) {
	case nil:
		w.text.WriteString("null")
	case bool:
		w.text.WriteString(strconv.FormatBool(value))
	case string:
		w.string(value)
	case json.Number:
		whole, err := strconv.ParseInt(value.String(), 10, 64)
		w.wrongType = w.wrongType || err != nil
		w.text.WriteString(strconv.FormatInt(whole, 10))
	case []any:
		w.malformed = w.malformed || depth > strict.MaxDepth
		w.text.WriteByte('[')
		for i := 0; i < len(value) && !w.malformed; i++ {
			w.comma(i)
			w.value(value[i], depth+1)
		}
		w.text.WriteByte(']')
	case strict.Object:
		w.malformed = w.malformed || depth > strict.MaxDepth || isList(value)
		if len(value) == 0 {
			w.text.WriteString("[]")
			return
		}
		w.text.WriteByte('{')
		for i := 0; i < len(value) && !w.malformed; i++ {
			w.comma(i)
			w.string(value[i].Name)
			w.text.WriteByte(':')
			w.value(value[i].Value, depth+1)
		}
		w.text.WriteByte('}')
	default:
		w.wrongType = true
	}
}

func (w *phpWriter) comma(i int) {
	if i > 0 {
		w.text.WriteByte(',')
	}
}

// isList says whether the names are 0, 1, 2 and so on: PHP makes a list of such an object.
func isList(object strict.Object) bool {
	for i, member := range object {
		if member.Name != strconv.Itoa(i) {
			return false
		}
	}
	return len(object) > 0
}

func (w *phpWriter) string(text string) {
	w.text.WriteByte('"')
	for _, r := range text {
		switch {
		case strings.ContainsRune("\"\\/", r):
			w.text.WriteString(`\` + string(r))
		case strings.ContainsRune("\b\t\n\f\r", r):
			w.text.WriteString([]string{`\b`, `\t`, `\n`, "", `\f`, `\r`}[r-'\b'])
		case r >= ' ' && r <= 0x7f:
			w.text.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&w.text, `\u%04x`, unit)
			}
		}
	}
	w.text.WriteByte('"')
}

// UnlockAnswer returns nil if the API's answer to unlockProvider says that the provider is activated. The reason is
// platform-error where the API says no, and unexpected-answer where it does not speak as documented.
func UnlockAnswer(status int, body []byte) error {
	if status != http.StatusOK {
		return strict.Refuse("platform-error", "the API answered with status %d", status)
	}
	answer, err := strict.ParseJSON(string(body), strict.MaxDepth)
	if err != nil {
		return strict.Refuse("unexpected-answer", "the answer is not one JSON text")
	}
	if err := errorCode(answer); err != nil {
		return err
	}
	results, _ := get(answer, "response", "results").([]any)
	if len(results) != 1 {
		return strict.Refuse("unexpected-answer", "the answer does not hold exactly one result")
	}
	if err := errorCode(results[0]); err != nil {
		return err
	}
	records, _ := get(results[0], "data", "records").([]any)
	if len(records) == 0 {
		return strict.Refuse("unexpected-answer", "the result holds no record")
	}
	if _, isObject := records[0].(strict.Object); !isObject {
		return strict.Refuse("unexpected-answer", "the record is no object")
	}
	if get(records[0], "elements", "success") != "success" {
		return strict.Refuse("platform-error", "the record does not say success")
	}
	return nil
}

func errorCode(value any) error {
	code, isNumber := get(value, "status", "errorcode").(json.Number)
	if !isNumber {
		return strict.Refuse("unexpected-answer", "there is no status with a code")
	}
	if float, err := code.Float64(); err != nil || float != 0 {
		return strict.Refuse("platform-error", "the API answered with code %s", code)
	}
	return nil
}

// get follows names through objects; the value is nil where one of them is no object or has no such member.
func get(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(strict.Object)
		value, _ = object.Get(name)
	}
	return value
}

// Options configure a Handler. All of them are needed.
type Options struct {
	Secret   string // of the provider
	Origin   string // the public one that onOffice calls, such as https://provider.example; never the Host header
	Now      func() time.Time
	Log      *log.Logger // for the operator alone
	Accepted func(http.ResponseWriter, *http.Request, *Verified)
}

const refusal = "<!DOCTYPE html><title>Not opened</title>" +
	"<p>The page could not be opened. Please start it again.</p>"

// Handler verifies a page that onOffice opens, and calls Accepted only for what has verified. All refusals look alike
// from outside.
func Handler(options Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verified, err := verify(options, r)
		if err != nil {
			options.Log.Printf("onoffice: refused a page: %v", err)
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
	if r.Method != http.MethodGet || !strings.HasPrefix(r.RequestURI, "/") {
		return nil, strict.Refuse("not-allowed", "this is not a GET request for a path")
	}
	return VerifyURL(options.Origin+r.RequestURI, options.Secret, options.Now().Unix(), DefaultTolerance)
}
