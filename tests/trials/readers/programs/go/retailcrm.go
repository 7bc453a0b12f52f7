package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

func retailcrmKey(q *question) string {
	key := q.secret()
	if strings.Contains(key, "\x00") {
		refuse("malformed")
	}
	return key
}

func retailcrmRegistrationToken(q *question) returns {
	key := retailcrmKey(q)
	apiKey := q.text("api_key")
	if apiKey == "" {
		refuse("empty-parameter")
	}
	if strings.Contains(apiKey, "\x00") {
		refuse("malformed")
	}
	q.stage("message", apiKey)
	q.keyFromHere()
	return returns{{"token", macHex(key, apiKey)}}
}

const maxBody = 65536

// retailcrmForm reads the fields of the body.
func retailcrmForm(body, contentType string) []pair {
	if len(body) > maxBody {
		refuse("too-large")
	}
	pieces := strings.Split(contentType, ";")
	for i := range pieces {
		pieces[i] = strings.Trim(pieces[i], " \t")
	}
	var boundaries []string
	for _, piece := range pieces[1:] {
		const start = "boundary="
		if len(piece) >= len(start) && lower(piece[:len(start)]) == start {
			boundary := piece[len(start):]
			if len(boundary) >= 2 && boundary[0] == '"' && boundary[len(boundary)-1] == '"' {
				boundary = boundary[1 : len(boundary)-1]
			}
			boundaries = append(boundaries, boundary)
		}
	}
	switch lower(pieces[0]) {
	case "application/x-www-form-urlencoded":
		if !isASCII(body) {
			refuse("malformed")
		}
		return readPairs(body)
	case "multipart/form-data":
		if len(boundaries) == 1 && isBoundary(boundaries[0]) {
			return readParts(body, boundaries[0])
		}
	}
	refuse("wrong-content-type")
	return nil
}

func isBoundary(s string) bool {
	if len(s) < 1 || len(s) > 70 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < '!' || c > '~' || c == '"' || c == ',' {
			return false
		}
	}
	return true
}

func readParts(body, boundary string) []pair {
	pieces := strings.Split("\r\n"+body, "\r\n--"+boundary)
	last := pieces[len(pieces)-1]
	if pieces[0] != "" || last != "--" && last != "--\r\n" || len(pieces) < 3 {
		refuse("malformed")
	}
	parts := pieces[1 : len(pieces)-1]
	if len(parts) > maxPieces {
		refuse("too-large")
	}
	var fields []pair
	for _, part := range parts {
		if !strings.HasPrefix(part, "\r\n") {
			refuse("malformed")
		}
		head, value, found := strings.Cut(part[2:], "\r\n\r\n")
		if !found {
			refuse("malformed")
		}
		name := partName(head)
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			refuse("malformed")
		}
		fields = append(fields, pair{name, value})
	}
	return fields
}

// partName finds the one Content-Disposition among the header lines and takes the NAME out of it.
func partName(head string) string {
	var dispositions []string
	for _, line := range strings.Split(head, "\r\n") {
		if name, rest, found := strings.Cut(line, ":"); found && lower(name) == "content-disposition" {
			dispositions = append(dispositions, strings.Trim(rest, " \t"))
		}
	}
	if len(dispositions) != 1 {
		refuse("malformed")
	}
	s := dispositions[0]
	const start = `form-data; name="`
	if len(s) < len(start)+1 || lower(s[:len(start)]) != start || s[len(s)-1] != '"' {
		refuse("malformed")
	}
	name := s[len(start) : len(s)-1]
	if strings.ContainsAny(name, "\"\\\r\n") {
		refuse("malformed")
	}
	return name
}

// phpName is the name that PHP reads instead of this one.
func phpName(name string) string {
	name = strings.TrimLeft(name, " ")
	name, _, _ = strings.Cut(name, "\x00")
	if i := strings.Index(name, "["); i > 0 && strings.Contains(name[i:], "]") {
		name = name[:i]
	}
	return name
}

func retailcrmVerifyRegistration(q *question) returns {
	key := retailcrmKey(q)
	fields := retailcrmForm(q.text("body"), q.text("content_type"))
	refuseRepeated(fields)
	for _, f := range fields {
		if read := phpName(f.name); read != f.name {
			if _, ok := find(fields, read); ok {
				refuse("duplicate-parameter")
			}
		}
	}
	register := need(fields, "register")
	q.stage("register", register)

	v, err := parseStrict(register)
	if err != nil {
		refuse("malformed")
	}
	if v.hasDuplicate() {
		refuse("duplicate-parameter")
	}
	if v.kind != kObject {
		refuse("wrong-type")
	}
	var names []string
	for _, m := range v.members {
		if m.name == "token" || m.name == "apiKey" || m.name == "systemUrl" {
			names = append(names, m.name)
		}
	}
	q.stage("members", strings.Join(names, " "))
	three := []*value{v.get("token"), v.get("apiKey"), v.get("systemUrl")}
	for _, m := range three {
		if m == nil || m.kind == kNull {
			refuse("missing-parameter")
		}
	}
	for _, m := range three {
		if m.kind != kString {
			refuse("wrong-type")
		}
	}
	for _, m := range three {
		if m.s == "" {
			refuse("empty-parameter")
		}
	}
	token, apiKey, systemURL := three[0].s, three[1].s, three[2].s
	if !isDigest(token) {
		refuse("malformed")
	}
	if strings.Contains(apiKey, "\x00") {
		refuse("malformed")
	}
	q.stage("message", apiKey)
	q.keyFromHere()
	if !signedBy(key, apiKey, token) {
		refuse("signature-mismatch")
	}
	parameters := []pair{}
	for _, name := range names {
		if name != "token" {
			parameters = append(parameters, pair{name, v.get(name).s})
		}
	}
	return returns{{"parameters", parameters}, {"api_key", apiKey}, {"system_url", systemURL}}
}

var retailcrmOrigins = []string{
	"https://*.retailcrm.ru", "https://*.retailcrm.pro", "https://*.retailcrm.es", "https://*.retailcrm.io",
	"https://*.simla.com", "https://*.simla.io", "https://*.simlachat.com", "https://*.ecomlogic.com",
}

// The address is in lower case already; \z is the very end.
var retailcrmAddress = regexp.MustCompile(
	`\A(https?)://([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(:[0-9]+)?/*\z`)

func retailcrmCanonicalSystemURL(q *question) returns {
	allowed := retailcrmOrigins
	if v := q.field("allowed"); v != nil {
		if v.kind != kArray {
			refuse("malformed")
		}
		allowed = nil
		for _, item := range v.items {
			if item.kind == kString {
				allowed = append(allowed, item.s)
			}
		}
	}
	m := retailcrmAddress.FindStringSubmatch(lower(q.text("url")))
	if m == nil {
		refuse("malformed")
	}
	scheme, host, port := m[1], m[2], m[3]
	origin := scheme + "://" + host + port
	pattern := origin
	if _, rest, two := strings.Cut(host, "."); two && scheme == "https" && port == "" {
		pattern = scheme + "://*." + rest
	}
	for _, entry := range allowed {
		if entry == origin || entry == pattern {
			return returns{{"url", origin}}
		}
	}
	refuse("not-allowed")
	return nil
}
