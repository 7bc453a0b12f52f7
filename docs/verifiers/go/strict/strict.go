// Package strict reads queries, forms, multipart bodies and JSON for a verifier: what is doubtful is refused, and
// nothing is repaired, dropped or decoded twice. Copy it together with the package of your platform.
package strict

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The limits of what is read at all.
const (
	MaxQuery = 8192 // characters of a query
	MaxPairs = 200  // parameters of a query, fields of a form, parts of a multipart body
	MaxDepth = 100  // arrays and objects of JSON that are open inside each other
)

// Refused is the one error of all verifiers. The detail is for the operator's log and holds no value of the request;
// the client must learn neither.
type Refused struct {
	Reason string // one of the codes of docs/reasons.md, such as "stale"
	Detail string
}

func (r *Refused) Error() string { return r.Reason + ": " + r.Detail }

// Refuse makes a refusal.
func Refuse(reason, detail string, values ...any) error {
	return &Refused{reason, fmt.Sprintf(detail, values...)}
}

// Pair is a decoded parameter or field. A list of pairs keeps the order, which a map would lose.
type Pair struct{ Name, Value string }

// Get returns the value of a name, and whether it is there; an empty value is there.
func Get(pairs []Pair, name string) (string, bool) {
	for _, pair := range pairs {
		if pair.Name == name {
			return pair.Value, true
		}
	}
	return "", false
}

// Without returns the pairs that have another name.
func Without(pairs []Pair, name string) []Pair {
	kept := make([]Pair, 0, len(pairs))
	for _, pair := range pairs {
		if pair.Name != name {
			kept = append(kept, pair)
		}
	}
	return kept
}

// Names returns the names of pairs, in order.
func Names(pairs []Pair) []string {
	names := make([]string, len(pairs))
	for i, pair := range pairs {
		names[i] = pair.Name
	}
	return names
}

// Unique refuses pairs of which two have the same name, also if their values are equal.
func Unique(pairs []Pair) error {
	seen := make(map[string]bool, len(pairs))
	for _, pair := range pairs {
		if seen[pair.Name] {
			return Refuse("duplicate-parameter", "a name is there twice")
		}
		seen[pair.Name] = true
	}
	return nil
}

// Key returns the bytes of a secret. An empty one would let anybody sign.
func Key(secret string) ([]byte, error) {
	if secret == "" {
		return nil, Refuse("empty-secret", "no secret is configured")
	}
	return []byte(secret), nil
}

// MAC returns the HMAC-SHA256 of a message.
func MAC(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

// Digest reads exactly 64 lower-case hex digits.
func Digest(text string) ([]byte, error) {
	if len(text) != 64 || !Only(text, "0123456789abcdef") {
		return nil, Refuse("malformed", "the digest is not 64 characters of 0-9a-f")
	}
	return hex.DecodeString(text)
}

// Only says whether a text consists of these ASCII characters alone; the empty text does.
func Only(text, characters string) bool {
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(characters, text[i]) < 0 {
			return false
		}
	}
	return true
}

// Digits says whether a text is one or more ASCII digits.
func Digits(text string) bool { return text != "" && Only(text, "0123456789") }

// Tolerance is how old a time may be, and how far ahead, in seconds. Both limits are still accepted.
type Tolerance struct{ Back, Ahead int64 }

// Check refuses a time outside the tolerance. Call it only after the signature has verified.
func (t Tolerance) Check(seconds, now int64) error {
	if now-seconds > t.Back {
		return Refuse("stale", "the timestamp is %d seconds old", now-seconds)
	}
	if seconds-now > t.Ahead {
		return Refuse("from-the-future", "the timestamp is %d seconds ahead", seconds-now)
	}
	return nil
}

// Query returns the raw query of a raw target or URL, without a fragment. In net/http the raw target is
// Request.RequestURI; Request.URL.Query() would drop and merge parameters.
func Query(target string) string {
	target, _, _ = strings.Cut(target, "#")
	_, query, _ := strings.Cut(target, "?")
	return query
}

// ParseQuery reads the parameters of a raw query.
func ParseQuery(query string) ([]Pair, error) {
	if utf8.RuneCountInString(query) > MaxQuery {
		return nil, Refuse("too-large", "the query has more than %d characters", MaxQuery)
	}
	return ParsePairs(query)
}

// ParsePairs reads name=value pairs with an ampersand between two.
func ParsePairs(text string) ([]Pair, error) {
	for i := 0; i < len(text); i++ {
		if text[i] > 0x7f {
			return nil, Refuse("malformed", "a character outside ASCII is not percent-encoded")
		}
	}
	pieces := make([]string, 0, 16)
	for _, piece := range strings.Split(text, "&") {
		if piece != "" {
			pieces = append(pieces, piece)
		}
	}
	if len(pieces) > MaxPairs {
		return nil, Refuse("too-large", "there are more than %d parameters", MaxPairs)
	}
	pairs := make([]Pair, len(pieces))
	for i, piece := range pieces {
		name, value, _ := strings.Cut(piece, "=")
		var err error
		if pairs[i].Name, err = decode(name); err != nil {
			return nil, err
		}
		if pairs[i].Value, err = decode(value); err != nil {
			return nil, err
		}
	}
	return pairs, nil
}

// decode undoes the percent-encoding of a form, once. url.QueryUnescape would not look at the UTF-8.
func decode(text string) (string, error) {
	if !strings.ContainsAny(text, "%+") {
		return text, nil
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '+':
			decoded = append(decoded, ' ')
		case '%':
			if i+2 >= len(text) {
				return "", Refuse("malformed", "a percent sign is not followed by two hex digits")
			}
			value, err := hex.DecodeString(text[i+1 : i+3])
			if err != nil {
				return "", Refuse("malformed", "a percent sign is not followed by two hex digits")
			}
			decoded = append(decoded, value[0])
			i += 2
		default:
			decoded = append(decoded, text[i])
		}
	}
	if !utf8.Valid(decoded) {
		return "", Refuse("malformed", "a parameter is not UTF-8")
	}
	return string(decoded), nil
}

// ParseForm reads the fields of an urlencoded or multipart body.
func ParseForm(body []byte, contentType string) ([]Pair, error) {
	pieces := strings.Split(contentType, ";")
	var boundaries []string
	for i, piece := range pieces {
		pieces[i] = strings.Trim(piece, " \t")
		const prefix = "boundary="
		if i > 0 && len(pieces[i]) >= len(prefix) && Lower(pieces[i][:len(prefix)]) == prefix {
			boundary := pieces[i][len(prefix):]
			if len(boundary) >= 2 && strings.HasPrefix(boundary, `"`) && strings.HasSuffix(boundary, `"`) {
				boundary = boundary[1 : len(boundary)-1]
			}
			boundaries = append(boundaries, boundary)
		}
	}
	switch Lower(pieces[0]) {
	case "application/x-www-form-urlencoded":
		return ParsePairs(string(body))
	case "multipart/form-data":
		if len(boundaries) == 1 && isBoundary(boundaries[0]) {
			return parseMultipart(string(body), boundaries[0])
		}
	}
	return nil, Refuse("wrong-content-type", "the body is no form")
}

func isBoundary(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < '!' || text[i] > '~' || text[i] == '"' || text[i] == ',' {
			return false
		}
	}
	return len(text) >= 1 && len(text) <= 70
}

// parseMultipart is stricter than mime/multipart, which skips what stands before the first boundary.
func parseMultipart(body, boundary string) ([]Pair, error) {
	pieces := strings.Split("\r\n"+body, "\r\n--"+boundary)
	last := pieces[len(pieces)-1]
	if len(pieces) < 3 || pieces[0] != "" || last != "--" && last != "--\r\n" {
		return nil, Refuse("malformed", "the multipart body does not begin or end with its boundary, or has no part")
	}
	pieces = pieces[1 : len(pieces)-1]
	if len(pieces) > MaxPairs {
		return nil, Refuse("too-large", "there are more than %d parts", MaxPairs)
	}
	pairs := make([]Pair, len(pieces))
	for i, piece := range pieces {
		header, value, found := strings.Cut(piece, "\r\n\r\n") // an empty line right behind the boundary ends the headers: there are none
		name, named := fieldName(header)
		if !strings.HasPrefix(piece, "\r\n") || !found || !named {
			return nil, Refuse("malformed", "a part is not a field with one name")
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, Refuse("malformed", "a part is not UTF-8")
		}
		pairs[i] = Pair{name, value}
	}
	return pairs, nil
}

// fieldName reads the name from the header lines of a part; files and parts with two names have none.
func fieldName(header string) (string, bool) {
	name, found := "", 0
	for _, line := range strings.Split(header, "\r\n") {
		key, disposition, colon := strings.Cut(line, ":")
		if !colon || Lower(key) != "content-disposition" {
			continue
		}
		found++
		const prefix = `form-data; name="`
		disposition = strings.Trim(disposition, " \t")
		if len(disposition) <= len(prefix) || Lower(disposition[:len(prefix)]) != prefix {
			return "", false
		}
		quoted := disposition[len(prefix):]
		name = quoted[:len(quoted)-1]
		if quoted[len(quoted)-1] != '"' || strings.ContainsAny(name, "\"\\\r\n") {
			return "", false
		}
	}
	return name, found == 1
}

// Lower changes A to Z only; strings.ToLower would turn the Kelvin sign into a k.
func Lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// Object is a JSON object: its members in the order in which they were written, each name once.
type Object []Member

// Member is one member of an Object. The value is nil, bool, string, json.Number (with the digits as they were
// written), []any or Object.
type Member struct {
	Name  string
	Value any
}

// Get returns the value of a member, and whether it is there.
func (o Object) Get(name string) (any, bool) {
	for _, member := range o {
		if member.Name == name {
			return member.Value, true
		}
	}
	return nil, false
}

// ParseJSON reads exactly one JSON text. The grammar is that of encoding/json; half surrogates, names that repeat and
// numbers too large for a float64, which it lets pass, are refused.
func ParseJSON(text string, depth int) (any, error) {
	if tooDeep(text, depth) {
		return nil, Refuse("malformed", "the JSON is nested deeper than %d", depth)
	}
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) {
		return nil, Refuse("malformed", "this is not one JSON text")
	}
	if halfSurrogate(text) {
		return nil, Refuse("malformed", "the JSON holds half of a surrogate pair")
	}
	reader := jsonReader{Decoder: json.NewDecoder(strings.NewReader(text))}
	reader.UseNumber()
	value := reader.value()
	if reader.broken {
		return nil, Refuse("malformed", "a number of the JSON is too large")
	}
	if reader.repeated { // told only now: a text that is malformed as well is malformed
		return nil, Refuse("duplicate-parameter", "a JSON object has two members of one name")
	}
	return value, nil
}

type jsonReader struct {
	*json.Decoder
	broken, repeated bool
}

func (r *jsonReader) value() any {
	token, err := r.Token()
	r.broken = r.broken || err != nil
	switch token := token.(type) {
	case json.Number:
		_, err := token.Float64()
		r.broken = r.broken || err != nil
	case json.Delim:
		if token == '[' {
			return r.array()
		}
		return r.object()
	}
	return token
}

func (r *jsonReader) array() []any {
	items := []any{}
	for r.More() && !r.broken {
		items = append(items, r.value())
	}
	r.Token() // the bracket at the end
	return items
}

func (r *jsonReader) object() Object {
	object, seen := Object{}, map[string]bool{}
	for r.More() && !r.broken {
		name, _ := r.value().(string)
		r.repeated = r.repeated || seen[name]
		seen[name] = true
		object = append(object, Member{name, r.value()})
	}
	r.Token()
	return object
}

func tooDeep(text string, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch character := text[i]; {
		case character == '\\' && quoted:
			i++
		case character == '"':
			quoted = !quoted
		case quoted:
		case character == '[' || character == '{':
			if depth++; depth > limit {
				return true
			}
		case character == ']' || character == '}':
			depth--
		}
	}
	return false
}

var escapes = regexp.MustCompile(`\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)`) // a whole pair is tried first

// halfSurrogate looks at the escapes of a valid JSON text, where a backslash stands in strings alone.
func halfSurrogate(text string) bool {
	for _, escape := range escapes.FindAllString(text, -1) {
		if len(escape) == 6 && strings.IndexByte("dD", escape[2]) >= 0 && escape[3] >= '8' {
			return true
		}
	}
	return false
}

// FormatJSON writes pairs as one compact JSON object of strings, in their order, with the escapes of JSON.stringify.
// encoding/json would sort the names, and escape U+2028 and more.
func FormatJSON(pairs []Pair) []byte {
	text := []byte{'{'}
	for i, pair := range pairs {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendString(append(appendString(text, pair.Name), ':'), pair.Value)
	}
	return append(text, '}')
}

func appendString(text []byte, value string) []byte {
	text = append(text, '"')
	for i := 0; i < len(value); i++ {
		switch character := value[i]; {
		case character == '"' || character == '\\':
			text = append(text, '\\', character)
		case character >= ' ':
			text = append(text, character)
		case strings.IndexByte("\b\t\n\f\r", character) >= 0:
			text = append(text, '\\', "btn?fr"[character-'\b'])
		default:
			text = append(text, fmt.Sprintf(`\u%04x`, character)...)
		}
	}
	return append(text, '"')
}
