<?php
declare(strict_types=1);

/*
 * Verifiers of OfficeRnD, RetailCRM, onOffice and Fortis, from the recipe pages.
 * One JSON object a line from standard input, one line of answer each.
 */

ini_set('display_errors', 'stderr');
ini_set('log_errors', '0');
ini_set('memory_limit', '1G');
error_reporting(E_ALL);

final class Refused extends Exception
{
    public function __construct(public readonly string $reason)
    {
        parent::__construct($reason);
    }
}

/** The last stage before the key was reached, and only stages were wanted. */
final class StagesDone extends Exception
{
}

function refuse(string $reason): never
{
    throw new Refused($reason);
}

// ---------------------------------------------------------------- JSON, read strictly

final class JNum
{
    public function __construct(public readonly string $text)
    {
    }

    public function isWhole(): bool
    {
        return strpbrk($this->text, '.eE') === false;
    }
}

final class JArr
{
    /** @param list<mixed> $items */
    public function __construct(public array $items)
    {
    }
}

final class JObj
{
    /** @param list<array{string, mixed}> $pairs */
    public function __construct(public array $pairs)
    {
    }

    public function has(string $name): bool
    {
        foreach ($this->pairs as [$k]) {
            if ($k === $name) {
                return true;
            }
        }
        return false;
    }

    public function get(string $name): mixed
    {
        foreach ($this->pairs as [$k, $v]) {
            if ($k === $name) {
                return $v;
            }
        }
        return null;
    }
}

final class JsonError extends Exception
{
}

final class Json
{
    private const STOP = "\"\\\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"
        . "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F";

    public bool $twice = false;   // two equal names in one object
    public bool $half = false;    // half of a surrogate pair
    public bool $huge = false;    // a number too large for a double
    private int $at = 0;
    private int $depth = 0;

    private function __construct(private readonly string $s, private readonly int $maxDepth)
    {
    }

    /** @return array{mixed, Json} */
    public static function read(string $s, int $maxDepth): array
    {
        $p = new self($s, $maxDepth);
        $p->blank();
        $v = $p->value();
        $p->blank();
        if ($p->at !== strlen($s)) {
            throw new JsonError('something behind the text');
        }
        return [$v, $p];
    }

    private function blank(): void
    {
        $this->at += strspn($this->s, " \t\r\n", $this->at);
    }

    private function peek(): string
    {
        return $this->s[$this->at] ?? '';
    }

    private function value(): mixed
    {
        switch ($this->peek()) {
            case '{':
                return $this->object();
            case '[':
                return $this->array();
            case '"':
                return $this->string();
            case 't':
                return $this->word('true', true);
            case 'f':
                return $this->word('false', false);
            case 'n':
                return $this->word('null', null);
            default:
                return $this->number();
        }
    }

    private function word(string $word, ?bool $value): ?bool
    {
        if (substr($this->s, $this->at, strlen($word)) !== $word) {
            throw new JsonError('unknown word');
        }
        $this->at += strlen($word);
        return $value;
    }

    private function number(): JNum
    {
        $from = $this->at;
        if ($this->peek() === '-') {
            $this->at++;
        }
        $n = strspn($this->s, '0123456789', $this->at);
        if ($n === 0 || ($n > 1 && $this->s[$this->at] === '0')) {
            throw new JsonError('no number');
        }
        $this->at += $n;
        if ($this->peek() === '.') {
            $this->at++;
            $n = strspn($this->s, '0123456789', $this->at);
            if ($n === 0) {
                throw new JsonError('no fraction');
            }
            $this->at += $n;
        }
        $c = $this->peek();
        if ($c === 'e' || $c === 'E') {
            $this->at++;
            $c = $this->peek();
            if ($c === '+' || $c === '-') {
                $this->at++;
            }
            $n = strspn($this->s, '0123456789', $this->at);
            if ($n === 0) {
                throw new JsonError('no exponent');
            }
            $this->at += $n;
        }
        $text = substr($this->s, $from, $this->at - $from);
        if (is_infinite((float) $text)) {
            $this->huge = true;
        }
        return new JNum($text);
    }

    private function enter(): void
    {
        if (++$this->depth > $this->maxDepth) {
            throw new JsonError('too deep');
        }
        $this->at++;
        $this->blank();
    }

    private function array(): JArr
    {
        $this->enter();
        $items = [];
        if ($this->peek() === ']') {
            $this->at++;
        } else {
            while (true) {
                $this->blank();
                $items[] = $this->value();
                $this->blank();
                $c = $this->peek();
                $this->at++;
                if ($c === ']') {
                    break;
                }
                if ($c !== ',') {
                    throw new JsonError('no comma');
                }
            }
        }
        $this->depth--;
        return new JArr($items);
    }

    private function object(): JObj
    {
        $this->enter();
        $pairs = [];
        $seen = [];
        if ($this->peek() === '}') {
            $this->at++;
        } else {
            while (true) {
                $this->blank();
                if ($this->peek() !== '"') {
                    throw new JsonError('no name');
                }
                $name = $this->string();
                $this->blank();
                if ($this->peek() !== ':') {
                    throw new JsonError('no colon');
                }
                $this->at++;
                $this->blank();
                $value = $this->value();
                if (isset($seen['k' . $name])) {
                    $this->twice = true;
                }
                $seen['k' . $name] = true;
                $pairs[] = [$name, $value];
                $this->blank();
                $c = $this->peek();
                $this->at++;
                if ($c === '}') {
                    break;
                }
                if ($c !== ',') {
                    throw new JsonError('no comma');
                }
            }
        }
        $this->depth--;
        return new JObj($pairs);
    }

    private function unit(): int
    {
        if (strspn($this->s, '0123456789abcdefABCDEF', $this->at, 4) !== 4) {
            throw new JsonError('no four hex digits');
        }
        $u = (int) hexdec(substr($this->s, $this->at, 4));
        $this->at += 4;
        return $u;
    }

    private function string(): string
    {
        $this->at++;
        $out = '';
        while (true) {
            $n = strcspn($this->s, self::STOP, $this->at);
            $out .= substr($this->s, $this->at, $n);
            $this->at += $n;
            $c = $this->peek();
            if ($c === '"') {
                $this->at++;
                return $out;
            }
            if ($c !== '\\') {
                throw new JsonError('control character, or text not ended');
            }
            $this->at++;
            $c = $this->peek();
            $this->at++;
            switch ($c) {
                case '"':
                case '\\':
                case '/':
                    $out .= $c;
                    break;
                case 'b':
                    $out .= "\x08";
                    break;
                case 'f':
                    $out .= "\x0C";
                    break;
                case 'n':
                    $out .= "\n";
                    break;
                case 'r':
                    $out .= "\r";
                    break;
                case 't':
                    $out .= "\t";
                    break;
                case 'u':
                    $u = $this->unit();
                    if ($u >= 0xD800 && $u <= 0xDBFF && substr($this->s, $this->at, 2) === '\\u') {
                        $back = $this->at;
                        $this->at += 2;
                        $low = $this->unit();
                        if ($low >= 0xDC00 && $low <= 0xDFFF) {
                            $u = 0x10000 + (($u - 0xD800) << 10) + ($low - 0xDC00);
                        } else {
                            $this->at = $back;
                        }
                    }
                    if ($u >= 0xD800 && $u <= 0xDFFF) {
                        $this->half = true;
                    }
                    $out .= code_point($u);
                    break;
                default:
                    throw new JsonError('unknown escape');
            }
        }
    }
}

/** UTF-8 of a code point; halves of surrogate pairs get their three bytes too. */
function code_point(int $u): string
{
    if ($u < 0x80) {
        return chr($u);
    }
    if ($u < 0x800) {
        return chr(0xC0 | $u >> 6) . chr(0x80 | $u & 0x3F);
    }
    if ($u < 0x10000) {
        return chr(0xE0 | $u >> 12) . chr(0x80 | $u >> 6 & 0x3F) . chr(0x80 | $u & 0x3F);
    }
    return chr(0xF0 | $u >> 18) . chr(0x80 | $u >> 12 & 0x3F) . chr(0x80 | $u >> 6 & 0x3F) . chr(0x80 | $u & 0x3F);
}

/** A JSON text from outside: every fault but equal names is $bad, equal names are $twice. */
function strict_json(string $text, string $bad, string $twice): mixed
{
    try {
        [$value, $p] = Json::read($text, 100);
    } catch (JsonError) {
        refuse($bad);
    }
    if ($p->half || $p->huge) {
        refuse($bad);
    }
    if ($p->twice) {
        refuse($twice);
    }
    return $value;
}

// ---------------------------------------------------------------- texts

function is_utf8(string $s): bool
{
    return preg_match('//u', $s) === 1;
}

function has_half(string $s): bool
{
    return preg_match('/\xED[\xA0-\xBF]/', $s) === 1;
}

/** Number of code points. */
function characters(string $s): int
{
    $n = 0;
    $counts = count_chars($s, 1);
    foreach ($counts as $byte => $times) {
        if ($byte < 0x80 || $byte > 0xBF) {
            $n += $times;
        }
    }
    return $n;
}

function is_digits(string $s, int $min, int $max): bool
{
    $n = strlen($s);
    return $n >= $min && $n <= $max && strspn($s, '0123456789') === $n;
}

function is_digest(string $s): bool
{
    return strlen($s) === 64 && strspn($s, '0123456789abcdef') === 64;
}

/** A text as JSON.stringify writes it. */
function js_string(string $s): string
{
    static $map = null;
    if ($map === null) {
        $map = ['"' => '\\"', '\\' => '\\\\'];
        for ($i = 0; $i < 0x20; $i++) {
            $map[chr($i)] = sprintf('\\u%04x', $i);
        }
        $map["\x08"] = '\\b';
        $map["\t"] = '\\t';
        $map["\n"] = '\\n';
        $map["\x0C"] = '\\f';
        $map["\r"] = '\\r';
    }
    return '"' . strtr($s, $map) . '"';
}

/** @param list<array{string, string}> $pairs */
function js_object(array $pairs): string
{
    $members = [];
    foreach ($pairs as [$name, $value]) {
        $members[] = js_string($name) . ':' . js_string($value);
    }
    return '{' . implode(',', $members) . '}';
}

/** @param list<array{string, string}> $pairs */
function find(array $pairs, string $name): ?string
{
    foreach ($pairs as [$n, $v]) {
        if ($n === $name) {
            return $v;
        }
    }
    return null;
}

/** @param list<array{string, string}> $pairs */
function without(array $pairs, string $name): array
{
    return array_values(array_filter($pairs, static fn (array $p): bool => $p[0] !== $name));
}

/** @param list<array{string, string}> $pairs */
function refuse_repeated(array $pairs): void
{
    $seen = [];
    foreach ($pairs as [$name]) {
        if (isset($seen['k' . $name])) {
            refuse('duplicate-parameter');
        }
        $seen['k' . $name] = true;
    }
}

function query_of(string $target): string
{
    $target = explode('#', $target, 2)[0];
    return explode('?', $target, 2)[1] ?? '';
}

function decode(string $s): string
{
    if (preg_match('/%(?![0-9A-Fa-f]{2})/', $s) !== 0) {
        refuse('malformed');
    }
    $s = rawurldecode(strtr($s, '+', ' '));
    if (!is_utf8($s)) {
        refuse('malformed');
    }
    return $s;
}

/** @return list<array{string, string}> */
function read_pairs(string $query): array
{
    $pieces = array_values(array_filter(explode('&', $query), static fn (string $p): bool => $p !== ''));
    if (count($pieces) > 200) {
        refuse('too-large');
    }
    $pairs = [];
    foreach ($pieces as $piece) {
        $parts = explode('=', $piece, 2);
        $name = decode($parts[0]);
        $pairs[] = [$name, decode($parts[1] ?? '')];
    }
    return $pairs;
}

/** The query of OfficeRnD and Fortis. */
function read_query(string $query): array
{
    if (characters($query) > 8192) {
        refuse('too-large');
    }
    if (preg_match('/[\x80-\xFF]/', $query) !== 0) {
        refuse('malformed');
    }
    return read_pairs($query);
}

function check_age(int $now, int $time, int $back, int $ahead): void
{
    if ($now - $time > $back) {
        refuse('stale');
    }
    if ($time - $now > $ahead) {
        refuse('from-the-future');
    }
}

// ---------------------------------------------------------------- a question

final class Question
{
    /** @var array<string, string> */
    public array $stages = [];
    public readonly bool $stagesOnly;

    public function __construct(private readonly JObj $given, private readonly JObj $input, bool $stagesOnly)
    {
        $this->stagesOnly = $stagesOnly;
    }

    public function raw(string $name): mixed
    {
        return $this->input->has($name) ? $this->input->get($name) : $this->given->get($name);
    }

    /** A text, or bytes; absent is the empty text. */
    public function text(string $name): string
    {
        return self::asText($this->raw($name));
    }

    public static function asText(mixed $v): string
    {
        if ($v === null) {
            return '';
        }
        if (is_string($v)) {
            return $v;
        }
        if ($v instanceof JNum) {
            return $v->text;
        }
        if ($v instanceof JObj) {
            $utf8 = $v->get('utf8');
            if (is_string($utf8)) {
                return $utf8;
            }
            $hex = $v->get('hex');
            if (is_string($hex) && strlen($hex) % 2 === 0 && strspn($hex, '0123456789abcdefABCDEF') === strlen($hex)) {
                return (string) hex2bin($hex);
            }
        }
        refuse('malformed');
    }

    public function whole(string $name): int
    {
        return (int) $this->text($name);
    }

    /** @return array{int, int} */
    public function tolerance(int $back, int $ahead): array
    {
        $v = $this->raw('tolerance');
        if ($v instanceof JArr && count($v->items) === 2) {
            return [(int) self::asText($v->items[0]), (int) self::asText($v->items[1])];
        }
        return [$back, $ahead];
    }

    /** @return list<array{string, string}> */
    public function pairs(): array
    {
        $v = $this->raw('pairs');
        $pairs = [];
        foreach ($v instanceof JArr ? $v->items : [] as $pair) {
            if (!$pair instanceof JArr || count($pair->items) !== 2) {
                refuse('malformed');
            }
            $pairs[] = [self::asText($pair->items[0]), self::asText($pair->items[1])];
        }
        return $pairs;
    }

    public function key(string $name = 'secret'): string
    {
        $key = $this->text($name);
        if ($key === '' && !$this->stagesOnly) {
            refuse('empty-secret');
        }
        return $key;
    }

    public function stage(string $name, string $bytes): void
    {
        $this->stages[$name] = $bytes;
    }

    /** Here the key comes in. */
    public function lastStage(): void
    {
        if ($this->stagesOnly) {
            throw new StagesDone();
        }
    }
}

// ---------------------------------------------------------------- OfficeRnD

function officernd_sign_query(Question $q): array
{
    $key = $q->key();
    $pairs = $q->pairs();
    refuse_repeated($pairs);
    $digits = $q->text('timestamp');
    $json = js_object($pairs);
    $q->stage('json', $json);
    $message = "$json.$digits";
    $q->stage('message', $message);
    $q->lastStage();
    return ['signature' => "t=$digits,signature=" . hash_hmac('sha256', $message, $key)];
}

/** @return array{string, string} the digits of t, and the digest */
function officernd_fields(string $value): array
{
    $fields = [];
    foreach (explode(',', $value) as $piece) {
        if (preg_match('/\A([A-Za-z0-9_-]+)=([^=]*)\z/', $piece, $m) !== 1) {
            refuse('malformed');
        }
        if (isset($fields['k' . $m[1]])) {
            refuse('duplicate-parameter');
        }
        $fields['k' . $m[1]] = $m[2];
    }
    if (!isset($fields['kt']) || !isset($fields['ksignature'])) {
        refuse('missing-parameter');
    }
    if (is_digits($fields['kt'], 13, 13)) {
        refuse('timestamp-in-milliseconds');
    }
    if (!is_digits($fields['kt'], 1, 12)) {
        refuse('malformed');
    }
    if (!is_digest($fields['ksignature'])) {
        refuse('malformed');
    }
    return [$fields['kt'], $fields['ksignature']];
}

/** The value of organizationId without one pair of quotes around it. */
function officernd_unquoted(array $pairs): array
{
    foreach ($pairs as $i => [$name, $value]) {
        if ($name === 'organizationId' && strlen($value) > 2 && $value[0] === '"' && $value[-1] === '"') {
            $pairs[$i][1] = substr($value, 1, -1);
        }
    }
    return $pairs;
}

function officernd_verify_query(Question $q): array
{
    $key = $q->key();
    $query = query_of($q->text('target'));
    $q->stage('query', $query);
    $pairs = read_query($query);
    refuse_repeated($pairs);
    $signature = find($pairs, 'signature');
    if ($signature === null) {
        refuse('missing-parameter');
    }
    if ($signature === '') {
        refuse('empty-parameter');
    }
    $pairs = without($pairs, 'signature');
    $q->stage('fields', $signature);
    [$digits, $digest] = officernd_fields($signature);
    $json = js_object($pairs);
    $q->stage('json', $json);
    $q->stage('message', "$json.$digits");
    $q->lastStage();
    $noMember = find($pairs, 'memberId') === '' ? without($pairs, 'memberId') : $pairs;
    $good = false;
    $tried = [];
    foreach ([$pairs, $noMember, officernd_unquoted($pairs), officernd_unquoted($noMember)] as $form) {
        if (in_array($form, $tried, true)) {
            continue;
        }
        $tried[] = $form;
        if (hash_equals(hash_hmac('sha256', js_object($form) . ".$digits", $key), $digest)) {
            $good = true;
            break;
        }
    }
    if (!$good) {
        refuse('signature-mismatch');
    }
    check_age($q->whole('now'), (int) $digits, ...$q->tolerance(300, 60));
    return ['parameters' => officernd_unquoted($pairs), 'timestamp' => (int) $digits];
}

function officernd_sign_webhook(Question $q): array
{
    $key = $q->key();
    $digits = $q->text('timestamp');
    $body = $q->text('body');
    $q->stage('body', $body);
    $message = "$body.$digits";
    $q->stage('message', $message);
    $q->lastStage();
    return ['signature' => "t=$digits,signature=" . hash_hmac('sha256', $message, $key)];
}

function officernd_verify_webhook(Question $q): array
{
    $key = $q->key();
    $body = $q->text('body');
    $q->stage('body', $body);
    $header = $q->text('header');
    if ($header === '') {
        refuse('missing-parameter');
    }
    [$digits, $digest] = officernd_fields($header);
    $message = "$body.$digits";
    $q->stage('message', $message);
    $q->lastStage();
    if (!hash_equals(hash_hmac('sha256', $message, $key), $digest)) {
        refuse('signature-mismatch');
    }
    check_age($q->whole('now'), (int) $digits, ...$q->tolerance(300, 60));
    return ['parameters' => [], 'timestamp' => (int) $digits];
}

// ---------------------------------------------------------------- RetailCRM

function retailcrm_key(Question $q): string
{
    $key = $q->key();
    if (str_contains($key, "\0")) {
        refuse('malformed');
    }
    return $key;
}

function retailcrm_registration_token(Question $q): array
{
    $key = retailcrm_key($q);
    $apiKey = $q->text('api_key');
    if ($apiKey === '') {
        refuse('empty-parameter');
    }
    if (str_contains($apiKey, "\0")) {
        refuse('malformed');
    }
    $q->stage('message', $apiKey);
    $q->lastStage();
    return ['token' => hash_hmac('sha256', $apiKey, $key)];
}

/** @return list<array{string, string}> */
function retailcrm_multipart(string $body, string $boundary): array
{
    $pieces = explode("\r\n--$boundary", "\r\n$body");
    $last = $pieces[count($pieces) - 1];
    if ($pieces[0] !== '' || ($last !== '--' && $last !== "--\r\n") || count($pieces) < 3) {
        refuse('malformed');
    }
    $parts = array_slice($pieces, 1, -1);
    if (count($parts) > 200) {
        refuse('too-large');
    }
    $fields = [];
    foreach ($parts as $part) {
        if (!str_starts_with($part, "\r\n")) {
            refuse('malformed');
        }
        $part = substr($part, 2);
        $end = strpos($part, "\r\n\r\n");
        if ($end === false) {
            refuse('malformed');
        }
        $value = substr($part, $end + 4);
        $dispositions = [];
        foreach (explode("\r\n", substr($part, 0, $end)) as $line) {
            $colon = strpos($line, ':');
            if ($colon !== false && strtolower(substr($line, 0, $colon)) === 'content-disposition') {
                $dispositions[] = trim(substr($line, $colon + 1), " \t");
            }
        }
        if (count($dispositions) !== 1
            || preg_match('/\Aform-data; name="([^"\\\\\r\n]*)"\z/i', $dispositions[0], $m) !== 1) {
            refuse('malformed');
        }
        $fields[] = [$m[1], $value];
    }
    foreach ($fields as [$name, $value]) {
        if (!is_utf8($name) || !is_utf8($value)) {
            refuse('malformed');
        }
    }
    return $fields;
}

/** @return list<array{string, string}> */
function retailcrm_fields(string $body, string $contentType): array
{
    if (strlen($body) > 65536) {
        refuse('too-large');
    }
    $pieces = array_map(static fn (string $p): string => trim($p, " \t"), explode(';', $contentType));
    $type = strtolower($pieces[0]);
    if ($type === 'application/x-www-form-urlencoded') {
        if (preg_match('/[\x80-\xFF]/', $body) !== 0) {
            refuse('malformed');
        }
        return read_pairs($body);
    }
    if ($type !== 'multipart/form-data') {
        refuse('wrong-content-type');
    }
    $boundaries = [];
    foreach (array_slice($pieces, 1) as $piece) {
        if (strtolower(substr($piece, 0, 9)) === 'boundary=') {
            $b = substr($piece, 9);
            if (strlen($b) >= 2 && $b[0] === '"' && $b[-1] === '"') {
                $b = substr($b, 1, -1);
            }
            $boundaries[] = $b;
        }
    }
    if (count($boundaries) !== 1 || preg_match('/\A[!#-+\x2D-~]{1,70}\z/', $boundaries[0]) !== 1) {
        refuse('wrong-content-type');
    }
    return retailcrm_multipart($body, $boundaries[0]);
}

function retailcrm_php_name(string $name): string
{
    $name = ltrim($name, ' ');
    $name = explode("\0", $name, 2)[0];
    $open = strpos($name, '[');
    if ($open !== false && $open > 0 && strpos($name, ']', $open) !== false) {
        $name = substr($name, 0, $open);
    }
    return $name;
}

function retailcrm_verify_registration(Question $q): array
{
    $key = retailcrm_key($q);
    $fields = retailcrm_fields($q->text('body'), $q->text('content_type'));
    refuse_repeated($fields);
    foreach ($fields as [$name]) {
        $php = retailcrm_php_name($name);
        if ($php !== $name && find($fields, $php) !== null) {
            refuse('duplicate-parameter');
        }
    }
    $register = find($fields, 'register');
    if ($register === null) {
        refuse('missing-parameter');
    }
    if ($register === '') {
        refuse('empty-parameter');
    }
    $q->stage('register', $register);
    $value = strict_json($register, 'malformed', 'duplicate-parameter');
    if (!$value instanceof JObj) {
        refuse('wrong-type');
    }
    $names = ['token', 'apiKey', 'systemUrl'];
    $members = array_values(array_filter($value->pairs, static fn (array $p): bool => in_array($p[0], $names, true)));
    $q->stage('members', implode(' ', array_column($members, 0)));
    foreach ($names as $name) {
        if ($value->get($name) === null) {
            refuse('missing-parameter');
        }
    }
    foreach ($members as [, $member]) {
        if (!is_string($member)) {
            refuse('wrong-type');
        }
    }
    foreach ($members as [, $member]) {
        if ($member === '') {
            refuse('empty-parameter');
        }
    }
    $token = find($members, 'token');
    $apiKey = find($members, 'apiKey');
    if (!is_digest($token)) {
        refuse('malformed');
    }
    if (str_contains($apiKey, "\0")) {
        refuse('malformed');
    }
    $q->stage('message', $apiKey);
    $q->lastStage();
    if (!hash_equals(hash_hmac('sha256', $apiKey, $key), $token)) {
        refuse('signature-mismatch');
    }
    return [
        'parameters' => without($members, 'token'),
        'api_key' => $apiKey,
        'system_url' => find($members, 'systemUrl'),
    ];
}

function retailcrm_canonical_system_url(Question $q): array
{
    $allowed = [
        'https://*.retailcrm.ru', 'https://*.retailcrm.pro', 'https://*.retailcrm.es', 'https://*.retailcrm.io',
        'https://*.simla.com', 'https://*.simla.io', 'https://*.simlachat.com', 'https://*.ecomlogic.com',
    ];
    $given = $q->raw('allowed');
    if ($given instanceof JArr) {
        $allowed = $given->items;
    }
    if (preg_match('~\A(https?)://([a-z0-9.-]++)(:[0-9]++)?+/*+\z~i', $q->text('url'), $m) !== 1) {
        refuse('malformed');
    }
    $scheme = strtolower($m[1]);
    $host = strtolower($m[2]);
    $port = $m[3] ?? '';
    $labels = explode('.', $host);
    foreach ($labels as $label) {
        if ($label === '' || $label[0] === '-' || $label[-1] === '-') {
            refuse('malformed');
        }
    }
    $origin = "$scheme://$host$port";
    $pattern = null;
    if ($scheme === 'https' && $port === '' && count($labels) >= 2) {
        $pattern = 'https://*.' . implode('.', array_slice($labels, 1));
    }
    if (!in_array($origin, $allowed, true) && ($pattern === null || !in_array($pattern, $allowed, true))) {
        refuse('not-allowed');
    }
    return ['url' => $origin];
}

// ---------------------------------------------------------------- onOffice

/** PHP's is_numeric, on names. */
function onoffice_is_number(string $name): bool
{
    return preg_match(
        '/\A[ \t\n\r\x0B\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\x0B\f]*\z/',
        $name
    ) === 1;
}

/** @return array{string, list<array{string, string}>} the base, and the pairs */
function onoffice_read(Question $q, string $url): array
{
    if (preg_match('/[^\x21-\x7E]/', $url) !== 0) {
        refuse('malformed');
    }
    $parts = explode('?', explode('#', $url, 2)[0], 2);
    $head = $parts[0];
    $query = $parts[1] ?? '';
    if (preg_match('~\A(https?)://~i', $head, $m) !== 1) {
        refuse('malformed');
    }
    $rest = substr($head, strlen($m[0]));
    $slash = strpos($rest, '/');
    $authority = $slash === false ? $rest : substr($rest, 0, $slash);
    $at = strrpos($authority, '@');
    if ($at !== false) {
        $authority = substr($authority, $at + 1);
    }
    if (preg_match('/\A([A-Za-z0-9._-]++|\[[0-9A-Fa-f:.]++\])(?::([0-9]*+))?\z/', $authority, $h) !== 1) {
        refuse('malformed');
    }
    $port = $h[2] ?? '';
    if (strlen($port) > 5 || (int) $port > 65535) {
        refuse('malformed');
    }
    if ($slash === false) {
        refuse('malformed');
    }
    $base = $m[1] . '://' . $h[1] . substr($rest, $slash);
    $q->stage('base', $base);
    $q->stage('query', $query);
    if (strlen($query) > 8192) {
        refuse('too-large');
    }
    $pairs = read_pairs($query);
    foreach ($pairs as [$name]) {
        if ($name === '' || preg_match('/[\[. \x00-\x1F\x7F]/', $name) !== 0) {
            refuse('malformed');
        }
    }
    foreach ($pairs as [$name]) {
        if (onoffice_is_number($name)) {
            refuse('malformed');
        }
    }
    refuse_repeated($pairs);
    return [$base, $pairs];
}

/** @param list<array{string, string}> $pairs */
function onoffice_message(Question $q, string $base, array $pairs): string
{
    $pairs = without($pairs, 'signature');
    usort($pairs, static fn (array $a, array $b): int => strcmp($a[0], $b[0]));
    $q->stage('names', implode(' ', array_column($pairs, 0)));
    $joined = implode('&', array_map(static fn (array $p): string => urlencode($p[0]) . '=' . urlencode($p[1]), $pairs));
    $message = "$base?$joined";
    $q->stage('message', $message);
    $q->lastStage();
    return $message;
}

function onoffice_string_to_sign(Question $q): array
{
    [$base, $pairs] = onoffice_read($q, $q->text('target'));
    return ['text' => onoffice_message($q, $base, $pairs)];
}

function onoffice_sign_url(Question $q): array
{
    $key = $q->key();
    $url = $q->text('target');
    [$base, $pairs] = onoffice_read($q, $url);
    if (find($pairs, 'signature') !== null) {
        refuse('duplicate-parameter');
    }
    $signature = hash_hmac('sha256', onoffice_message($q, $base, $pairs), $key);
    $hash = strpos($url, '#');
    $front = $hash === false ? $url : substr($url, 0, $hash);
    $behind = $hash === false ? '' : substr($url, $hash);
    $mark = strpos($front, '?');
    if ($mark === false) {
        $join = '?';
    } else {
        $join = $mark === strlen($front) - 1 || $front[-1] === '&' ? '' : '&';
    }
    return ['url' => $front . $join . 'signature=' . $signature . $behind];
}

function onoffice_verify_url(Question $q): array
{
    $key = $q->key();
    [$base, $pairs] = onoffice_read($q, $q->text('target'));
    $digest = find($pairs, 'signature');
    if ($digest === null) {
        refuse('missing-parameter');
    }
    if ($digest === '') {
        refuse('empty-parameter');
    }
    if (!is_digest($digest)) {
        refuse('malformed');
    }
    $time = find($pairs, 'timestamp');
    if ($time === null) {
        refuse('missing-parameter');
    }
    if ($time === '') {
        refuse('empty-parameter');
    }
    onoffice_check_time($time);
    $message = onoffice_message($q, $base, $pairs);
    if (!hash_equals(hash_hmac('sha256', $message, $key), $digest)) {
        refuse('signature-mismatch');
    }
    check_age($q->whole('now'), (int) $time, ...$q->tolerance(300, 120));
    return ['parameters' => without($pairs, 'signature'), 'timestamp' => (int) $time];
}

function onoffice_check_time(string $time): void
{
    if (is_digits($time, 13, 13)) {
        refuse('timestamp-in-milliseconds');
    }
    if (!is_digits($time, 1, 12)) {
        refuse('malformed');
    }
}

function onoffice_depth(mixed $v): int
{
    if ($v instanceof JObj) {
        $items = array_column($v->pairs, 1);
    } elseif ($v instanceof JArr) {
        $items = $v->items;
    } else {
        return 0;
    }
    $deepest = 0;
    foreach ($items as $item) {
        $deepest = max($deepest, onoffice_depth($item));
    }
    return $deepest + 1;
}

function onoffice_refuse_lists(mixed $v, bool $inner): void
{
    if ($v instanceof JObj) {
        $list = $inner && $v->pairs !== [];
        foreach ($v->pairs as $i => [$name, $item]) {
            $list = $list && $name === (string) $i;
        }
        if ($list) {
            refuse('malformed');
        }
        foreach ($v->pairs as [, $item]) {
            onoffice_refuse_lists($item, true);
        }
    } elseif ($v instanceof JArr) {
        foreach ($v->items as $item) {
            onoffice_refuse_lists($item, true);
        }
    }
}

function onoffice_write(mixed $v): string
{
    if ($v instanceof JNum) {
        if (!$v->isWhole()) {
            refuse('wrong-type');
        }
        $negative = $v->text[0] === '-';
        $digits = ltrim($v->text, '-');
        $limit = $negative ? '9223372036854775808' : '9223372036854775807';
        if (strlen($digits) > 19 || (strlen($digits) === 19 && strcmp($digits, $limit) > 0)) {
            refuse('wrong-type');
        }
        return $digits === '0' ? '0' : $v->text;
    }
    if ($v instanceof JArr) {
        return '[' . implode(',', array_map('onoffice_write', $v->items)) . ']';
    }
    if ($v instanceof JObj) {
        if ($v->pairs === []) {
            return '[]';
        }
        $members = [];
        foreach ($v->pairs as [$name, $item]) {
            $members[] = json_encode($name, JSON_THROW_ON_ERROR) . ':' . onoffice_write($item);
        }
        return '{' . implode(',', $members) . '}';
    }
    return json_encode($v, JSON_THROW_ON_ERROR);
}

function onoffice_api_hmac(Question $q): array
{
    $key = $q->key('api_key');
    $time = $q->text('timestamp');
    onoffice_check_time($time);
    $version = $q->raw('version');
    $version = $version === null ? '2' : ($version instanceof JNum ? $version->text : '');
    $token = $q->text('token');
    $type = $q->text('resource_type');
    $action = $q->text('action_id');
    if ($version === '2') {
        return ['hmac' => base64_encode(hash_hmac('sha256', $time . $token . $type . $action, $key, true))];
    }
    if ($version !== '1') {
        refuse('not-allowed');
    }
    $parameters = $q->raw('parameters') ?? new JObj([]);
    if (!$parameters instanceof JObj) {
        refuse('wrong-type');
    }
    foreach ($parameters->pairs as [$name]) {
        if (onoffice_is_number($name)) {
            refuse('malformed');
        }
    }
    $pairs = $parameters->pairs;
    usort($pairs, static fn (array $a, array $b): int => strcmp($a[0], $b[0]));
    $sorted = new JObj($pairs);
    if (onoffice_depth($sorted) > 100) {
        refuse('malformed');
    }
    onoffice_refuse_lists($sorted, false);
    $json = onoffice_write($sorted);
    $joined = implode(',', [
        $json, $token, $action, $q->text('identifier'), $q->text('resource_id'), $key, $time, $type,
    ]);
    return ['hmac' => md5($key . md5($joined))];
}

function onoffice_code(mixed $holder): void
{
    $status = $holder instanceof JObj ? $holder->get('status') : null;
    $code = $status instanceof JObj ? $status->get('errorcode') : null;
    if (!$code instanceof JNum) {
        refuse('unexpected-answer');
    }
    if ((float) $code->text !== 0.0) {
        refuse('platform-error');
    }
}

function onoffice_unlock_answer(Question $q): array
{
    if ($q->text('status') !== '200') {
        refuse('platform-error');
    }
    $body = $q->text('body');
    if (!is_utf8($body)) {
        refuse('unexpected-answer');
    }
    $answer = strict_json($body, 'unexpected-answer', 'unexpected-answer');
    if (!$answer instanceof JObj) {
        refuse('unexpected-answer');
    }
    onoffice_code($answer);
    $response = $answer->get('response');
    $results = $response instanceof JObj ? $response->get('results') : null;
    if (!$results instanceof JArr || count($results->items) !== 1 || !$results->items[0] instanceof JObj) {
        refuse('unexpected-answer');
    }
    $result = $results->items[0];
    onoffice_code($result);
    $data = $result->get('data');
    $records = $data instanceof JObj ? $data->get('records') : null;
    if (!$records instanceof JArr || $records->items === [] || !$records->items[0] instanceof JObj) {
        refuse('unexpected-answer');
    }
    $elements = $records->items[0]->get('elements');
    if (!$elements instanceof JObj || $elements->get('success') !== 'success') {
        refuse('platform-error');
    }
    return ['success' => 'success'];
}

// ---------------------------------------------------------------- Fortis

/** @return string 32 bytes of key, 16 bytes of IV */
function fortis_derive(string $passphrase, string $salt): string
{
    $d1 = md5($passphrase . $salt, true);
    $d2 = md5($d1 . $passphrase . $salt, true);
    $d3 = md5($d2 . $passphrase . $salt, true);
    return $d1 . $d2 . $d3;
}

function fortis_encrypt_parameters(Question $q): array
{
    $key = $q->key();
    $pairs = $q->pairs();
    refuse_repeated($pairs);
    foreach ($pairs as [$name, $value]) {
        if (has_half($name) || has_half($value)) {
            refuse('malformed');
        }
    }
    $salt = $q->text('salt');
    if (strlen($salt) !== 8) {
        refuse('malformed');
    }
    $text = js_object($pairs);
    $q->stage('text', $text);
    $n = 16 - strlen($text) % 16;
    $padded = $text . str_repeat(chr($n), $n);
    $q->stage('padded', $padded);
    $q->stage('salt', $salt);
    $q->lastStage();
    $derived = fortis_derive($key, $salt);
    $cipher = openssl_encrypt(
        $padded,
        'aes-256-cbc',
        substr($derived, 0, 32),
        OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING,
        substr($derived, 32)
    );
    return ['data' => base64_encode('Salted__' . $salt . $cipher)];
}

/** @return list<array{string, string}> */
function fortis_decrypt(Question $q, string $key, string $data): array
{
    if (characters($data) > 8192) {
        refuse('too-large');
    }
    if ($data === '') {
        refuse('empty-parameter');
    }
    $bytes = base64_decode($data, true);
    if ($bytes === false || base64_encode($bytes) !== $data) {
        refuse('malformed');
    }
    $q->stage('bytes', $bytes);
    if (!str_starts_with($bytes, 'Salted__')) {
        refuse('malformed');
    }
    if (strlen($bytes) < 32 || strlen($bytes) % 16 !== 0) {
        refuse('malformed');
    }
    $salt = substr($bytes, 8, 8);
    $q->stage('salt', $salt);
    $q->lastStage();
    $derived = fortis_derive($key, $salt);
    $padded = openssl_decrypt(
        substr($bytes, 16),
        'aes-256-cbc',
        substr($derived, 0, 32),
        OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING,
        substr($derived, 32)
    );
    if ($padded === false) {
        refuse('decryption-failed');
    }
    $n = ord($padded[-1]);
    if ($n < 1 || $n > 16 || substr($padded, -$n) !== str_repeat(chr($n), $n)) {
        refuse('decryption-failed');
    }
    $text = substr($padded, 0, -$n);
    if (!is_utf8($text)) {
        refuse('decryption-failed');
    }
    $value = strict_json($text, 'malformed', 'duplicate-parameter');
    if (!$value instanceof JObj) {
        refuse('wrong-type');
    }
    $known = ['location_id', 'user_id', 'access-token', 'contact_id', 'contact_api_id', 'user_oauth_url'];
    $members = [];
    foreach ($value->pairs as [$name, $member]) {
        if (!in_array($name, $known, true) || $member === null) {
            continue;
        }
        if (is_string($member) && fortis_counts_as_absent($member)) {
            continue;
        }
        $members[] = [$name, $member];
    }
    foreach ($members as $i => [$name, $member]) {
        if ($member instanceof JNum && $member->isWhole()) {
            $members[$i][1] = $member->text === '-0' ? '0' : $member->text;
        } elseif (!is_string($member)) {
            refuse('wrong-type');
        }
    }
    if (find($members, 'location_id') === null || find($members, 'user_id') === null) {
        refuse('missing-parameter');
    }
    fortis_check_location(find($members, 'location_id'));
    return $members;
}

function fortis_counts_as_absent(string $value): bool
{
    return $value === '' || str_starts_with($value, '{{');
}

function fortis_check_location(string $id): void
{
    $n = strlen($id);
    if ($n < 24 || $n > 36 || strspn($id, '0123456789abcdefABCDEF-') !== $n) {
        refuse('malformed');
    }
}

function fortis_decrypt_parameters(Question $q): array
{
    $key = $q->key();
    return ['parameters' => fortis_decrypt($q, $key, $q->text('data'))];
}

function fortis_launch_hmac(Question $q): array
{
    $key = $q->key();
    $message = $q->text('location_id') . $q->text('timestamp');
    if (has_half($q->text('location_id')) || has_half($q->text('timestamp'))) {
        refuse('malformed');
    }
    $q->stage('message', $message);
    $q->lastStage();
    return ['hmac' => hash_hmac('sha256', $message, $key)];
}

function fortis_verify_launch(Question $q): array
{
    if ($q->stagesOnly && $q->raw('mode') === null) {
        return fortis_launch_stages($q);
    }
    return fortis_launch($q, $q->text('mode'));
}

/** The question does not name the mode: the stages of each mode that has its last one. */
function fortis_launch_stages(Question $q): never
{
    $done = [];
    $partial = [];
    $reason = null;
    foreach (['plain', 'encrypted'] as $mode) {
        $q->stages = [];
        try {
            fortis_launch($q, $mode);
        } catch (StagesDone) {
            $done += $q->stages;
        } catch (Refused $e) {
            $partial += $q->stages;
            $reason ??= $e->reason;
        }
    }
    $q->stages = $done === [] ? $partial : $done;
    if ($done === []) {
        refuse($reason ?? 'malformed');
    }
    throw new StagesDone();
}

function fortis_launch(Question $q, string $mode): array
{
    $key = $q->key();
    $query = query_of($q->text('target'));
    if ($mode === 'plain') {
        $q->stage('query', $query);
    }
    $pairs = read_query($query);
    refuse_repeated($pairs);
    $hmac = find($pairs, 'hmac');
    $data = find($pairs, 'data');
    if ($mode === 'encrypted') {
        if ($data === null) {
            refuse($hmac !== null ? 'not-allowed' : 'missing-parameter');
        }
        return ['mode' => $mode, 'parameters' => fortis_decrypt($q, $key, $data), 'timestamp' => null];
    }
    if ($hmac === null && $data !== null) {
        refuse('not-allowed');
    }
    $location = find($pairs, 'location_id');
    $time = find($pairs, 'timestamp');
    if ($hmac === null || $location === null || $time === null) {
        refuse('missing-parameter');
    }
    if ($hmac === '' || $location === '' || $time === '') {
        refuse('empty-parameter');
    }
    if (!is_digest($hmac)) {
        refuse('malformed');
    }
    fortis_check_location($location);
    if (is_digits($time, 13, 13)) {
        refuse('timestamp-in-milliseconds');
    }
    if (!is_digits($time, 10, 10)) {
        refuse('malformed');
    }
    $message = $location . $time;
    $q->stage('message', $message);
    $q->lastStage();
    if (!hash_equals(hash_hmac('sha256', $message, $key), $hmac)) {
        refuse('signature-mismatch');
    }
    check_age($q->whole('now'), (int) $time, ...$q->tolerance(300, 60));
    $parameters = [];
    foreach (without($pairs, 'hmac') as $pair) {
        if (!fortis_counts_as_absent($pair[1])) {
            $parameters[] = $pair;
        }
    }
    return ['mode' => $mode, 'parameters' => $parameters, 'timestamp' => (int) $time];
}

// ---------------------------------------------------------------- the line protocol

const OPERATIONS = [
    'officernd.sign_query' => 'officernd_sign_query',
    'officernd.verify_query' => 'officernd_verify_query',
    'officernd.sign_webhook' => 'officernd_sign_webhook',
    'officernd.verify_webhook' => 'officernd_verify_webhook',
    'retailcrm.registration_token' => 'retailcrm_registration_token',
    'retailcrm.verify_registration' => 'retailcrm_verify_registration',
    'retailcrm.canonical_system_url' => 'retailcrm_canonical_system_url',
    'onoffice.string_to_sign' => 'onoffice_string_to_sign',
    'onoffice.sign_url' => 'onoffice_sign_url',
    'onoffice.verify_url' => 'onoffice_verify_url',
    'onoffice.api_hmac' => 'onoffice_api_hmac',
    'onoffice.unlock_answer' => 'onoffice_unlock_answer',
    'fortis.encrypt_parameters' => 'fortis_encrypt_parameters',
    'fortis.decrypt_parameters' => 'fortis_decrypt_parameters',
    'fortis.launch_hmac' => 'fortis_launch_hmac',
    'fortis.verify_launch' => 'fortis_verify_launch',
];

/** @param array<string, string> $stages */
function stages_out(array $stages): object
{
    $out = [];
    foreach ($stages as $name => $bytes) {
        $hex = in_array($name, ['padded', 'salt', 'derived', 'bytes'], true) || !is_utf8($bytes);
        $out[$name] = $hex ? ['hex' => bin2hex($bytes)] : ['utf8' => $bytes];
    }
    return (object) $out;
}

function answer(string $line): array
{
    try {
        [$question, $p] = Json::read($line, PHP_INT_MAX);
    } catch (JsonError) {
        return ['id' => null, 'verdict' => 'refused', 'reason' => 'malformed'];
    }
    if (!$question instanceof JObj) {
        return ['id' => null, 'verdict' => 'refused', 'reason' => 'malformed'];
    }
    $id = $question->get('id');
    $id = $id instanceof JNum ? (int) $id->text : (is_string($id) ? $id : null);
    $operation = $question->get('operation');
    $function = is_string($operation) ? (OPERATIONS[$operation] ?? null) : null;
    if ($function === null) {
        return ['id' => $id, 'verdict' => 'unsupported'];
    }
    $given = $question->get('given');
    $input = $question->get('input');
    $q = new Question(
        $given instanceof JObj ? $given : new JObj([]),
        $input instanceof JObj ? $input : new JObj([]),
        $question->get('want') === 'stages'
    );
    try {
        if ($p->half && !str_starts_with($operation, 'fortis.')) {
            refuse('malformed');
        }
        $returns = $function($q);
        if ($q->stagesOnly) {
            return ['id' => $id, 'verdict' => 'accepted', 'stages' => stages_out($q->stages)];
        }
        return ['id' => $id, 'verdict' => 'accepted', 'returns' => $returns];
    } catch (StagesDone) {
        return ['id' => $id, 'verdict' => 'accepted', 'stages' => stages_out($q->stages)];
    } catch (Refused $e) {
        if ($q->stagesOnly && $q->stages !== []) {
            return ['id' => $id, 'verdict' => 'accepted', 'stages' => stages_out($q->stages)];
        }
        return ['id' => $id, 'verdict' => 'refused', 'reason' => $e->reason];
    } catch (Throwable $e) {
        fwrite(STDERR, "$operation: $e\n");
        return ['id' => $id, 'verdict' => 'refused', 'reason' => 'malformed'];
    }
}

while (($line = fgets(STDIN)) !== false) {
    if (trim($line) === '') {
        continue;
    }
    $out = json_encode(
        answer($line),
        JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_LINE_TERMINATORS | JSON_INVALID_UTF8_SUBSTITUTE
    );
    fwrite(STDOUT, $out . "\n");
    fflush(STDOUT);
}
