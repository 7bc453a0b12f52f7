package main

import "strings"

func officerndSignQuery(q *question) returns {
	key := q.secret()
	pairs := q.pairs("pairs")
	refuseRepeated(pairs)
	digits := q.text("timestamp")
	json := pairsJSON(pairs)
	q.stage("json", json)
	message := json + "." + digits
	q.stage("message", message)
	q.keyFromHere()
	return returns{{"signature", "t=" + digits + ",signature=" + macHex(key, message)}}
}

// officerndFields reads `t=…,signature=…`.
func officerndFields(s string) (t, digest string) {
	fields := map[string]string{}
	for _, piece := range strings.Split(s, ",") {
		name, value, found := strings.Cut(piece, "=")
		if !found || !isFieldName(name) || strings.Contains(value, "=") {
			refuse("malformed")
		}
		if _, ok := fields[name]; ok {
			refuse("duplicate-parameter")
		}
		fields[name] = value
	}
	t, haveT := fields["t"]
	digest, haveDigest := fields["signature"]
	if !haveT || !haveDigest {
		refuse("missing-parameter")
	}
	checkTime(t)
	if !isDigest(digest) {
		refuse("malformed")
	}
	return t, digest
}

func isFieldName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !isDigit(c) && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return false
		}
	}
	return s != ""
}

// unquote takes one pair of quotes off a value that has more than them.
func unquote(s string) string {
	if len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

func officerndUnquoted(pairs []pair) []pair {
	out := append([]pair{}, pairs...)
	for i := range out {
		if out[i].name == "organizationId" {
			out[i].value = unquote(out[i].value)
		}
	}
	return out
}

func officerndVerifyQuery(q *question) returns {
	key := q.secret()
	query := queryOf(q.text("target"))
	q.stage("query", query)
	pairs := readQuery(query)
	refuseRepeated(pairs)
	fields := need(pairs, "signature")
	pairs = without(pairs, "signature")
	q.stage("fields", fields)
	t, digest := officerndFields(fields)

	json := pairsJSON(pairs)
	q.stage("json", json)
	q.stage("message", json+"."+t)
	q.keyFromHere()

	// The forms that may have been signed; equal ones are tried once.
	withoutMember := pairs
	if v, ok := find(pairs, "memberId"); ok && v == "" {
		withoutMember = without(pairs, "memberId")
	}
	unquoted := officerndUnquoted(pairs)
	forms := []string{json, pairsJSON(withoutMember), pairsJSON(unquoted), pairsJSON(officerndUnquoted(withoutMember))}
	tried := map[string]bool{}
	signed := false
	for _, form := range forms {
		if tried[form] {
			continue
		}
		tried[form] = true
		if signedBy(key, form+"."+t, digest) {
			signed = true
			break
		}
	}
	if !signed {
		refuse("signature-mismatch")
	}
	timestamp := seconds(t)
	q.checkAge(timestamp, 300, 60)
	return returns{{"parameters", unquoted}, {"timestamp", timestamp}}
}

func officerndSignWebhook(q *question) returns {
	key := q.secret()
	body := q.text("body")
	digits := q.text("timestamp")
	q.stage("body", body)
	message := body + "." + digits
	q.stage("message", message)
	q.keyFromHere()
	return returns{{"signature", "t=" + digits + ",signature=" + macHex(key, message)}}
}

func officerndVerifyWebhook(q *question) returns {
	key := q.secret()
	body := q.text("body")
	header := q.text("header")
	q.stage("body", body)
	if header == "" {
		refuse("missing-parameter")
	}
	t, digest := officerndFields(header)
	message := body + "." + t
	q.stage("message", message)
	q.keyFromHere()
	if !signedBy(key, message, digest) {
		refuse("signature-mismatch")
	}
	timestamp := seconds(t)
	q.checkAge(timestamp, 300, 60)
	return returns{{"parameters", []pair{}}, {"timestamp", timestamp}}
}
