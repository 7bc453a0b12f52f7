<?php

// onOffice enterprise: verify its signed URLs (activation, service, webhook, callback), sign calls to its API, and
// read the answer to unlockProvider. Copy this file and strict.php. PHP 8.2 or newer, no package.

declare(strict_types=1);

namespace Handshakes\OnOffice;

use Handshakes\Strict;
use Handshakes\Strict\JsonNumber;
use Handshakes\Strict\JsonObject;
use Handshakes\Strict\Refused;
use Handshakes\Strict\Response;
use SensitiveParameter;

use function Handshakes\Strict\refuse;

require_once __DIR__ . '/strict.php';

const TOLERANCE = [300, 120]; // seconds back and ahead; no page names a number

/**
 * Verify a whole URL: the configured public origin, followed by the raw target, such as `$_SERVER['REQUEST_URI']`.
 *
 * Returns the parameters in the order received, and the time. The signature covers all of them, the origin without its
 * port, and the path.
 *
 * @param array{int, int} $tolerance
 * @return array{parameters: list<array{string, string}>, timestamp: int, covered: list<string>, not_covered: array{}}
 */
function verifyUrl(string $url, #[SensitiveParameter] string $secret, int $now, array $tolerance = TOLERANCE): array
{
    $key = Strict\keyOf($secret);
    [$base, $pairs] = readUrl($url);
    $digest = Strict\digestOf(Strict\required($pairs, 'signature'));
    $timestamp = (int) Strict\timeOf(Strict\required($pairs, 'timestamp'));
    if (!hash_equals(Strict\hmac($key, message($base, $pairs)), $digest)) refuse('signature-mismatch');
    Strict\checkAge($timestamp, $now, $tolerance);
    $parameters = Strict\without($pairs, 'signature');
    return [
        'parameters' => $parameters,
        'timestamp' => $timestamp,
        'covered' => array_column($parameters, 0),
        'not_covered' => [],
    ];
}

/** Return a URL with its signature, as the platform makes it. */
function signUrl(string $url, #[SensitiveParameter] string $secret): string
{
    $key = Strict\keyOf($secret);
    [$base, $pairs] = readUrl($url);
    if (Strict\valueOf($pairs, 'signature') !== null) refuse('duplicate-parameter'); // it is signed already
    [$front, $fragment] = explode('#', $url, 2) + [1 => null];
    $query = Strict\rawQuery($front);
    $glue = match (true) {
        !str_contains($front, '?') => '?',
        $query === '', str_ends_with($query, '&') => '',
        default => '&',
    };
    $signature = Strict\hmac($key, message($base, $pairs));
    return "$front{$glue}signature=$signature" . ($fragment === null ? '' : "#$fragment");
}

/** Return the text that is signed for a URL, whether it holds a signature or not; for debugging. */
function signedBytes(string $url): string
{
    return message(...readUrl($url));
}

/**
 * Return the HMAC of one action of an API call.
 *
 * Identifier, resource id and parameters are signed in version 1 alone. `parameters` is as `Strict\readJson` returns
 * it, since an array of PHP does not tell `{}` from `[]`; null stands for none.
 */
function apiHmac(
    string $token,
    #[SensitiveParameter] string $apiKey,
    int|string $timestamp,
    string $resourceType,
    string $actionId,
    int $version = 2,
    string $identifier = '',
    string $resourceId = '',
    ?JsonObject $parameters = null,
): string {
    $key = Strict\keyOf($apiKey);
    $time = Strict\timeOf((string) $timestamp);
    if ($version === 2) {
        return base64_encode(hash_hmac('sha256', $time . $token . $resourceType . $actionId, $key, true));
    }
    if ($version !== 1) refuse('not-allowed');
    $json = writeParameters($parameters ?? new JsonObject([]));
    $text = implode(',', [$json, $token, $actionId, $identifier, $resourceId, $key, $time, $resourceType]);
    return md5($key . md5($text));
}

/**
 * Say whether the API's answer to unlockProvider means that the provider is activated: return the text `success`.
 * A refusal is `platform-error` where the API says no, and `unexpected-answer` where it does not speak as documented.
 */
function unlockAnswer(int $status, string $body): string
{
    if ($status !== 200) refuse('platform-error');
    try {
        $answer = Strict\readJson($body);
    } catch (Refused) {
        refuse('unexpected-answer');
    }
    refuseErrorCode($answer);
    $results = member(member($answer, 'response'), 'results');
    if (!is_array($results) || count($results) !== 1 || !$results[0] instanceof JsonObject) refuse('unexpected-answer');
    refuseErrorCode($results[0]);
    $records = member(member($results[0], 'data'), 'records');
    if (!is_array($records) || !($records[0] ?? null) instanceof JsonObject) refuse('unexpected-answer');
    $success = member(member($records[0], 'elements'), 'success');
    return $success === 'success' ? $success : refuse('platform-error');
}

/** Return a member of a JSON value, or null if the value is no object or does not have it. */
function member(mixed $value, string $name): mixed
{
    return $value instanceof JsonObject ? $value->get($name) : null;
}

/** Refuse an answer whose error code is not 0, or not a number. */
function refuseErrorCode(mixed $answer): void
{
    $code = member(member($answer, 'status'), 'errorcode');
    if (!$code instanceof JsonNumber) refuse('unexpected-answer');
    if ((float) $code->text !== 0.0) refuse('platform-error');
}

// --- URLs --------------------------------------------------------------------------------------------------------

/**
 * Return the base of a URL, which is signed without user info and port, and its pairs, decoded, in the order received.
 * `parse_url` does not do: it repairs.
 *
 * @return array{string, list<array{string, string}>}
 */
function readUrl(string $url): array
{
    if (preg_match('/[^\x21-\x7e]/', $url) !== 0) refuse('malformed');
    [$head] = explode('?', explode('#', $url, 2)[0], 2);
    [$scheme, $rest] = explode('://', $head, 2) + [1 => ''];
    if (!in_array(strtolower($scheme), ['http', 'https'], true)) refuse('malformed');
    $end = strcspn($rest, '/');
    [$authority, $path] = [substr($rest, 0, $end), substr($rest, $end)];
    $at = strrpos($authority, '@');
    $place = $at === false ? $authority : substr($authority, $at + 1);
    $known = preg_match('/\A([A-Za-z0-9._-]++|\[[0-9A-Fa-f:.]++\])(?::([0-9]*+))?+\z/', $place, $found) === 1;
    if (!$known || $path === '') refuse('malformed');
    $port = $found[2] ?? '';
    if (strlen($port) > 5 || (int) $port > 65_535) refuse('malformed');
    $pairs = Strict\readQuery(Strict\rawQuery($url));
    foreach ($pairs as [$name]) {
        if ($name === '' || strpbrk($name, '[. ') !== false || preg_match('/[\x00-\x1f\x7f]/', $name) !== 0) refuse('malformed');
    }
    foreach ($pairs as [$name]) {
        if (is_numeric($name)) refuse('malformed'); // `ksort`, and so the platform, would sort it by value
    }
    return ["$scheme://$found[1]$path", Strict\unique($pairs)];
}

/**
 * Return what is signed: the base, and the pairs sorted by name and escaped anew.
 *
 * @param list<array{string, string}> $pairs
 */
function message(string $base, array $pairs): string
{
    $sorted = sortedByName(Strict\without($pairs, 'signature'));
    $written = array_map(fn (array $pair): string => urlencode($pair[0]) . '=' . urlencode($pair[1]), $sorted);
    return "$base?" . implode('&', $written);
}

/**
 * Sort by the bytes of the names. `ksort` would compare some of them as numbers.
 *
 * @param list<array{string, mixed}> $pairs
 * @return list<array{string, mixed}>
 */
function sortedByName(array $pairs): array
{
    usort($pairs, fn (array $one, array $other): int => strcmp($one[0], $other[0]));
    return $pairs;
}

// --- parameters of version 1 -------------------------------------------------------------------------------------

/** Write the parameters of an action as the platform's `json_encode` does, or refuse what it would write otherwise. */
function writeParameters(JsonObject $parameters): string
{
    foreach ($parameters->members as [$name]) {
        if (is_numeric($name)) refuse('malformed');
    }
    $sorted = new JsonObject(sortedByName($parameters->members));
    foreach ($sorted->members as [, $value]) refuseShape($value, 1);
    return write($sorted);
}

/** Refuse what is too deep, and an object that PHP makes a list of. All of this comes before the first number. */
function refuseShape(mixed $value, int $outside): void
{
    if (!is_array($value) && !$value instanceof JsonObject) return;
    if ($outside >= Strict\DEEPEST) refuse('malformed');
    $values = $value;
    if ($value instanceof JsonObject) {
        $values = array_column($value->members, 1);
        if ($values !== [] && array_column($value->members, 0) === array_map(strval(...), array_keys($values))) refuse('malformed');
    }
    foreach ($values as $inner) refuseShape($inner, $outside + 1);
}

/** Write a value: an object without members is a list for the platform. */
function write(mixed $value): string
{
    return match (true) {
        $value instanceof JsonNumber => wholeNumber($value->text),
        $value instanceof JsonObject && $value->members !== [] => '{' . implode(',', array_map(
            fn (array $member): string => json_encode(Strict\textOf($member[0])) . ':' . write($member[1]),
            $value->members,
        )) . '}',
        $value instanceof JsonObject => '[]',
        is_array($value) => '[' . implode(',', array_map(write(...), $value)) . ']',
        is_string($value) => json_encode(Strict\textOf($value)),
        default => json_encode($value), // true, false, null
    };
}

/** Return the digits of a whole number of 64 bits. Send any other number as a text. */
function wholeNumber(string $text): string
{
    if ($text === '-0') return '0';
    return (string) (int) $text === $text ? $text : refuse('wrong-type');
}

// --- the answer to a request -------------------------------------------------------------------------------------

/**
 * Answer the request that PHP is serving. `origin` is the public one, such as `https://provider.example`: behind a
 * proxy, what the request itself says is another. `accepted` gets what was verified, and returns the answer;
 * everything else gets one page.
 *
 *     handle($origin, $secret, fn (array $verified) => new Response(200, 'text/html; charset=utf-8', ...))->send();
 *
 * @param callable(array): Response $accepted
 */
function handle(
    string $origin,
    #[SensitiveParameter] string $secret,
    callable $accepted,
    ?int $now = null,
    ?callable $log = null,
): Response {
    $now ??= time();
    $verify = function () use ($origin, $secret, $now): array {
        if ($_SERVER['REQUEST_METHOD'] !== 'GET') refuse('wrong-method');
        return verifyUrl($origin . Strict\target(), $secret, $now);
    };
    $page = '<!DOCTYPE html><title>Not open</title><p>Please open it from the marketplace again.</p>';
    $refused = new Response(403, 'text/html; charset=utf-8', $page);
    return Strict\guarded('onoffice', $verify, $refused, $accepted, $log);
}
