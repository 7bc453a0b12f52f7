<?php

// Strict reading of queries, forms, multipart bodies and JSON, and what the four verifiers share.
// PHP 8.2 or newer on a 64-bit system; no package and no extension that may be missing (such as mbstring).
// Whatever is not exactly as expected is refused; nothing is repaired. All work is linear in the length of the input.

declare(strict_types=1);

namespace Handshakes\Strict;

use Closure;
use LogicException;
use SensitiveParameter;
use Throwable;

const MOST_CHARACTERS = 8192; // of a query
const MOST_PAIRS = 200;
const DEEPEST = 100; // arrays and objects inside each other

/** The one error of a refusal. The reason is a code for the operator's log; a client must not learn it. */
final class Refused extends \RuntimeException
{
    public function __construct(public readonly string $reason)
    {
        parent::__construct($reason);
    }
}

function refuse(string $reason): never
{
    throw new Refused($reason);
}

// --- keys, digests, times ----------------------------------------------------------------------------------------

/** Return the key that a secret is: its bytes as they are. An empty key would let anybody sign. */
function keyOf(#[SensitiveParameter] string $secret): string
{
    return $secret !== '' ? $secret : refuse('empty-secret');
}

/** Return the HMAC with SHA-256 in small hex digits. */
function hmac(#[SensitiveParameter] string $key, string $message): string
{
    return hash_hmac('sha256', $message, $key);
}

/** Return a digest that was sent, if it is 64 small hex digits; nothing is trimmed. Compare it with `hash_equals`. */
function digestOf(string $text): string
{
    return strlen($text) === 64 && strspn($text, '0123456789abcdef') === 64 ? $text : refuse('malformed');
}

/** Return a time's digits if they are 1 to 12; they stay text, since zeros in front are signed. */
function timeOf(string $text): string
{
    if (isDigits($text) && strlen($text) === 13) refuse('timestamp-in-milliseconds');
    return isDigits($text) && strlen($text) <= 12 ? $text : refuse('malformed');
}

/** Say whether a text is one or more ASCII digits. */
function isDigits(string $text): bool
{
    return $text !== '' && strspn($text, '0123456789') === strlen($text);
}

/**
 * Refuse a time that is too old or too far ahead. Call it only when the signature has verified.
 *
 * @param array{int, int} $tolerance seconds back and ahead
 */
function checkAge(int $timestamp, int $now, array $tolerance): void
{
    [$back, $ahead] = $tolerance;
    if ($now - $timestamp > $back) refuse('stale');
    if ($timestamp - $now > $ahead) refuse('from-the-future');
}

// --- texts -------------------------------------------------------------------------------------------------------

/** Return bytes if they are UTF-8. PCRE takes no overlong forms and no halves of surrogate pairs. */
function textOf(string $bytes, string $reason = 'malformed'): string
{
    return preg_match('//u', $bytes) === 1 ? $bytes : refuse($reason);
}

/** Say whether a text has more characters than that; `strlen` alone counts bytes. */
function longerThan(string $text, int $most): bool
{
    if (strlen($text) <= $most) return false;
    $perByte = count_chars($text);
    return strlen($text) - array_sum(array_slice($perByte, 0x80, 0x40)) > $most; // without bytes that go on a character
}

// --- queries and forms -------------------------------------------------------------------------------------------
// `parse_str`, $_GET and $_POST do not do: they rename names, nest them, and keep the last of two equal ones.

/** Return the raw query of a target or a whole URL, without a fragment. */
function rawQuery(string $target): string
{
    return explode('?', explode('#', $target, 2)[0], 2)[1] ?? '';
}

/**
 * Return the decoded pairs of a query in the order received.
 *
 * @return list<array{string, string}>
 */
function readQuery(string $query): array
{
    if (longerThan($query, MOST_CHARACTERS)) refuse('too-large');
    return readPairs($query);
}

/**
 * Return the decoded pairs of a query or an urlencoded body; a piece without `=` is a name with an empty value.
 *
 * @return list<array{string, string}>
 */
function readPairs(string $text): array
{
    if (preg_match('/[\x80-\xff]/', $text) !== 0) refuse('malformed');
    $pieces = array_values(array_filter(explode('&', $text), fn (string $piece): bool => $piece !== ''));
    if (count($pieces) > MOST_PAIRS) refuse('too-large');
    return array_map(function (string $piece): array {
        [$name, $value] = explode('=', $piece, 2) + [1 => ''];
        return [decode($name), decode($value)];
    }, $pieces);
}

/** Decode `+` and `%XX` once. `urldecode` alone leaves a broken escape as it is. */
function decode(string $text): string
{
    if (preg_match('/%(?![0-9a-fA-F]{2})/', $text) !== 0) refuse('malformed');
    return textOf(urldecode($text));
}

/**
 * Return pairs whose names all differ; refuse others, since two programs may read two different values.
 *
 * @param list<array{string, string}> $pairs
 * @return list<array{string, string}>
 */
function unique(array $pairs): array
{
    $names = array_column($pairs, 0);
    return count(array_unique($names)) === count($names) ? $pairs : refuse('duplicate-parameter');
}

/**
 * Return the value of a name, or null if it is not there.
 *
 * @param list<array{string, string}> $pairs with unique names
 */
function valueOf(array $pairs, string $name): ?string
{
    foreach ($pairs as [$one, $value]) {
        if ($one === $name) return $value;
    }
    return null;
}

/**
 * Return the value of a name that has to be there.
 *
 * @param list<array{string, string}> $pairs with unique names
 */
function required(array $pairs, string $name): string
{
    $value = valueOf($pairs, $name) ?? refuse('missing-parameter');
    return $value !== '' ? $value : refuse('empty-parameter');
}

/**
 * Return the pairs but the one of this name.
 *
 * @param list<array{string, string}> $pairs
 * @return list<array{string, string}>
 */
function without(array $pairs, string $name): array
{
    return array_values(array_filter($pairs, fn (array $pair): bool => $pair[0] !== $name));
}

// --- multipart/form-data -----------------------------------------------------------------------------------------

/**
 * Return the fields of a multipart body. There is nothing outside the boundaries, and no file.
 *
 * @return list<array{string, string}>
 */
function readMultipart(string $body, string $boundary): array
{
    $pieces = explode("\r\n--$boundary", "\r\n$body");
    [$first, $last] = [array_shift($pieces), array_pop($pieces)];
    if ($first !== '' || ($last !== '--' && $last !== "--\r\n") || $pieces === []) refuse('malformed');
    if (count($pieces) > MOST_PAIRS) refuse('too-large');
    return array_map(readPart(...), $pieces);
}

/** @return array{string, string} */
function readPart(string $part): array
{
    $end = strpos($part, "\r\n\r\n"); // an empty line right behind the boundary ends the headers: there are none
    if (!str_starts_with($part, "\r\n") || $end === false) refuse('malformed');
    $named = [];
    foreach (explode("\r\n", substr($part, 0, $end)) as $line) {
        [$name, $value] = explode(':', $line, 2) + [1 => null];
        if ($value !== null && strtolower($name) === 'content-disposition') $named[] = trim($value, " \t");
    }
    if (count($named) !== 1) refuse('malformed');
    if (preg_match('/\Aform-data; name="([^"\\\\\r\n]*+)"\z/i', $named[0], $found) !== 1) refuse('malformed');
    return [textOf($found[1]), textOf(substr($part, $end + 4))];
}

// --- JSON --------------------------------------------------------------------------------------------------------

/** A number of a JSON text, as it is written. */
final class JsonNumber
{
    public function __construct(public readonly string $text)
    {
    }
}

/** An object of a JSON text, with its members in order. An array of PHP would make integers of names such as "7". */
final class JsonObject
{
    /** @param list<array{string, mixed}> $members with unique names */
    public function __construct(public readonly array $members)
    {
    }

    /** Return a member, or null if it is null or not there. */
    public function get(string $name): mixed
    {
        foreach ($this->members as [$one, $value]) {
            if ($one === $name) return $value;
        }
        return null;
    }
}

/**
 * Read one JSON text (RFC 8259): objects as `JsonObject`, arrays as lists, numbers as `JsonNumber`. `json_decode`
 * alone does not do: it keeps the last of two equal names, takes `TRUE`, and makes doubles of long numbers.
 */
function readJson(string $text, int $deepest = DEEPEST): mixed
{
    return (new JsonReader(textOf($text), $deepest))->read();
}

final class JsonReader
{
    private const NUMBER = '/-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+/A';

    private int $at = 0;
    private int $depth = 0;
    private bool $repeated = false;

    public function __construct(private readonly string $text, private readonly int $deepest)
    {
    }

    public function read(): mixed
    {
        $found = $this->value();
        $this->blanks();
        if ($this->at < strlen($this->text)) refuse('malformed');
        return $this->repeated ? refuse('duplicate-parameter') : $found; // only a text that is JSON has equal names
    }

    private function value(): mixed
    {
        $this->blanks();
        return match ($this->next()) {
            '{' => $this->object(),
            '[' => $this->entries(']', $this->value(...)),
            '"' => $this->string(),
            't' => $this->word('true', true),
            'f' => $this->word('false', false),
            'n' => $this->word('null', null),
            default => $this->number(),
        };
    }

    private function object(): JsonObject
    {
        $seen = [];
        $members = $this->entries('}', function () use (&$seen): array {
            $this->blanks();
            $name = $this->next() === '"' ? $this->string() : refuse('malformed');
            $this->blanks();
            if ($this->next() !== ':') refuse('malformed');
            $this->at += 1;
            $this->repeated = $this->repeated || isset($seen[$name]);
            $seen[$name] = true;
            return [$name, $this->value()];
        });
        return new JsonObject($members);
    }

    /** Read what arrays and objects have in common. */
    private function entries(string $close, Closure $entry): array
    {
        if (++$this->depth > $this->deepest) refuse('malformed');
        $this->at += 1;
        $this->blanks();
        $found = [];
        if ($this->next() === $close) {
            $this->at += 1;
        } else {
            do {
                $found[] = $entry();
                $this->blanks();
                $end = $this->next();
                $this->at += 1;
            } while ($end === ',');
            if ($end !== $close) refuse('malformed');
        }
        $this->depth -= 1;
        return $found;
    }

    /** Find the end of a string, and leave its escapes to `json_decode`, which refuses all that are broken. */
    private function string(): string
    {
        $end = $this->at + 1;
        while (true) {
            $end += strcspn($this->text, '"\\', $end);
            if (($this->text[$end] ?? '') !== '\\') break;
            $end += 2;
        }
        $found = json_decode(substr($this->text, $this->at, $end + 1 - $this->at));
        $this->at = $end + 1;
        return is_string($found) ? $found : refuse('malformed');
    }

    private function word(string $word, ?bool $meaning): ?bool
    {
        if (substr($this->text, $this->at, strlen($word)) !== $word) refuse('malformed');
        $this->at += strlen($word);
        return $meaning;
    }

    private function number(): JsonNumber
    {
        if (preg_match(self::NUMBER, $this->text, $found, 0, $this->at) !== 1) refuse('malformed');
        if (is_infinite((float) $found[0])) refuse('malformed');
        $this->at += strlen($found[0]);
        return new JsonNumber($found[0]);
    }

    private function blanks(): void
    {
        $this->at += strspn($this->text, " \t\r\n", $this->at);
    }

    private function next(): string
    {
        return $this->text[$this->at] ?? '';
    }
}

/**
 * Write pairs as one compact JSON object, in their order, as `JSON.stringify` does.
 *
 * @param list<array{string, string}> $pairs
 */
function writeObject(array $pairs): string
{
    $flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS;
    $quoted = fn (string $text): string => (string) json_encode(textOf($text), $flags);
    return '{' . implode(',', array_map(fn (array $pair) => "{$quoted($pair[0])}:{$quoted($pair[1])}", $pairs)) . '}';
}

// --- requests and answers ----------------------------------------------------------------------------------------

/** Return the raw target, path and query. $_GET does not do, and PATH_INFO is decoded. */
function target(): string
{
    $target = (string) $_SERVER['REQUEST_URI'];
    return str_starts_with($target, '/') ? $target : refuse('malformed'); // behind an origin, `@host/` would be a host
}

/**
 * Return the raw body. PHP itself reads a multipart body, and leaves none for us, unless `enable_post_data_reading`
 * is off: in php.ini, .user.ini or the server's configuration, as `ini_set` comes too late.
 */
function body(int $most): string
{
    if (ini_get('enable_post_data_reading')) throw new LogicException('enable_post_data_reading has to be off');
    $body = (string) file_get_contents('php://input', false, null, 0, $most + 1);
    return strlen($body) <= $most ? $body : refuse('too-large');
}

/** The answer to a request. */
final class Response
{
    public function __construct(
        public readonly int $status,
        public readonly string $type,
        public readonly string $body,
    ) {
    }

    public static function json(int $status, array $value): self
    {
        return new self($status, 'application/json', json_encode($value, JSON_THROW_ON_ERROR));
    }

    public function send(): void
    {
        http_response_code($this->status);
        header("Content-Type: $this->type");
        header('Cache-Control: no-store');
        echo $this->body;
    }
}

/**
 * Answer a request. Whatever `verify` refuses, or cannot do, gets the one answer `refused`; the reason goes to the log
 * alone. What it returns goes to `accepted`, which makes the answer to a genuine request.
 *
 * @param Closure(): mixed $verify
 * @param callable(mixed): Response $accepted
 * @param ?callable(string): mixed $log PHP's own, if it is null
 */
function guarded(string $name, Closure $verify, Response $refused, callable $accepted, ?callable $log): Response
{
    $log ??= error_log(...);
    try {
        $verified = $verify();
    } catch (Refused $refusal) {
        $log("$name: refused: $refusal->reason");
        return $refused;
    } catch (Throwable $fault) { // its message may hold anything, so it is not logged
        $log("$name: refused: internal error (" . $fault::class . ' in ' . basename($fault->getFile()) . ":{$fault->getLine()})");
        return $refused;
    }
    return $accepted($verified);
}
