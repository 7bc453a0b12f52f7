// A verifier for OfficeRnD, RetailCRM, onOffice and Fortis that speaks the line protocol on standard input and output.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A question holds what is given, and collects the stages on the way.
type question struct {
	given, input *value
	wantStages   bool // there is no secret then
	stages       []stage
}

type stage struct {
	name, bytes string
	binary      bool
}

// stagesDone is thrown where the stages that need no secret are complete.
type stagesDone struct{}

func (q *question) stage(name, bytes string) { q.stages = append(q.stages, stage{name, bytes, false}) }

func (q *question) binary(name, bytes string) { q.stages = append(q.stages, stage{name, bytes, true}) }

// keyFromHere marks the place behind which a secret or the clock is needed.
func (q *question) keyFromHere() {
	if q.wantStages {
		panic(stagesDone{})
	}
}

// field looks into the input, then into what is given. A null counts as absent.
func (q *question) field(name string) *value {
	for _, v := range []*value{q.input.get(name), q.given.get(name)} {
		if v != nil && v.kind != kNull {
			return v
		}
	}
	return nil
}

// text returns a text; bytes and numbers are taken too, what is absent is empty.
func (q *question) text(name string) string {
	v := q.field(name)
	switch {
	case v == nil:
		return ""
	case v.kind == kString || v.kind == kNumber:
		return v.s
	case v.kind == kObject:
		return bytesOf(v)
	}
	refuse("malformed")
	return ""
}

func bytesOf(v *value) string {
	if u := v.get("utf8"); u.is(kString) {
		return u.s
	}
	if h := v.get("hex"); h.is(kString) {
		b, err := hex.DecodeString(h.s)
		if err != nil {
			refuse("malformed")
		}
		return string(b)
	}
	refuse("malformed")
	return ""
}

// secret is the key of every platform: never empty. A question for stages has none.
func (q *question) secret() string {
	if q.wantStages {
		return ""
	}
	return q.key("secret")
}

func (q *question) key(name string) string {
	s := q.text(name)
	if s == "" {
		refuse("empty-secret")
	}
	return s
}

func (q *question) pairs(name string) []pair {
	v := q.field(name)
	if v == nil {
		return nil
	}
	if v.kind != kArray {
		refuse("malformed")
	}
	var pairs []pair
	for _, item := range v.items {
		if item.kind != kArray || len(item.items) != 2 || !item.items[0].is(kString) || !item.items[1].is(kString) {
			refuse("malformed")
		}
		pairs = append(pairs, pair{item.items[0].s, item.items[1].s})
	}
	return pairs
}

func toSeconds(v *value) int64 {
	if !v.is(kNumber) {
		refuse("malformed")
	}
	if n, err := strconv.ParseInt(v.s, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(v.s, 64)
	if err != nil || math.Abs(f) > 1e18 {
		refuse("malformed")
	}
	return int64(math.Floor(f))
}

// checkAge refuses a verified timestamp that is too old or too far ahead.
func (q *question) checkAge(timestamp, back, ahead int64) {
	if t := q.field("tolerance"); t != nil {
		if t.kind != kArray || len(t.items) != 2 {
			refuse("malformed")
		}
		back, ahead = toSeconds(t.items[0]), toSeconds(t.items[1])
	}
	now := time.Now().Unix()
	if v := q.field("now"); v != nil {
		now = toSeconds(v)
	}
	if now-timestamp > back {
		refuse("stale")
	}
	if timestamp-now > ahead {
		refuse("from-the-future")
	}
}

// returns is an ordered list of members: string, int64, []pair or nil.
type result struct {
	name  string
	value any
}

type returns []result

var operations = map[string]func(*question) returns{
	"officernd.sign_query":           officerndSignQuery,
	"officernd.verify_query":         officerndVerifyQuery,
	"officernd.sign_webhook":         officerndSignWebhook,
	"officernd.verify_webhook":       officerndVerifyWebhook,
	"retailcrm.registration_token":   retailcrmRegistrationToken,
	"retailcrm.verify_registration":  retailcrmVerifyRegistration,
	"retailcrm.canonical_system_url": retailcrmCanonicalSystemURL,
	"onoffice.string_to_sign":        onofficeStringToSign,
	"onoffice.sign_url":              onofficeSignURL,
	"onoffice.verify_url":            onofficeVerifyURL,
	"onoffice.api_hmac":              onofficeAPIHMAC,
	"onoffice.unlock_answer":         onofficeUnlockAnswer,
	"fortis.encrypt_parameters":      fortisEncryptParameters,
	"fortis.decrypt_parameters":      fortisDecryptParameters,
	"fortis.launch_hmac":             fortisLaunchHMAC,
	"fortis.verify_launch":           fortisVerifyLaunch,
}

// attempt runs an operation; reason is empty if it did not refuse.
func attempt(q *question, operation func(*question) returns) (r returns, reason string) {
	defer func() {
		switch e := recover().(type) {
		case nil, stagesDone:
		case refusal:
			r, reason = nil, string(e)
		default:
			fmt.Fprintln(os.Stderr, "internal error:", e)
			r, reason = nil, "malformed"
		}
	}()
	return operation(q), ""
}

func answer(line string) string {
	var b strings.Builder
	b.WriteString(`{"id": `)
	ask, err := parseLine(line)
	if err != nil {
		b.WriteString(`null, "verdict": "refused", "reason": "malformed"}`)
		return b.String()
	}
	if id := ask.get("id"); id.is(kString) {
		writeText(&b, id.s)
	} else {
		b.WriteString("null")
	}
	name := ""
	if v := ask.get("operation"); v.is(kString) {
		name = v.s
	}
	operation, ok := operations[name]
	if !ok {
		b.WriteString(`, "verdict": "unsupported"}`)
		return b.String()
	}
	want := ask.get("want")
	q := &question{given: ask.get("given"), input: ask.get("input"), wantStages: want.is(kString) && want.s == "stages"}
	var r returns
	var reason string
	if !strings.HasPrefix(name, "fortis.") && (q.given.anyHalf() || q.input.anyHalf()) {
		reason = "malformed" // a text of these platforms holds no half of a pair
	} else {
		r, reason = attempt(q, operation)
	}
	switch {
	case reason != "":
		b.WriteString(`, "verdict": "refused", "reason": "` + reason + `"}`)
	case q.wantStages:
		b.WriteString(`, "verdict": "accepted", "stages": `)
		writeStages(&b, q.stages)
		b.WriteByte('}')
	default:
		b.WriteString(`, "verdict": "accepted", "returns": `)
		writeReturns(&b, r)
		b.WriteByte('}')
	}
	return b.String()
}

// writeText writes a text in ASCII, so that no reader of lines can stumble over it.
func writeText(b *strings.Builder, s string) {
	b.WriteByte('"')
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xED: // half of a pair
			size = 3
			fmt.Fprintf(b, `\u%04x`, rune(s[0]&0x0F)<<12|rune(s[1]&0x3F)<<6|rune(s[2]&0x3F))
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r > 0x7E && r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		case r >= 0x10000:
			fmt.Fprintf(b, `\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	b.WriteByte('"')
}

func writeStages(b *strings.Builder, stages []stage) {
	b.WriteByte('{')
	for i, s := range stages {
		if i > 0 {
			b.WriteString(", ")
		}
		writeText(b, s.name)
		if s.binary || !utf8.ValidString(s.bytes) {
			b.WriteString(`: {"hex": "` + hex.EncodeToString([]byte(s.bytes)) + `"}`)
		} else {
			b.WriteString(`: {"utf8": `)
			writeText(b, s.bytes)
			b.WriteByte('}')
		}
	}
	b.WriteByte('}')
}

func writeReturns(b *strings.Builder, r returns) {
	b.WriteByte('{')
	for i, m := range r {
		if i > 0 {
			b.WriteString(", ")
		}
		writeText(b, m.name)
		b.WriteString(": ")
		switch v := m.value.(type) {
		case string:
			writeText(b, v)
		case int64:
			b.WriteString(strconv.FormatInt(v, 10))
		case []pair:
			b.WriteByte('[')
			for j, p := range v {
				if j > 0 {
					b.WriteString(", ")
				}
				b.WriteByte('[')
				writeText(b, p.name)
				b.WriteString(", ")
				writeText(b, p.value)
				b.WriteByte(']')
			}
			b.WriteByte(']')
		default:
			b.WriteString("null")
		}
	}
	b.WriteByte('}')
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadString('\n')
		if strings.Trim(line, " \t\r\n") != "" {
			out.WriteString(answer(line))
			out.WriteByte('\n')
			if out.Flush() != nil {
				os.Exit(1)
			}
		}
		if err != nil {
			if err != io.EOF {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
}
