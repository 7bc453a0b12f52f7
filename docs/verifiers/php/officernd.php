<?php

// OfficeRnD: verify the signature of its GET requests (health check, configuration, sync) and of its webhooks.
// Copy this file and strict.php. PHP 8.2 or newer, no package.

declare(strict_types=1);

namespace Handshakes\OfficeRnd;

use Handshakes\Strict;
use Handshakes\Strict\Response;
use SensitiveParameter;

use function Handshakes\Strict\refuse;

require_once __DIR__ . '/strict.php';

const TOLERANCE = [300, 60]; // seconds back and ahead; no page names a number
const MOST_BODY = 1_048_576; // bytes of a webhook

/**
 * Verify the raw target of a GET request, such as `$_SERVER['REQUEST_URI']`.
 *
 * Returns the parameters in the order received, the time, and which names the signature covers and which it does not:
 * OfficeRnD may leave an empty memberId unsigned. The path is never covered.
 *
 * @param array{int, int} $tolerance
 * @return array{parameters: list<array{string, string}>, timestamp: int, covered: list<string>, not_covered: list<string>}
 */
function verifyQuery(
    string $target,
    #[SensitiveParameter] string $secret,
    int $now,
    array $tolerance = TOLERANCE,
): array {
    $key = Strict\keyOf($secret);
    [$pairs, $time, $digest] = readSigned($target);
    $signed = signedForm($pairs, $time, $digest, $key) ?? refuse('signature-mismatch');
    Strict\checkAge((int) $time, $now, $tolerance);
    $covered = array_column($signed, 0);
    return [
        'parameters' => unquoted($pairs),
        'timestamp' => (int) $time,
        'covered' => $covered,
        'not_covered' => array_values(array_diff(array_column($pairs, 0), $covered)),
    ];
}

/**
 * Verify the raw body of a webhook with its header `officernd-signature`. All of the body is covered, and only it.
 *
 * @param array{int, int} $tolerance
 * @return array{parameters: array{}, timestamp: int, covered: list<string>, not_covered: array{}}
 */
function verifyWebhook(
    string $body,
    string $header,
    #[SensitiveParameter] string $secret,
    int $now,
    array $tolerance = TOLERANCE,
): array {
    $key = Strict\keyOf($secret);
    if ($header === '') refuse('missing-parameter');
    [$time, $digest] = readFields($header);
    if (!hash_equals(Strict\hmac($key, webhookMessage($body, $time)), $digest)) refuse('signature-mismatch');
    Strict\checkAge((int) $time, $now, $tolerance);
    return ['parameters' => [], 'timestamp' => (int) $time, 'covered' => ['body'], 'not_covered' => []];
}

/**
 * Make the parameter `signature` of a query, as OfficeRnD does. Percent-encode it.
 *
 * @param list<array{string, string}> $pairs
 */
function signQuery(array $pairs, int $timestamp, #[SensitiveParameter] string $secret): string
{
    $key = Strict\keyOf($secret);
    $message = queryMessage(Strict\unique($pairs), (string) $timestamp);
    return "t=$timestamp,signature=" . Strict\hmac($key, $message);
}

/** Make the header `officernd-signature` of a webhook, as OfficeRnD does. */
function signWebhook(string $body, int $timestamp, #[SensitiveParameter] string $secret): string
{
    $key = Strict\keyOf($secret);
    return "t=$timestamp,signature=" . Strict\hmac($key, webhookMessage($body, (string) $timestamp));
}

/** Return the bytes that the signature of a target covers, if it covers all of the parameters; for debugging. */
function signedBytes(string $target): string
{
    [$pairs, $time] = readSigned($target);
    return queryMessage($pairs, $time);
}

/** Return the bytes that the signature of a webhook covers; for debugging. */
function signedWebhookBytes(string $body, string $header): string
{
    return webhookMessage($body, readFields($header)[0]);
}

/**
 * Return what is signed: the pairs as JSON, a dot, and the digits of the time as they came.
 *
 * @param list<array{string, string}> $pairs
 */
function queryMessage(array $pairs, string $time): string
{
    return Strict\writeObject($pairs) . ".$time";
}

function webhookMessage(string $body, string $time): string
{
    return "$body.$time";
}

/**
 * Return the pairs of a target without `signature`, and the time and the digest which that parameter holds.
 *
 * @return array{list<array{string, string}>, string, string}
 */
function readSigned(string $target): array
{
    $pairs = Strict\unique(Strict\readQuery(Strict\rawQuery($target)));
    $fields = readFields(Strict\required($pairs, 'signature'));
    return [Strict\without($pairs, 'signature'), ...$fields];
}

/**
 * Read `t=1648190384,signature=7fab...`. Fields with other names are ignored, but none may come twice.
 *
 * @return array{string, string} the digits of the time, and the digest
 */
function readFields(string $text): array
{
    $found = [];
    foreach (explode(',', $text) as $piece) {
        $parts = explode('=', $piece);
        if (count($parts) !== 2 || preg_match('/\A[A-Za-z0-9_-]++\z/', $parts[0]) !== 1) refuse('malformed');
        [$name, $value] = $parts;
        if (isset($found[$name])) refuse('duplicate-parameter');
        $found[$name] = $value;
    }
    if (!isset($found['t'], $found['signature'])) refuse('missing-parameter');
    return [Strict\timeOf($found['t']), Strict\digestOf($found['signature'])];
}

/**
 * Return the pairs that a digest signs: as received, without an empty memberId, without the quotes around
 * organizationId, or without both; or null if it signs none of these.
 *
 * @param list<array{string, string}> $pairs
 * @return ?list<array{string, string}>
 */
function signedForm(array $pairs, string $time, string $digest, #[SensitiveParameter] string $key): ?array
{
    $forms = [$pairs];
    if (Strict\valueOf($pairs, 'memberId') === '') $forms[] = Strict\without($pairs, 'memberId');
    if (unquoted($pairs) !== $pairs) array_push($forms, ...array_map(unquoted(...), $forms));
    foreach ($forms as $form) {
        if (hash_equals(Strict\hmac($key, queryMessage($form, $time)), $digest)) return $form;
    }
    return null;
}

/**
 * Return the pairs with one pair of quotes around the value of organizationId taken off.
 *
 * @param list<array{string, string}> $pairs
 * @return list<array{string, string}>
 */
function unquoted(array $pairs): array
{
    return array_map(function (array $pair): array {
        [$name, $value] = $pair;
        $quoted = strlen($value) > 2 && $value[0] === '"' && $value[-1] === '"';
        return $name === 'organizationId' && $quoted ? [$name, substr($value, 1, -1)] : $pair;
    }, $pairs);
}

/** Return the header `officernd-signature`, or the empty text. Of two, servers make one with a comma and a blank. */
function signatureHeader(): string
{
    $value = trim($_SERVER['HTTP_OFFICERND_SIGNATURE'] ?? '', " \t"); // RFC 9110, 5.5; php -S keeps white space
    return str_contains($value, ', ') ? refuse('duplicate-parameter') : $value;
}

/**
 * Answer the request that PHP is serving: GET is verified as a query, POST as a webhook. `accepted` gets what was
 * verified, of a webhook the `body` too, and returns the answer; everything else gets 401 and one message.
 *
 *     handle($secret, $webhookSecret, fn (array $verified) => Response::json(200, ['accountName' => ...]))->send();
 *
 * @param callable(array): Response $accepted
 */
function handle(
    #[SensitiveParameter] string $secret,
    #[SensitiveParameter] string $webhookSecret,
    callable $accepted,
    ?int $now = null,
    ?callable $log = null,
): Response {
    $now ??= time();
    $verify = function () use ($secret, $webhookSecret, $now): array {
        if ($_SERVER['REQUEST_METHOD'] === 'GET') return verifyQuery(Strict\target(), $secret, $now);
        if ($_SERVER['REQUEST_METHOD'] !== 'POST') refuse('wrong-method');
        $body = Strict\body(MOST_BODY);
        return verifyWebhook($body, signatureHeader(), $webhookSecret, $now) + ['body' => $body];
    };
    $refused = Response::json(401, ['message' => 'The request could not be verified.']);
    return Strict\guarded('officernd', $verify, $refused, $accepted, $log);
}
