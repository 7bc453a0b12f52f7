<?php

// RetailCRM (Simla): verify a registration, the POST that it sends at Connect, and check the address in it.
// Copy this file and strict.php. PHP 8.2 or newer, no package.

declare(strict_types=1);

namespace Handshakes\RetailCrm;

use Handshakes\Strict;
use Handshakes\Strict\JsonObject;
use Handshakes\Strict\Response;
use SensitiveParameter;

use function Handshakes\Strict\refuse;

require_once __DIR__ . '/strict.php';

const MOST_BODY = 65_536; // bytes
const MEMBERS = ['token', 'apiKey', 'systemUrl'];
const ALLOWED = [ // a star stands for one label
    'https://*.retailcrm.ru', 'https://*.retailcrm.pro', 'https://*.retailcrm.es', 'https://*.retailcrm.io',
    'https://*.simla.com', 'https://*.simla.io', 'https://*.simlachat.com', 'https://*.ecomlogic.com',
];

/**
 * Verify the raw body of a registration; `contentType` is the header, or the empty text.
 *
 * The token covers the API key alone, not the address: give `system_url` to `canonicalSystemUrl` before you use it.
 *
 * @return array{parameters: list<array{string, string}>, api_key: string, system_url: string, covered: list<string>, not_covered: list<string>}
 */
function verifyRegistration(string $body, string $contentType, #[SensitiveParameter] string $secret): array
{
    $key = keyOf($secret);
    $members = readMembers($body, $contentType);
    ['token' => $token, 'apiKey' => $apiKey, 'systemUrl' => $systemUrl] = array_column($members, 1, 0);
    $digest = Strict\digestOf($token);
    if (!hash_equals(Strict\hmac($key, message($apiKey)), $digest)) refuse('signature-mismatch');
    return [
        'parameters' => Strict\without($members, 'token'),
        'api_key' => $apiKey,
        'system_url' => $systemUrl,
        'covered' => ['apiKey'],
        'not_covered' => ['systemUrl'],
    ];
}

/** Make the token of an API key, as the platform does: the secret is the key, the API key is the message. */
function registrationToken(#[SensitiveParameter] string $apiKey, #[SensitiveParameter] string $secret): string
{
    $key = keyOf($secret);
    if ($apiKey === '') refuse('empty-parameter');
    return Strict\hmac($key, message($apiKey));
}

/**
 * Return the origin of an account, in its one form, if the list names it.
 *
 * @param list<string> $allowed origins in lower case; `https://*.example.com` is any host one label below, without a port
 */
function canonicalSystemUrl(string $url, array $allowed = ALLOWED): string
{
    $lower = strtolower($url); // PHP 8.2 changes A to Z, and nothing else
    [$scheme, $rest] = explode('://', $lower, 2) + [1 => ''];
    if ($scheme !== 'https' && $scheme !== 'http') refuse('malformed');
    $rest = rtrim($rest, '/');
    [$host, $port] = explode(':', $rest, 2) + [1 => null];
    $labels = explode('.', $host);
    foreach ($labels as $label) {
        if (!isLabel($label)) refuse('malformed');
    }
    if ($port !== null && !Strict\isDigits($port)) refuse('malformed');
    $origin = "$scheme://$rest";
    if (in_array($origin, $allowed, true)) return $origin;
    if ($scheme !== 'https' || $port !== null || count($labels) < 2) refuse('not-allowed'); // no pattern names it
    $labels[0] = '*';
    return in_array('https://' . implode('.', $labels), $allowed, true) ? $origin : refuse('not-allowed');
}

/** Return the bytes that the token of a registration covers, which is its API key; for debugging. */
function signedBytes(string $body, string $contentType): string
{
    $members = readMembers($body, $contentType);
    Strict\digestOf(Strict\required($members, 'token'));
    return message(Strict\required($members, 'apiKey'));
}

/** Return the key that a secret is. HMAC fills a short key up with NULs, so one more would not change the token. */
function keyOf(#[SensitiveParameter] string $secret): string
{
    $key = Strict\keyOf($secret);
    return str_contains($key, "\0") ? refuse('malformed') : $key;
}

/** Return what is signed: the API key as it is. */
function message(#[SensitiveParameter] string $apiKey): string
{
    return str_contains($apiKey, "\0") ? refuse('malformed') : $apiKey;
}

/**
 * Return the members `token`, `apiKey` and `systemUrl`, in the order received: all there, and texts that are not empty.
 *
 * @return list<array{string, string}>
 */
function readMembers(string $body, string $contentType): array
{
    $fields = Strict\unique(readForm($body, $contentType));
    refuseOtherNames(array_column($fields, 0));
    $register = Strict\readJson(Strict\required($fields, 'register'));
    if (!$register instanceof JsonObject) refuse('wrong-type');
    $values = array_map($register->get(...), MEMBERS);
    foreach ($values as $value) { // all three are asked one thing before the next
        if ($value === null) refuse('missing-parameter');
    }
    foreach ($values as $value) {
        if (!is_string($value)) refuse('wrong-type');
    }
    foreach ($values as $value) {
        if ($value === '') refuse('empty-parameter');
    }
    return array_values(array_filter($register->members, fn (array $member): bool => in_array($member[0], MEMBERS, true)));
}

/**
 * Return the fields of a form, urlencoded or multipart.
 *
 * @return list<array{string, string}>
 */
function readForm(string $body, string $contentType): array
{
    if (strlen($body) > MOST_BODY) refuse('too-large');
    $pieces = array_map(fn (string $piece): string => trim($piece, " \t"), explode(';', $contentType));
    $type = strtolower($pieces[0]);
    if ($type === 'application/x-www-form-urlencoded') return Strict\readPairs($body);
    if ($type !== 'multipart/form-data') refuse('wrong-content-type');
    $boundaries = [];
    foreach (array_slice($pieces, 1) as $piece) {
        if (strncasecmp($piece, 'boundary=', 9) === 0) $boundaries[] = substr($piece, 9);
    }
    if (count($boundaries) !== 1) refuse('wrong-content-type');
    $boundary = $boundaries[0];
    if (strlen($boundary) > 1 && $boundary[0] === '"' && $boundary[-1] === '"') $boundary = substr($boundary, 1, -1);
    if (preg_match('/\A[!#-+\--~]{1,70}+\z/', $boundary) !== 1) refuse('wrong-content-type'); // neither " nor ,
    return Strict\readMultipart($body, $boundary);
}

/**
 * Refuse a form in which PHP's own $_POST would take one field for another, such as `register[x]` for `register`.
 *
 * @param list<string> $names
 */
function refuseOtherNames(array $names): void
{
    foreach ($names as $name) {
        $other = phpName($name);
        if ($other !== $name && in_array($other, $names, true)) refuse('duplicate-parameter');
    }
}

/** Return the name under which $_POST has a field. */
function phpName(string $name): string
{
    $name = explode("\0", ltrim($name, ' '), 2)[0];
    $open = strpos($name, '[');
    return $open > 0 && strpos($name, ']', $open) !== false ? substr($name, 0, $open) : $name;
}

/** Say whether a text is one label of a host: a-z, 0-9 and hyphens, these neither first nor last. */
function isLabel(string $label): bool
{
    $known = strspn($label, 'abcdefghijklmnopqrstuvwxyz0123456789-') === strlen($label);
    return $known && $label !== '' && $label[0] !== '-' && $label[-1] !== '-';
}

/**
 * Answer the registration that PHP is serving. `accepted` gets what was verified, with the address in its one form,
 * and returns the answer; everything else gets 200 and one message. `enable_post_data_reading` has to be off.
 *
 *     handle($secret, fn (array $registration) => Response::json(200, ['success' => true]))->send();
 *
 * @param callable(array): Response $accepted
 * @param list<string> $allowed
 */
function handle(
    #[SensitiveParameter] string $secret,
    callable $accepted,
    array $allowed = ALLOWED,
    ?callable $log = null,
): Response {
    $verify = function () use ($secret, $allowed): array {
        if ($_SERVER['REQUEST_METHOD'] !== 'POST') refuse('wrong-method');
        $found = verifyRegistration(Strict\body(MOST_BODY), $_SERVER['CONTENT_TYPE'] ?? '', $secret);
        return ['system_url' => canonicalSystemUrl($found['system_url'], $allowed)] + $found;
    };
    $refused = Response::json(200, ['success' => false, 'errorMsg' => 'The module could not be connected.']);
    return Strict\guarded('retailcrm', $verify, $refused, $accepted, $log);
}
