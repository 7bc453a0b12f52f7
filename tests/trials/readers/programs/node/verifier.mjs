// Verifiers of OfficeRnD, RetailCRM, onOffice and Fortis, written from the recipe pages alone.
// Reads one JSON object a line from standard input, answers each with one line.
import { createHmac, createHash, createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { isUtf8 } from 'node:buffer';

// ---------------------------------------------------------------- shared

class Refuse extends Error {
  constructor(reason) { super(reason); this.reason = reason; }
}
const refuse = (reason) => { throw new Refuse(reason); };

const utf8 = (text) => Buffer.from(text, 'utf8');
const hmac = (key, ...parts) => {
  const h = createHmac('sha256', key);
  for (const p of parts) h.update(p);
  return h.digest();
};
const md5 = (...parts) => {
  const h = createHash('md5');
  for (const p of parts) h.update(p);
  return h.digest();
};
const DIGEST = /^[0-9a-f]{64}$/;
const same = (a, hex) => timingSafeEqual(a, Buffer.from(hex, 'hex'));
const countChars = (text) => { let n = 0; for (const _ of text) n++; return n; };
const asciiLower = (text) => text.replace(/[A-Z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 32));
const trimBlanks = (text) => {
  let a = 0;
  let b = text.length;
  while (a < b && (text[a] === ' ' || text[a] === '\t')) a++;
  while (b > a && (text[b - 1] === ' ' || text[b - 1] === '\t')) b--;
  return text.slice(a, b);
};
const strictUtf8 = (bytes) => (isUtf8(bytes) ? bytes.toString('utf8') : null);   // keeps a byte order mark

/* JSON. Objects: {o: [[name, value], ...]}, arrays: {a: [...]}, numbers: {n: 'digits as written'};
   texts, true, false and null as in JavaScript. */
class BadJson extends Error {}
const bad = () => { throw new BadJson(); };
const isObj = (v) => v !== null && typeof v === 'object' && v.o !== undefined;
const isArr = (v) => v !== null && typeof v === 'object' && v.a !== undefined;
const isNum = (v) => v !== null && typeof v === 'object' && v.n !== undefined;
const member = (v, name) => {
  if (!isObj(v)) return undefined;
  for (const [k, x] of v.o) if (k === name) return x;
  return undefined;
};

const ESC = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
// strict: at most 100 deep, no half pairs, no number beyond a double. Returns {value, twice}.
function parseJson(s, strict) {
  let i = 0;
  let twice = false;
  const numRe = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
  const plainRe = /[^"\\\u0000-\u001f]*/y;
  const ws = () => {
    for (;;) {
      const c = s.charCodeAt(i);
      if (c === 32 || c === 9 || c === 10 || c === 13) i++; else return;
    }
  };
  const text = () => {
    i++;
    let out = '';
    for (;;) {
      plainRe.lastIndex = i;
      const m = plainRe.exec(s)[0];
      out += m;
      i += m.length;
      const c = s[i];
      if (c === '"') { i++; break; }
      if (c !== '\\') bad();
      const e = s[i + 1];
      if (e === 'u') {
        const h = s.slice(i + 2, i + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(h)) bad();
        out += String.fromCharCode(parseInt(h, 16));
        i += 6;
      } else if (e !== undefined && Object.hasOwn(ESC, e)) {
        out += ESC[e];
        i += 2;
      } else bad();
    }
    if (strict && !out.isWellFormed()) bad();
    return out;
  };
  const word = (w, v) => { if (!s.startsWith(w, i)) bad(); i += w.length; return v; };
  const value = (depth) => {
    ws();
    const c = s[i];
    if (c === '{') {
      if (strict && depth >= 100) bad();
      i++;
      const pairs = [];
      const seen = new Set();
      ws();
      if (s[i] === '}') { i++; return { o: pairs }; }
      for (;;) {
        ws();
        if (s[i] !== '"') bad();
        const name = text();
        if (seen.has(name)) twice = true;
        seen.add(name);
        ws();
        if (s[i] !== ':') bad();
        i++;
        pairs.push([name, value(depth + 1)]);
        ws();
        if (s[i] === ',') { i++; continue; }
        if (s[i] === '}') { i++; return { o: pairs }; }
        bad();
      }
    }
    if (c === '[') {
      if (strict && depth >= 100) bad();
      i++;
      const items = [];
      ws();
      if (s[i] === ']') { i++; return { a: items }; }
      for (;;) {
        items.push(value(depth + 1));
        ws();
        if (s[i] === ',') { i++; continue; }
        if (s[i] === ']') { i++; return { a: items }; }
        bad();
      }
    }
    if (c === '"') return text();
    if (c === 't') return word('true', true);
    if (c === 'f') return word('false', false);
    if (c === 'n') return word('null', null);
    if (!strict) {       // what a question's writer may let through
      for (const w of ['NaN', 'Infinity', '-Infinity']) if (s.startsWith(w, i)) return word(w, { n: w });
    }
    numRe.lastIndex = i;
    const m = numRe.exec(s);
    if (m === null) bad();
    i += m[0].length;
    if (strict && !Number.isFinite(Number(m[0]))) bad();
    return { n: m[0] };
  };
  const v = value(0);
  ws();
  if (i !== s.length) bad();
  return { value: v, twice };
}
function readJson(text, reason, reasonTwice) {
  let r;
  try {
    r = parseJson(text, true);
  } catch (e) {
    if (e instanceof BadJson) refuse(reason);
    throw e;
  }
  if (r.twice) refuse(reasonTwice);
  return r.value;
}

// Pairs as one compact JSON object of texts.
const writeJson = (pairs) => `{${pairs.map(([n, v]) => `${JSON.stringify(n)}:${JSON.stringify(v)}`).join(',')}}`;

function decodePart(part) {
  if (/%(?![0-9a-fA-F]{2})/.test(part)) refuse('malformed');
  const raw = part.replace(/\+/g, ' ').replace(/%([0-9a-fA-F]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16)));
  const text = strictUtf8(Buffer.from(raw, 'latin1'));
  if (text === null) refuse('malformed');
  return text;
}
// The text is ASCII.
function readPairs(query) {
  const pieces = query.split('&').filter((p) => p !== '');
  if (pieces.length > 200) refuse('too-large');
  return pieces.map((p) => {
    const at = p.indexOf('=');
    const name = decodePart(at < 0 ? p : p.slice(0, at));
    return [name, decodePart(at < 0 ? '' : p.slice(at + 1))];
  });
}
function noneTwice(pairs) {
  if (new Set(pairs.map(([n]) => n)).size !== pairs.length) refuse('duplicate-parameter');
}
function cutQuery(target) {
  const hash = target.indexOf('#');
  const rest = hash < 0 ? target : target.slice(0, hash);
  const mark = rest.indexOf('?');
  return mark < 0 ? '' : rest.slice(mark + 1);
}
function readQuery(query) {
  if (countChars(query) > 8192) refuse('too-large');
  if (/[^\x00-\x7f]/.test(query)) refuse('malformed');
  return readPairs(query);
}
const valueOf = (pairs, name) => {
  for (const [n, v] of pairs) if (n === name) return v;
  return undefined;
};
function judgeAge(timestamp, now, [back, ahead]) {
  if (now - timestamp > back) refuse('stale');
  if (timestamp - now > ahead) refuse('from-the-future');
}

/* A question: its values, and the stages on the way. */
class Question {
  constructor(given, input, want) {
    this.values = new Map([...(isObj(given) ? given.o : []), ...(isObj(input) ? input.o : [])]);
    this.want = want;       // only the stages are asked for, and there is no secret
    this.stages = [];
  }

  get(name) { const v = this.values.get(name); return v === null ? undefined : v; }

  text(name) {
    const v = this.get(name);
    if (v === undefined) return '';
    if (typeof v === 'string') return v;
    if (isNum(v)) return v.n;
    if (isObj(v)) {
      const t = member(v, 'utf8');
      if (typeof t === 'string') return t;
      return this.bytes(name).toString('latin1');
    }
    return refuse('malformed');
  }

  bytes(name) {
    const v = this.get(name);
    if (v === undefined) return Buffer.alloc(0);
    if (typeof v === 'string') return utf8(v);
    const t = member(v, 'utf8');
    if (typeof t === 'string') return utf8(t);
    const h = member(v, 'hex');
    return typeof h === 'string' ? Buffer.from(h, 'hex') : refuse('malformed');
  }

  number(name) { const v = this.get(name); return isNum(v) ? Number(v.n) : Number(this.text(name)); }

  pairs() {
    const v = this.get('pairs');
    if (v === undefined) return [];
    return v.a.map((p) => [p.a[0], p.a[1]]);
  }

  tolerance(back, ahead) {
    const v = this.get('tolerance');
    return isArr(v) ? v.a.map((x) => Number(x.n)) : [back, ahead];
  }

  key(name = 'secret') {
    if (this.want && this.get(name) === undefined) return null;
    const key = this.bytes(name);
    if (key.length === 0) refuse('empty-secret');
    return key;
  }

  stage(name, what) {
    this.stages = this.stages.filter(([n]) => n !== name);
    this.stages.push([name, typeof what === 'string' ? { utf8: what } : { hex: what.toString('hex') }]);
  }

  stageText(name, bytes) { this.stage(name, strictUtf8(bytes) ?? bytes); }

  // Where only the stages are asked for, a fault of the signature itself does not matter.
  soft(reason) { if (!this.want) refuse(reason); }
}

// ---------------------------------------------------------------- OfficeRnD

function officerndFields(q, value) {
  const fields = new Map();
  for (const piece of value.split(',')) {
    if (!/^[A-Za-z0-9_-]+=[^=]*$/.test(piece)) refuse('malformed');
    const at = piece.indexOf('=');
    const name = piece.slice(0, at);
    if (fields.has(name)) refuse('duplicate-parameter');
    fields.set(name, piece.slice(at + 1));
  }
  if (!fields.has('t')) refuse('missing-parameter');
  if (!fields.has('signature')) q.soft('missing-parameter');
  const t = fields.get('t');
  if (/^[0-9]{13}$/.test(t)) refuse('timestamp-in-milliseconds');
  if (!/^[0-9]{1,12}$/.test(t)) refuse('malformed');
  const digest = fields.get('signature');
  if (!DIGEST.test(digest ?? '')) q.soft('malformed');
  return { t, digest };
}

const officernd = {
  sign_query(q) {
    const key = q.key();
    const pairs = q.pairs();
    noneTwice(pairs);
    const digits = q.text('timestamp');
    const json = writeJson(pairs);
    q.stage('json', json);
    const message = `${json}.${digits}`;
    q.stage('message', message);
    if (q.want) return null;
    return { signature: `t=${digits},signature=${hmac(key, utf8(message)).toString('hex')}` };
  },

  verify_query(q) {
    const key = q.key();
    const query = cutQuery(q.text('target'));
    q.stage('query', query);
    const all = readQuery(query);
    noneTwice(all);
    const value = valueOf(all, 'signature');
    if (q.want) q.stage('json', writeJson(all.filter(([n]) => n !== 'signature')));
    if (value === undefined) refuse('missing-parameter');
    if (value === '') refuse('empty-parameter');
    const pairs = all.filter(([n]) => n !== 'signature');
    q.stage('fields', value);
    const { t, digest } = officerndFields(q, value);
    const json = writeJson(pairs);
    q.stage('json', json);
    q.stage('message', `${json}.${t}`);
    if (q.want) return null;

    const unquoted = (v) => (v.length > 2 && v.startsWith('"') && v.endsWith('"') ? v.slice(1, -1) : v);
    const noMember = (list) => list.filter(([n, v]) => !(n === 'memberId' && v === ''));
    const noQuotes = (list) => list.map(([n, v]) => [n, n === 'organizationId' ? unquoted(v) : v]);
    const forms = [pairs, noMember(pairs), noQuotes(pairs), noQuotes(noMember(pairs))];
    const tried = new Set();
    let signed = null;
    for (const form of forms) {
      const text = writeJson(form);
      if (tried.has(text)) continue;
      tried.add(text);
      if (same(hmac(key, utf8(`${text}.${t}`)), digest)) { signed = form; break; }
    }
    if (signed === null) refuse('signature-mismatch');
    const timestamp = Number(t);
    judgeAge(timestamp, q.number('now'), q.tolerance(300, 60));
    const covered = signed.map(([n]) => n);
    const names = new Set(covered);
    return {
      parameters: noQuotes(pairs),
      timestamp,
      covered,
      not_covered: pairs.map(([n]) => n).filter((n) => !names.has(n)),
    };
  },

  sign_webhook(q) {
    const key = q.key();
    const digits = q.text('timestamp');
    const message = Buffer.concat([q.bytes('body'), utf8(`.${digits}`)]);
    q.stageText('message', message);
    if (q.want) return null;
    return { signature: `t=${digits},signature=${hmac(key, message).toString('hex')}` };
  },

  verify_webhook(q) {
    const key = q.key();
    const body = q.bytes('body');
    const header = q.text('header');
    if (header === '') refuse('missing-parameter');
    const { t, digest } = officerndFields(q, header);
    const message = Buffer.concat([body, utf8(`.${t}`)]);
    q.stageText('message', message);
    if (q.want) return null;
    if (!same(hmac(key, message), digest)) refuse('signature-mismatch');
    const timestamp = Number(t);
    judgeAge(timestamp, q.number('now'), q.tolerance(300, 60));
    return { parameters: [], timestamp, covered: ['body'], not_covered: [] };
  },
};

// ---------------------------------------------------------------- RetailCRM

function retailcrmKey(q) {
  const key = q.key();
  if (key !== null && key.includes(0)) refuse('malformed');
  return key;
}

function retailcrmMultipart(body, boundary) {
  const pieces = `\r\n${body.toString('latin1')}`.split(`\r\n--${boundary}`);
  const last = pieces[pieces.length - 1];
  if (pieces[0] !== '' || (last !== '--' && last !== '--\r\n') || pieces.length < 3) refuse('malformed');
  const parts = pieces.slice(1, -1);
  if (parts.length > 200) refuse('too-large');
  return parts.map((part) => {
    if (!part.startsWith('\r\n')) refuse('malformed');
    const end = part.indexOf('\r\n\r\n', 2);
    if (end < 0) refuse('malformed');
    const found = part.slice(2, end).split('\r\n').filter((line) => {
      const at = line.indexOf(':');
      return at >= 0 && asciiLower(line.slice(0, at)) === 'content-disposition';
    });
    if (found.length !== 1) refuse('malformed');
    const what = trimBlanks(found[0].slice(found[0].indexOf(':') + 1));
    const m = /^[Ff][Oo][Rr][Mm]-[Dd][Aa][Tt][Aa]; [Nn][Aa][Mm][Ee]="([^"\\\r\n]*)"$/.exec(what);
    if (m === null) refuse('malformed');
    const name = strictUtf8(Buffer.from(m[1], 'latin1'));
    const value = strictUtf8(Buffer.from(part.slice(end + 4), 'latin1'));
    if (name === null || value === null) refuse('malformed');
    return [name, value];
  });
}

function retailcrmFields(body, contentType) {
  if (body.length > 65536) refuse('too-large');
  const pieces = contentType.split(';').map(trimBlanks);
  const type = asciiLower(pieces[0]);
  if (type === 'application/x-www-form-urlencoded') {
    if (body.some((b) => b > 0x7f)) refuse('malformed');
    return readPairs(body.toString('latin1'));
  }
  if (type !== 'multipart/form-data') refuse('wrong-content-type');
  const boundaries = pieces.slice(1).filter((p) => asciiLower(p.slice(0, 9)) === 'boundary=').map((p) => {
    const b = p.slice(9);
    return b.length >= 2 && b.startsWith('"') && b.endsWith('"') ? b.slice(1, -1) : b;
  });
  if (boundaries.length !== 1 || !/^[\x21-\x7e]{1,70}$/.test(boundaries[0]) || /[",]/.test(boundaries[0])) {
    refuse('wrong-content-type');
  }
  return retailcrmMultipart(body, boundaries[0]);
}

function phpName(name) {
  let n = name.replace(/^ +/, '');
  const nul = n.indexOf('\0');
  if (nul >= 0) n = n.slice(0, nul);
  const open = n.indexOf('[');
  if (open > 0 && n.indexOf(']', open + 1) >= 0) n = n.slice(0, open);
  return n;
}

const OFFICIAL = ['retailcrm.ru', 'retailcrm.pro', 'retailcrm.es', 'retailcrm.io', 'simla.com', 'simla.io',
  'simlachat.com', 'ecomlogic.com'].map((d) => `https://*.${d}`);

const retailcrm = {
  registration_token(q) {
    const key = retailcrmKey(q);
    const apiKey = q.text('api_key');
    if (apiKey === '') refuse('empty-parameter');
    if (apiKey.includes('\0')) refuse('malformed');
    q.stage('message', apiKey);
    if (q.want) return null;
    return { token: hmac(key, utf8(apiKey)).toString('hex') };
  },

  verify_registration(q) {
    const key = retailcrmKey(q);
    const fields = retailcrmFields(q.bytes('body'), q.text('content_type'));
    noneTwice(fields);
    const names = new Set(fields.map(([n]) => n));
    for (const name of names) {
      const php = phpName(name);
      if (php !== name && names.has(php)) refuse('duplicate-parameter');
    }
    const register = valueOf(fields, 'register');
    if (register === undefined) refuse('missing-parameter');
    if (register === '') refuse('empty-parameter');
    q.stage('register', register);
    const json = readJson(register, 'malformed', 'duplicate-parameter');
    if (!isObj(json)) refuse('wrong-type');
    const three = ['token', 'apiKey', 'systemUrl'];
    const members = json.o.filter(([n]) => three.includes(n));
    q.stage('members', members.map(([n]) => n).join(' '));
    const apiKey = valueOf(members, 'apiKey');
    if (q.want && typeof apiKey === 'string' && apiKey !== '' && !apiKey.includes('\0')) {
      q.stage('message', apiKey);
      return null;
    }
    const values = three.map((n) => valueOf(members, n));
    if (values.some((v) => v === undefined || v === null)) refuse('missing-parameter');
    if (values.some((v) => typeof v !== 'string')) refuse('wrong-type');
    if (values.some((v) => v === '')) refuse('empty-parameter');
    const [token, , systemUrl] = values;
    if (!DIGEST.test(token)) refuse('malformed');
    if (apiKey.includes('\0')) refuse('malformed');
    q.stage('message', apiKey);
    if (!same(hmac(key, utf8(apiKey)), token)) refuse('signature-mismatch');
    return {
      parameters: members.filter(([n]) => n !== 'token'),
      api_key: apiKey,
      system_url: systemUrl,
      covered: ['apiKey'],
      not_covered: ['systemUrl'],
    };
  },

  canonical_system_url(q) {
    const list = q.get('allowed');
    const allowed = isArr(list) ? list.a : OFFICIAL;
    const m = /^([Hh][Tt][Tt][Pp][Ss]?):\/\/([A-Za-z0-9.-]+)(:[0-9]+)?\/*$/.exec(q.text('url'));
    if (m === null) refuse('malformed');
    const labels = asciiLower(m[2]).split('.');
    if (labels.some((l) => l === '' || l.startsWith('-') || l.endsWith('-'))) refuse('malformed');
    const scheme = asciiLower(m[1]);
    const origin = `${scheme}://${labels.join('.')}${m[3] ?? ''}`;
    let ok = allowed.includes(origin);
    if (scheme === 'https' && m[3] === undefined && labels.length >= 2) {
      ok = ok || allowed.includes(`https://*.${labels.slice(1).join('.')}`);
    }
    if (!ok) refuse('not-allowed');
    return { url: origin };
  },
};

// ---------------------------------------------------------------- onOffice

const NUMBER_NAME = /^[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\v\f]*$/;
const byBytes = (pairs) => pairs.map((p) => [utf8(p[0]), p]).sort((a, b) => Buffer.compare(a[0], b[0])).map((x) => x[1]);
function urlencode(text) {
  let out = '';
  for (const b of utf8(text)) {
    const c = String.fromCharCode(b);
    if (/[A-Za-z0-9_.-]/.test(c)) out += c;
    else if (b === 0x20) out += '+';
    else out += `%${b.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function onofficeRead(q) {
  const url = q.text('target');
  if (/[^\x21-\x7e]/.test(url)) refuse('malformed');
  const rest = url.split('#', 1)[0];
  const mark = rest.indexOf('?');
  const query = mark < 0 ? '' : rest.slice(mark + 1);
  const head = mark < 0 ? rest : rest.slice(0, mark);
  q.stage('query', query);
  const scheme = /^[Hh][Tt][Tt][Pp][Ss]?:\/\//.exec(head)?.[0];
  if (scheme === undefined) refuse('malformed');
  const behind = head.slice(scheme.length);
  const slash = behind.indexOf('/');
  let authority = slash < 0 ? behind : behind.slice(0, slash);
  authority = authority.slice(authority.lastIndexOf('@') + 1);
  const m = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?$/.exec(authority);
  if (m === null) refuse('malformed');
  const port = m[2] ?? '';
  if (port.length > 5 || Number(port) > 65535) refuse('malformed');
  if (slash < 0) refuse('malformed');
  const base = scheme + m[1] + behind.slice(slash);
  q.stage('base', base);
  if (query.length > 8192) refuse('too-large');
  const pairs = readPairs(query);
  if (pairs.some(([n]) => n === '' || /[[. \u0000-\u001f\u007f]/.test(n))) refuse('malformed');
  if (pairs.some(([n]) => NUMBER_NAME.test(n))) refuse('malformed');
  noneTwice(pairs);
  return { base, pairs };
}
function onofficeMessage(q, { base, pairs }) {
  const sorted = byBytes(pairs.filter(([n]) => n !== 'signature'));
  q.stage('names', sorted.map(([n]) => n).join(' '));
  const message = `${base}?${sorted.map(([n, v]) => `${urlencode(n)}=${urlencode(v)}`).join('&')}`;
  q.stage('message', message);
  return message;
}

function jsonDepth(v) {
  const inner = isObj(v) ? v.o.map((p) => p[1]) : isArr(v) ? v.a : null;
  if (inner === null) return 0;
  return 1 + inner.reduce((most, x) => Math.max(most, jsonDepth(x)), 0);
}
function walk(v, see, outermost = true) {
  see(v, outermost);
  if (isObj(v)) for (const [, x] of v.o) walk(x, see, false);
  if (isArr(v)) for (const x of v.a) walk(x, see, false);
}
function phpText(text) {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    const n = text.charCodeAt(i);
    if (c === '"' || c === '\\' || c === '/') out += `\\${c}`;
    else if (c === '\b') out += '\\b';
    else if (c === '\t') out += '\\t';
    else if (c === '\n') out += '\\n';
    else if (c === '\f') out += '\\f';
    else if (c === '\r') out += '\\r';
    else if (n < 0x20 || n > 0x7f) out += `\\u${n.toString(16).padStart(4, '0')}`;
    else out += c;
  }
  return `${out}"`;
}
function phpJson(v) {
  if (isObj(v)) return v.o.length === 0 ? '[]' : `{${v.o.map(([n, x]) => `${phpText(n)}:${phpJson(x)}`).join(',')}}`;
  if (isArr(v)) return `[${v.a.map(phpJson).join(',')}]`;
  if (isNum(v)) return BigInt(v.n).toString();
  if (typeof v === 'string') return phpText(v);
  return String(v);
}

const onoffice = {
  string_to_sign(q) {
    const text = onofficeMessage(q, onofficeRead(q));
    return q.want ? null : { text };
  },

  sign_url(q) {
    const key = q.key();
    const read = onofficeRead(q);
    if (read.pairs.some(([n]) => n === 'signature')) q.soft('duplicate-parameter');
    const message = onofficeMessage(q, read);
    if (q.want) return null;
    const url = q.text('target');
    const hash = url.indexOf('#');
    const front = hash < 0 ? url : url.slice(0, hash);
    const behind = hash < 0 ? '' : url.slice(hash);
    const mark = front.indexOf('?');
    const glue = mark < 0 ? '?' : mark === front.length - 1 || front.endsWith('&') ? '' : '&';
    return { url: `${front}${glue}signature=${hmac(key, utf8(message)).toString('hex')}${behind}` };
  },

  verify_url(q) {
    const key = q.key();
    const read = onofficeRead(q);
    const digest = valueOf(read.pairs, 'signature');
    const time = valueOf(read.pairs, 'timestamp');
    if (digest === undefined) q.soft('missing-parameter');
    else if (digest === '') q.soft('empty-parameter');
    else if (!DIGEST.test(digest)) q.soft('malformed');
    if (time === undefined) q.soft('missing-parameter');
    else if (time === '') q.soft('empty-parameter');
    else if (/^[0-9]{13}$/.test(time)) q.soft('timestamp-in-milliseconds');
    else if (!/^[0-9]{1,12}$/.test(time)) q.soft('malformed');
    const message = onofficeMessage(q, read);
    if (q.want) return null;
    if (!same(hmac(key, utf8(message)), digest)) refuse('signature-mismatch');
    const timestamp = Number(time);
    judgeAge(timestamp, q.number('now'), q.tolerance(300, 120));
    const parameters = read.pairs.filter(([n]) => n !== 'signature');
    return { parameters, timestamp, covered: parameters.map(([n]) => n), not_covered: [] };
  },

  api_hmac(q) {
    const key = q.key('api_key') ?? Buffer.alloc(0);
    const time = q.get('timestamp');
    const digits = isNum(time) ? time.n : typeof time === 'string' ? time : '';
    if (/^[0-9]{13}$/.test(digits)) refuse('timestamp-in-milliseconds');
    if (!/^[0-9]{1,12}$/.test(digits)) refuse('malformed');
    const token = q.text('token');
    const type = q.text('resource_type');
    const action = q.text('action_id');
    const v = q.get('version');
    const version = v === undefined ? '2' : isNum(v) ? v.n : '';
    if (version === '2') {
      const message = utf8(digits + token + type + action);
      q.stageText('message', message);
      if (q.want) return null;
      return { hmac: hmac(key, message).toString('base64') };
    }
    if (version !== '1') refuse('not-allowed');
    let parameters = q.get('parameters') ?? { o: [] };
    if (isObj(parameters)) {
      if (parameters.o.some(([n]) => NUMBER_NAME.test(n))) refuse('malformed');
      parameters = { o: byBytes(parameters.o) };
    }
    if (jsonDepth(parameters) > 100) refuse('malformed');
    walk(parameters, (x, outermost) => {
      if (!outermost && isObj(x) && x.o.length > 0 && x.o.every(([n], i) => n === String(i))) refuse('malformed');
    });
    walk(parameters, (x) => {
      if (!isNum(x)) return;
      if (!/^-?[0-9]+$/.test(x.n)) refuse('wrong-type');
      const n = BigInt(x.n);
      if (n < -(2n ** 63n) || n >= 2n ** 63n) refuse('wrong-type');
    });
    const joined = Buffer.concat([
      utf8(`${phpJson(parameters)},${token},${action},${q.text('identifier')},${q.text('resource_id')},`),
      key,
      utf8(`,${digits},${type}`),
    ]);
    if (q.want) { q.stageText('message', joined); return null; }
    return { hmac: md5(key, utf8(md5(joined).toString('hex'))).toString('hex') };
  },

  unlock_answer(q) {
    const status = q.get('status');
    if (!isNum(status) || status.n !== '200') refuse('platform-error');
    const odd = 'unexpected-answer';
    const text = strictUtf8(q.bytes('body'));
    if (text === null) refuse(odd);
    const answer = readJson(text, odd, odd);
    if (!isObj(answer)) refuse(odd);
    const zero = (where) => {
      const code = member(member(where, 'status'), 'errorcode');
      if (!isNum(code ?? null)) refuse(odd);
      if (Number(code.n) !== 0) refuse('platform-error');
    };
    zero(answer);
    const results = member(member(answer, 'response'), 'results') ?? null;
    if (!isArr(results) || results.a.length !== 1 || !isObj(results.a[0])) refuse(odd);
    const result = results.a[0];
    zero(result);
    const records = member(member(result, 'data'), 'records') ?? null;
    if (!isArr(records) || records.a.length === 0 || !isObj(records.a[0])) refuse(odd);
    if (member(member(records.a[0], 'elements'), 'success') !== 'success') refuse('platform-error');
    return { success: 'success' };
  },
};

// ---------------------------------------------------------------- Fortis

const SIX = ['location_id', 'user_id', 'access-token', 'contact_id', 'contact_api_id', 'user_oauth_url'];
const LOCATION = /^[0-9a-fA-F-]{24,36}$/;
const SALTED = Buffer.from('Salted__', 'latin1');
function fortisDerive(q, key, salt) {
  const d1 = md5(key, salt);
  const d2 = md5(d1, key, salt);
  const d3 = md5(d2, key, salt);
  q.stage('derived', Buffer.concat([d1, d2, d3]));
  return [Buffer.concat([d1, d2]), d3];
}

function fortisDecrypt(q, key, data) {
  if (countChars(data) > 8192) refuse('too-large');
  if (data === '') refuse('empty-parameter');
  const bytes = Buffer.from(data, 'base64');
  if (bytes.toString('base64') !== data) refuse('malformed');
  q.stage('bytes', bytes);
  if (!bytes.subarray(0, 8).equals(SALTED)) refuse('malformed');
  if (bytes.length < 32 || bytes.length % 16 !== 0) refuse('malformed');
  const salt = bytes.subarray(8, 16);
  q.stage('salt', salt);
  if (q.want) return null;
  const [aes, iv] = fortisDerive(q, key, salt);
  const cipher = createDecipheriv('aes-256-cbc', aes, iv).setAutoPadding(false);
  const padded = Buffer.concat([cipher.update(bytes.subarray(16)), cipher.final()]);
  q.stage('padded', padded);
  const n = padded[padded.length - 1];
  if (n < 1 || n > 16 || padded.subarray(padded.length - n).some((b) => b !== n)) refuse('decryption-failed');
  const text = strictUtf8(padded.subarray(0, padded.length - n));
  if (text === null) refuse('decryption-failed');
  q.stage('text', text);
  const json = readJson(text, 'malformed', 'duplicate-parameter');
  if (!isObj(json)) refuse('wrong-type');
  const kept = json.o.filter(([name, v]) => SIX.includes(name)
    && v !== null && v !== '' && !(typeof v === 'string' && v.startsWith('{{')));
  if (kept.some(([, v]) => typeof v !== 'string' && !(isNum(v) && /^-?[0-9]+$/.test(v.n)))) refuse('wrong-type');
  const parameters = kept.map(([name, v]) => [name, isNum(v) ? BigInt(v.n).toString() : v]);
  const location = valueOf(parameters, 'location_id');
  if (location === undefined || valueOf(parameters, 'user_id') === undefined) refuse('missing-parameter');
  if (!LOCATION.test(location)) refuse('malformed');
  return { parameters, covered: [], not_covered: parameters.map(([name]) => name) };
}

function fortisLaunchStages(q, query) {       // the mode is not named: the stages of each mode
  const pairs = readQuery(query);
  noneTwice(pairs);
  const [mac, location, time, data] = ['hmac', 'location_id', 'timestamp', 'data'].map((n) => valueOf(pairs, n));
  if (mac !== undefined && location !== undefined && time !== undefined) {
    q.stage('query', query);
    q.stage('message', location + time);
  }
  if (data !== undefined) {
    try {
      fortisDecrypt(q, null, data);
    } catch (e) {
      if (!(e instanceof Refuse) || q.stages.length === 0) throw e;
    }
  }
  if (q.stages.length === 0) {
    q.stage('query', query);
    refuse('missing-parameter');
  }
  return null;
}

const fortis = {
  encrypt_parameters(q) {
    const key = q.key();
    const pairs = q.pairs();
    noneTwice(pairs);
    if (pairs.some(([n, v]) => !n.isWellFormed() || !v.isWellFormed())) refuse('malformed');
    const salt = q.bytes('salt');
    if (salt.length !== 8) refuse('malformed');
    const text = utf8(writeJson(pairs));
    q.stageText('text', text);
    const n = 16 - (text.length % 16);
    const padded = Buffer.concat([text, Buffer.alloc(n, n)]);
    q.stage('padded', padded);
    q.stage('salt', salt);
    if (q.want) return null;
    const [aes, iv] = fortisDerive(q, key, salt);
    const cipher = createCipheriv('aes-256-cbc', aes, iv).setAutoPadding(false);
    const bytes = Buffer.concat([SALTED, salt, cipher.update(padded), cipher.final()]);
    q.stage('bytes', bytes);
    return { data: bytes.toString('base64') };
  },

  decrypt_parameters(q) {
    const key = q.key();
    return fortisDecrypt(q, key, q.text('data'));
  },

  launch_hmac(q) {
    const key = q.key();
    const location = q.text('location_id');
    const time = q.text('timestamp');
    if (!location.isWellFormed() || !time.isWellFormed()) refuse('malformed');
    const message = location + time;
    q.stage('message', message);
    if (q.want) return null;
    return { hmac: hmac(key, utf8(message)).toString('hex') };
  },

  verify_launch(q) {
    const key = q.key();
    const query = cutQuery(q.text('target'));
    if (q.want) return fortisLaunchStages(q, query);
    const mode = q.get('mode');
    if (mode === 'plain') q.stage('query', query);
    const pairs = readQuery(query);
    noneTwice(pairs);
    const digest = valueOf(pairs, 'hmac');
    const data = valueOf(pairs, 'data');
    if (mode === 'encrypted') {
      if (data === undefined) refuse(digest !== undefined ? 'not-allowed' : 'missing-parameter');
      return { mode, timestamp: null, ...fortisDecrypt(q, key, data) };
    }
    if (digest === undefined && data !== undefined) refuse('not-allowed');
    const location = valueOf(pairs, 'location_id');
    const time = valueOf(pairs, 'timestamp');
    const three = [digest, location, time];
    if (three.includes(undefined)) refuse('missing-parameter');
    if (three.includes('')) refuse('empty-parameter');
    if (!DIGEST.test(digest)) refuse('malformed');
    if (!LOCATION.test(location)) refuse('malformed');
    if (/^[0-9]{13}$/.test(time)) refuse('timestamp-in-milliseconds');
    if (!/^[0-9]{10}$/.test(time)) refuse('malformed');
    const message = location + time;
    q.stage('message', message);
    if (!same(hmac(key, utf8(message)), digest)) refuse('signature-mismatch');
    const timestamp = Number(time);
    judgeAge(timestamp, q.number('now'), q.tolerance(300, 60));
    const parameters = pairs.filter(([n, v]) => n !== 'hmac' && v !== '' && !v.startsWith('{{'));
    return {
      mode: 'plain',
      parameters,
      timestamp,
      covered: ['location_id', 'timestamp'],
      not_covered: parameters.map(([n]) => n).filter((n) => n !== 'location_id' && n !== 'timestamp'),
    };
  },
};

// ---------------------------------------------------------------- lines

const PLATFORMS = { officernd, retailcrm, onoffice, fortis };

function answer(line) {
  let id = null;
  let q = null;
  try {
    const question = parseJson(line, false).value;
    id = member(question, 'id') ?? null;
    const [platform, operation] = String(member(question, 'operation')).split('.');
    const known = Object.hasOwn(PLATFORMS, platform) && Object.hasOwn(PLATFORMS[platform], operation ?? '');
    if (!known) return { id, verdict: 'unsupported' };
    q = new Question(member(question, 'given'), member(question, 'input'), member(question, 'want') === 'stages');
    const returns = PLATFORMS[platform][operation](q);
    if (q.want) return { id, verdict: 'accepted', stages: Object.fromEntries(q.stages) };
    return { id, verdict: 'accepted', returns };
  } catch (e) {
    if (!(e instanceof Refuse)) process.stderr.write(`${id}: ${e.stack}\n`);
    if (q !== null && q.want && q.stages.length > 0) {
      return { id, verdict: 'accepted', stages: Object.fromEntries(q.stages) };
    }
    return { id, verdict: 'refused', reason: e instanceof Refuse ? e.reason : 'malformed' };
  }
}

// Lines end at the byte 0x0A alone: node:readline would also end them at U+2028.
let rest = [];
const serve = (bytes) => {
  const line = bytes.toString('utf8');
  if (line.trim() !== '') process.stdout.write(`${JSON.stringify(answer(line))}\n`);
};
process.stdin.on('data', (chunk) => {
  let from = 0;
  for (;;) {
    const at = chunk.indexOf(0x0a, from);
    if (at < 0) break;
    rest.push(chunk.subarray(from, at));
    const line = Buffer.concat(rest);
    rest = [];
    from = at + 1;
    serve(line);
  }
  if (from < chunk.length) rest.push(chunk.subarray(from));
});
process.stdin.on('end', () => { if (rest.length > 0) serve(Buffer.concat(rest)); });
