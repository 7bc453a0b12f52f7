package main

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	onofficeAuthority = regexp.MustCompile(`\A([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?\z`)
	phpNumeric        = regexp.MustCompile(
		`\A[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\v\f]*\z`)
)

// onofficeURL returns the base and the query.
func onofficeURL(target string) (base, query string) {
	for i := 0; i < len(target); i++ {
		if target[i] < 0x21 || target[i] > 0x7E {
			refuse("malformed")
		}
	}
	target, _, _ = strings.Cut(target, "#")
	head, query, _ := strings.Cut(target, "?")
	var scheme string
	for _, s := range []string{"http://", "https://"} {
		if strings.HasPrefix(lower(head), s) {
			scheme = head[:len(s)]
		}
	}
	if scheme == "" {
		refuse("malformed")
	}
	authority, path := head[len(scheme):], ""
	if i := strings.IndexByte(authority, '/'); i >= 0 {
		authority, path = authority[:i], authority[i:]
	}
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	m := onofficeAuthority.FindStringSubmatch(authority)
	if m == nil {
		refuse("malformed")
	}
	host, port := m[1], m[2]
	if len(port) > 5 {
		refuse("malformed")
	}
	if port != "" && seconds(port) > 65535 {
		refuse("malformed")
	}
	if path == "" {
		refuse("malformed")
	}
	return scheme + host + path, query
}

func onofficeParameters(query string) []pair {
	pairs := readQuery(query) // it is ASCII already
	for _, p := range pairs {
		if p.name == "" {
			refuse("malformed")
		}
		for i := 0; i < len(p.name); i++ {
			if c := p.name[i]; c == '[' || c == '.' || c <= 0x20 || c == 0x7F {
				refuse("malformed")
			}
		}
	}
	for _, p := range pairs {
		if phpNumeric.MatchString(p.name) {
			refuse("malformed")
		}
	}
	refuseRepeated(pairs)
	return pairs
}

func phpURLEncode(b *strings.Builder, s string) {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '.' || c == '-':
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
}

// onofficeMessage makes the message and names its stages.
func (q *question) onofficeMessage(base string, pairs []pair) string {
	signed := without(pairs, "signature")
	sort.SliceStable(signed, func(i, j int) bool { return signed[i].name < signed[j].name })
	var b strings.Builder
	b.WriteString(base + "?")
	names := make([]string, len(signed))
	for i, p := range signed {
		if i > 0 {
			b.WriteByte('&')
		}
		names[i] = p.name
		phpURLEncode(&b, p.name)
		b.WriteByte('=')
		phpURLEncode(&b, p.value)
	}
	q.stage("names", strings.Join(names, " "))
	q.stage("message", b.String())
	return b.String()
}

// onofficeRead reads URL and parameters.
func (q *question) onofficeRead(target string) (base string, pairs []pair) {
	base, query := onofficeURL(target)
	q.stage("base", base)
	q.stage("query", query)
	return base, onofficeParameters(query)
}

func onofficeStringToSign(q *question) returns {
	base, pairs := q.onofficeRead(q.text("target"))
	return returns{{"text", q.onofficeMessage(base, pairs)}}
}

func onofficeSignURL(q *question) returns {
	key := q.secret()
	target := q.text("target")
	base, pairs := q.onofficeRead(target)
	if _, ok := find(pairs, "signature"); ok {
		refuse("duplicate-parameter")
	}
	message := q.onofficeMessage(base, pairs)
	q.keyFromHere()
	signature := macHex(key, message)

	before, fragment, hasFragment := strings.Cut(target, "#")
	_, query, hasQuery := strings.Cut(before, "?")
	switch {
	case !hasQuery:
		before += "?"
	case query != "" && !strings.HasSuffix(query, "&"):
		before += "&"
	}
	url := before + "signature=" + signature
	if hasFragment {
		url += "#" + fragment
	}
	return returns{{"url", url}}
}

func onofficeVerifyURL(q *question) returns {
	key := q.secret()
	base, pairs := q.onofficeRead(q.text("target"))
	digest := need(pairs, "signature")
	if !isDigest(digest) {
		refuse("malformed")
	}
	t := need(pairs, "timestamp")
	checkTime(t)
	message := q.onofficeMessage(base, pairs)
	q.keyFromHere()
	if !signedBy(key, message, digest) {
		refuse("signature-mismatch")
	}
	timestamp := seconds(t)
	q.checkAge(timestamp, 300, 120)
	return returns{{"parameters", without(pairs, "signature")}, {"timestamp", timestamp}}
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func onofficeAPIHMAC(q *question) returns {
	key := ""
	if !q.wantStages {
		key = q.key("api_key")
	}
	digits := q.text("timestamp")
	checkTime(digits)
	token, resourceType, actionID := q.text("token"), q.text("resource_type"), q.text("action_id")

	version := 2.0
	if v := q.field("version"); v != nil {
		f, err := strconv.ParseFloat(v.s, 64)
		if v.kind != kNumber || err != nil {
			refuse("not-allowed")
		}
		version = f
	}
	q.keyFromHere()
	switch version {
	case 2:
		sum := mac(key, digits+token+resourceType+actionID)
		return returns{{"hmac", base64.StdEncoding.EncodeToString(sum)}}
	case 1:
	default:
		refuse("not-allowed")
	}

	parameters := q.field("parameters")
	if parameters == nil {
		parameters = &value{kind: kObject}
	}
	if parameters.kind != kObject {
		refuse("wrong-type")
	}
	for _, m := range parameters.members {
		if phpNumeric.MatchString(m.name) {
			refuse("malformed")
		}
	}
	sorted := &value{kind: kObject, members: append([]member{}, parameters.members...)}
	sort.SliceStable(sorted.members, func(i, j int) bool { return sorted.members[i].name < sorted.members[j].name })
	if tooDeep(sorted, 100) {
		refuse("malformed")
	}
	for _, m := range sorted.members {
		if hasPHPList(m.value) {
			refuse("malformed")
		}
	}
	if hasOtherNumber(sorted) {
		refuse("wrong-type")
	}
	var b strings.Builder
	phpJSON(&b, sorted)
	text := strings.Join([]string{
		b.String(), token, actionID, q.text("identifier"), q.text("resource_id"), key, digits, resourceType,
	}, ",")
	return returns{{"hmac", md5Hex(key + md5Hex(text))}}
}

// inner returns the values directly inside an array or an object.
func (v *value) inner() []*value {
	values := append([]*value{}, v.items...)
	for _, m := range v.members {
		values = append(values, m.value)
	}
	return values
}

func tooDeep(v *value, left int) bool {
	if v.kind != kArray && v.kind != kObject {
		return false
	}
	if left == 0 {
		return true
	}
	for _, w := range v.inner() {
		if tooDeep(w, left-1) {
			return true
		}
	}
	return false
}

// hasPHPList finds an object with exactly the names 0, 1, 2 … in this order.
func hasPHPList(v *value) bool {
	if v.kind == kObject && len(v.members) > 0 {
		list := true
		for i, m := range v.members {
			if m.name != strconv.Itoa(i) {
				list = false
				break
			}
		}
		if list {
			return true
		}
	}
	for _, w := range v.inner() {
		if hasPHPList(w) {
			return true
		}
	}
	return false
}

// hasOtherNumber finds a number that is not a whole one of 64 bits.
func hasOtherNumber(v *value) bool {
	if v.kind == kNumber {
		if !v.whole() {
			return true
		}
		_, err := strconv.ParseInt(v.s, 10, 64)
		return err != nil
	}
	for _, w := range v.inner() {
		if hasOtherNumber(w) {
			return true
		}
	}
	return false
}

func phpJSON(b *strings.Builder, v *value) {
	switch v.kind {
	case kNull:
		b.WriteString("null")
	case kBool:
		b.WriteString(strconv.FormatBool(v.b))
	case kNumber:
		if v.s == "-0" {
			b.WriteByte('0')
		} else {
			b.WriteString(v.s)
		}
	case kString:
		phpText(b, v.s)
	case kArray:
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			phpJSON(b, item)
		}
		b.WriteByte(']')
	case kObject:
		if len(v.members) == 0 {
			b.WriteString("[]")
			return
		}
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			phpText(b, m.name)
			b.WriteByte(':')
			phpJSON(b, m.value)
		}
		b.WriteByte('}')
	}
}

func phpText(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '/':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == '\r':
			b.WriteString(`\r`)
		case r >= 0x10000:
			fmt.Fprintf(b, `\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		case r < 0x20 || r > 0x7F:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// isNumber says whether a value is a number equal to n.
func isNumber(v *value, n float64) bool {
	f, err := strconv.ParseFloat(v.s, 64)
	return v.kind == kNumber && err == nil && f == n
}

// errorCode takes the code out of an envelope's status, which has to hold a number.
func errorCode(v *value) *value {
	code := v.get("status").get("errorcode")
	if !code.is(kNumber) {
		refuse("unexpected-answer")
	}
	return code
}

func onofficeUnlockAnswer(q *question) returns {
	status := q.field("status")
	if status == nil || !isNumber(status, 200) {
		refuse("platform-error")
	}
	body := q.text("body")
	if !utf8.ValidString(body) {
		refuse("unexpected-answer")
	}
	v, err := parseStrict(body)
	if err != nil || v.hasDuplicate() || v.kind != kObject {
		refuse("unexpected-answer")
	}
	if !isNumber(errorCode(v), 0) {
		refuse("platform-error")
	}
	results := v.get("response").get("results")
	if !results.is(kArray) || len(results.items) != 1 || results.items[0].kind != kObject {
		refuse("unexpected-answer")
	}
	result := results.items[0]
	if !isNumber(errorCode(result), 0) {
		refuse("platform-error")
	}
	records := result.get("data").get("records")
	if !records.is(kArray) || len(records.items) == 0 || records.items[0].kind != kObject {
		refuse("unexpected-answer")
	}
	success := records.items[0].get("elements").get("success")
	if !success.is(kString) || success.s != "success" {
		refuse("platform-error")
	}
	return returns{{"success", "success"}}
}
