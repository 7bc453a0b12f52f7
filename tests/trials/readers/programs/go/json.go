package main

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A JSON value that loses nothing: members keep their order, numbers their text.
// Halves of surrogate pairs, where they are let in, are kept as three bytes (WTF-8).

type kind int

const (
	kNull kind = iota
	kBool
	kNumber
	kString
	kArray
	kObject
)

type member struct {
	name  string
	value *value
}

type value struct {
	kind    kind
	b       bool
	s       string // string: its text; number: its token
	items   []*value
	members []member
}

// get returns the last member of that name, or nil. A nil receiver and values of other kinds have none.
func (v *value) get(name string) *value {
	if v == nil || v.kind != kObject {
		return nil
	}
	for i := len(v.members) - 1; i >= 0; i-- {
		if v.members[i].name == name {
			return v.members[i].value
		}
	}
	return nil
}

func (v *value) is(k kind) bool { return v != nil && v.kind == k }

// whole says whether a number is written without a dot and without an exponent.
func (v *value) whole() bool { return v.is(kNumber) && !strings.ContainsAny(v.s, ".eE") }

func (v *value) hasDuplicate() bool {
	switch v.kind {
	case kArray:
		for _, item := range v.items {
			if item.hasDuplicate() {
				return true
			}
		}
	case kObject:
		seen := map[string]bool{}
		for _, m := range v.members {
			if seen[m.name] || m.value.hasDuplicate() {
				return true
			}
			seen[m.name] = true
		}
	}
	return false
}

var errJSON = errors.New("no JSON text")

type parser struct {
	s        string
	pos      int
	depth    int
	maxDepth int  // 0: without limit
	strict   bool // no halves of surrogate pairs, no number beyond a double
}

// parseStrict reads a text that a request holds: at most 100 levels, no halves of pairs, no endless numbers.
// Equal keys are not looked at here.
func parseStrict(s string) (*value, error) {
	return (&parser{s: s, maxDepth: 100, strict: true}).text()
}

// parseLine reads a line of the protocol.
func parseLine(s string) (*value, error) {
	return (&parser{s: s}).text()
}

func (p *parser) text() (*value, error) {
	p.blanks()
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	p.blanks()
	if p.pos != len(p.s) {
		return nil, errJSON
	}
	return v, nil
}

func (p *parser) blanks() {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) peek() byte { // 0 at the end, which begins nothing
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

func (p *parser) take(c byte) bool {
	if p.pos < len(p.s) && p.s[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) word(w string) bool {
	if strings.HasPrefix(p.s[p.pos:], w) {
		p.pos += len(w)
		return true
	}
	return false
}

func (p *parser) value() (*value, error) {
	switch c := p.peek(); {
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '"':
		s, err := p.string()
		if err != nil {
			return nil, err
		}
		return &value{kind: kString, s: s}, nil
	case c == '-' || isDigit(c):
		return p.number()
	case p.word("true"):
		return &value{kind: kBool, b: true}, nil
	case p.word("false"):
		return &value{kind: kBool}, nil
	case p.word("null"):
		return &value{kind: kNull}, nil
	}
	return nil, errJSON
}

func (p *parser) open() error {
	p.pos++
	p.depth++
	if p.maxDepth > 0 && p.depth > p.maxDepth {
		return errJSON
	}
	return nil
}

func (p *parser) object() (*value, error) {
	if err := p.open(); err != nil {
		return nil, err
	}
	v := &value{kind: kObject}
	p.blanks()
	if !p.take('}') {
		for {
			p.blanks()
			if p.peek() != '"' {
				return nil, errJSON
			}
			name, err := p.string()
			if err != nil {
				return nil, err
			}
			p.blanks()
			if !p.take(':') {
				return nil, errJSON
			}
			p.blanks()
			inner, err := p.value()
			if err != nil {
				return nil, err
			}
			v.members = append(v.members, member{name, inner})
			p.blanks()
			if p.take('}') {
				break
			}
			if !p.take(',') {
				return nil, errJSON
			}
		}
	}
	p.depth--
	return v, nil
}

func (p *parser) array() (*value, error) {
	if err := p.open(); err != nil {
		return nil, err
	}
	v := &value{kind: kArray}
	p.blanks()
	if !p.take(']') {
		for {
			p.blanks()
			inner, err := p.value()
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, inner)
			p.blanks()
			if p.take(']') {
				break
			}
			if !p.take(',') {
				return nil, errJSON
			}
		}
	}
	p.depth--
	return v, nil
}

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.s) && isDigit(p.s[p.pos]) {
		p.pos++
	}
	return p.pos > start
}

func (p *parser) number() (*value, error) {
	start := p.pos
	p.take('-')
	if !p.take('0') && !p.digits() {
		return nil, errJSON
	}
	if p.take('.') && !p.digits() {
		return nil, errJSON
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		if !p.digits() {
			return nil, errJSON
		}
	}
	token := p.s[start:p.pos]
	if p.strict {
		if _, err := strconv.ParseFloat(token, 64); err != nil {
			return nil, errJSON // out of range
		}
	}
	return &value{kind: kNumber, s: token}, nil
}

func (p *parser) hex4() (rune, bool) {
	if p.pos+4 > len(p.s) {
		return 0, false
	}
	var r rune
	for i := 0; i < 4; i++ {
		d := hexDigit(p.s[p.pos+i])
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	p.pos += 4
	return r, true
}

func isHigh(r rune) bool { return r >= 0xD800 && r <= 0xDBFF }
func isLow(r rune) bool  { return r >= 0xDC00 && r <= 0xDFFF }

func (p *parser) string() (string, error) {
	p.pos++ // the quote
	var b strings.Builder
	for p.pos < len(p.s) {
		c := p.s[p.pos]
		p.pos++
		switch {
		case c == '"':
			return b.String(), nil
		case c < 0x20:
			return "", errJSON
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		if p.pos == len(p.s) {
			return "", errJSON
		}
		c = p.s[p.pos]
		p.pos++
		switch c {
		case '"', '\\', '/':
			b.WriteByte(c)
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r, ok := p.hex4()
			if !ok {
				return "", errJSON
			}
			if isHigh(r) && strings.HasPrefix(p.s[p.pos:], `\u`) {
				back := p.pos
				p.pos += 2
				low, ok := p.hex4()
				if !ok {
					return "", errJSON
				}
				if isLow(low) {
					r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
				} else {
					p.pos = back
				}
			}
			if isHigh(r) || isLow(r) {
				if p.strict {
					return "", errJSON
				}
				b.Write([]byte{0xE0 | byte(r>>12), 0x80 | byte(r>>6)&0x3F, 0x80 | byte(r)&0x3F})
			} else {
				b.WriteRune(r)
			}
		default:
			return "", errJSON
		}
	}
	return "", errJSON
}

// hasHalf says whether a text read by parseLine holds half of a surrogate pair.
func hasHalf(s string) bool { return !utf8.ValidString(s) }

func (v *value) anyHalf() bool {
	if v == nil {
		return false
	}
	if v.kind == kString && hasHalf(v.s) {
		return true
	}
	for _, item := range v.items {
		if item.anyHalf() {
			return true
		}
	}
	for _, m := range v.members {
		if hasHalf(m.name) || m.value.anyHalf() {
			return true
		}
	}
	return false
}

// stringify writes a text as JSON.stringify does.
func stringify(b *strings.Builder, s string) {
	const hexDigits = "0123456789abcdef"
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\b':
			b.WriteString(`\b`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\f':
			b.WriteString(`\f`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

// pairsJSON writes pairs as one compact JSON object in their order.
func pairsJSON(pairs []pair) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte(',')
		}
		stringify(&b, p.name)
		b.WriteByte(':')
		stringify(&b, p.value)
	}
	b.WriteByte('}')
	return b.String()
}
