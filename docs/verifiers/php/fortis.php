<?php

// Fortis (Zeamster): verify the launch of an app, in mode `plain` or `encrypted`.
// Copy this file and strict.php. PHP 8.2 or newer with its extension openssl, no package.

declare(strict_types=1);

namespace Handshakes\Fortis;

use Handshakes\Strict;
use Handshakes\Strict\JsonNumber;
use Handshakes\Strict\JsonObject;
use Handshakes\Strict\Response;
use SensitiveParameter;

use function Handshakes\Strict\refuse;

require_once __DIR__ . '/strict.php';

const TOLERANCE = [300, 60]; // seconds back and ahead; no page names a number
const MEMBERS = ['location_id', 'user_id', 'access-token', 'contact_id', 'contact_api_id', 'user_oauth_url'];
const HEADER = 'Salted__';
const CIPHER = 'aes-256-cbc';
const NO_PADDING = OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING; // OpenSSL leaves the padding on

/**
 * Verify the raw target of a launch, such as `$_SERVER['REQUEST_URI']`, in the one mode of the app.
 *
 * A launch proves little. In mode `plain` the hmac covers location and time, and not the user; in mode `encrypted`
 * nothing is authentic, and there is no time. Ask the API who the user is, and let no launch open the app twice.
 *
 * @param 'plain'|'encrypted' $mode
 * @param array{int, int} $tolerance
 * @return array{mode: string, parameters: list<array{string, string}>, timestamp: ?int, covered: list<string>, not_covered: list<string>}
 */
function verifyLaunch(
    string $target,
    string $mode,
    #[SensitiveParameter] string $secret,
    int $now,
    array $tolerance = TOLERANCE,
): array {
    $key = Strict\keyOf($secret);
    $pairs = readTarget($target, $mode);
    if ($mode === 'encrypted') {
        $data = Strict\valueOf($pairs, 'data') ?? refuse('missing-parameter');
        return ['mode' => $mode, 'timestamp' => null] + decryptParameters($data, $secret);
    }
    [$location, $timestamp, $digest] = readPlain($pairs);
    if (!hash_equals(Strict\hmac($key, message($location, $timestamp)), $digest)) refuse('signature-mismatch');
    Strict\checkAge((int) $timestamp, $now, $tolerance);
    $present = fn (array $pair): bool => !isAbsent($pair[1]);
    $parameters = array_values(array_filter(Strict\without($pairs, 'hmac'), $present));
    $covered = ['location_id', 'timestamp'];
    return [
        'mode' => $mode,
        'parameters' => $parameters,
        'timestamp' => (int) $timestamp,
        'covered' => $covered,
        'not_covered' => array_values(array_diff(array_column($parameters, 0), $covered)),
    ];
}

/**
 * Read the value of the parameter `data`, percent-decoded. Nothing in it is authentic: it has no MAC and no time.
 *
 * @return array{parameters: list<array{string, string}>, covered: array{}, not_covered: list<string>}
 */
function decryptParameters(#[SensitiveParameter] string $data, #[SensitiveParameter] string $secret): array
{
    $passphrase = Strict\keyOf($secret);
    [$salt, $ciphertext] = readData($data);
    [$key, $iv] = derived($passphrase, $salt);
    $padded = openssl_decrypt($ciphertext, CIPHER, $key, NO_PADDING, $iv);
    if ($padded === false) refuse('decryption-failed');
    $parameters = readMembers(Strict\textOf(withoutPadding($padded), 'decryption-failed'));
    return ['parameters' => $parameters, 'covered' => [], 'not_covered' => array_column($parameters, 0)];
}

/**
 * Make a value of `data`, as the platform does. Percent-encode it.
 *
 * @param list<array{string, string}> $pairs
 */
function encryptParameters(array $pairs, #[SensitiveParameter] string $secret, ?string $salt = null): string
{
    $passphrase = Strict\keyOf($secret);
    $text = Strict\writeObject(Strict\unique($pairs));
    $salt ??= random_bytes(8);
    if (strlen($salt) !== 8) refuse('malformed');
    [$key, $iv] = derived($passphrase, $salt);
    return base64_encode(HEADER . $salt . openssl_encrypt($text, CIPHER, $key, OPENSSL_RAW_DATA, $iv));
}

/** Make the `hmac` of a launch in mode `plain`, as the platform does. The time is text: zeros in front are signed. */
function launchHmac(string $locationId, string $timestamp, #[SensitiveParameter] string $secret): string
{
    return Strict\hmac(Strict\keyOf($secret), message($locationId, $timestamp));
}

/** Return the bytes that the hmac of a launch in mode `plain` covers; for debugging. */
function signedBytes(string $target): string
{
    [$location, $timestamp] = readPlain(readTarget($target, 'plain'));
    return message($location, $timestamp);
}

/**
 * Return the pairs of a target, if it is a launch in this mode.
 *
 * @return list<array{string, string}>
 */
function readTarget(string $target, string $mode): array
{
    [$own, $other] = match ($mode) { // anything else is a fault of the configuration
        'plain' => ['hmac', 'data'],
        'encrypted' => ['data', 'hmac'],
    };
    $pairs = Strict\unique(Strict\readQuery(Strict\rawQuery($target)));
    $names = array_column($pairs, 0);
    foreach ($names as $name) { // no program behind this one may find another value in $_GET
        if (phpName($name) !== $name && in_array(phpName($name), $names, true)) refuse('duplicate-parameter');
    }
    $hasOther = Strict\valueOf($pairs, $other) !== null;
    return Strict\valueOf($pairs, $own) === null && $hasOther ? refuse('not-allowed') : $pairs;
}

/** Return the name under which $_GET has a parameter. */
function phpName(string $name): string
{
    $name = explode("\0", ltrim($name, ' '), 2)[0];
    $open = strpos($name, '[');
    $name = $open > 0 && strpos($name, ']', $open) !== false ? substr($name, 0, $open) : $name;
    return strtr($name, ' .[', '___');
}

/** Return what is signed in mode `plain`, in the letters and digits that came. */
function message(string $locationId, string $timestamp): string
{
    return $locationId . $timestamp;
}

/**
 * Return location, time and digest of a launch in mode `plain`.
 *
 * @param list<array{string, string}> $pairs
 * @return array{string, string, string}
 */
function readPlain(array $pairs): array
{
    $names = ['location_id', 'timestamp', 'hmac'];
    foreach ($names as $name) { // all three have to be there before one may be empty
        if (Strict\valueOf($pairs, $name) === null) refuse('missing-parameter');
    }
    [$location, $timestamp, $digest] = array_map(fn (string $name): string => Strict\required($pairs, $name), $names);
    Strict\digestOf($digest);
    checkLocation($location);
    Strict\timeOf($timestamp);
    return strlen($timestamp) === 10 ? [$location, $timestamp, $digest] : refuse('malformed');
}

/** Refuse what is no id of a location. Ids of users and contacts have no form. */
function checkLocation(string $id): void
{
    $length = strlen($id);
    if ($length < 24 || $length > 36 || strspn($id, '0123456789abcdefABCDEF-') !== $length) refuse('malformed');
}

/** Say whether a value counts as absent: it is empty, or a placeholder that the platform did not fill. */
function isAbsent(string $value): bool
{
    return $value === '' || str_starts_with($value, '{{');
}

// --- mode encrypted ----------------------------------------------------------------------------------------------

/**
 * Return the salt and the ciphertext that a value of `data` holds; for debugging too. No secret is needed up to here.
 *
 * @return array{string, string}
 */
function readData(string $data): array
{
    if (Strict\longerThan($data, Strict\MOST_CHARACTERS)) refuse('too-large');
    if ($data === '') refuse('empty-parameter');
    $bytes = base64_decode($data, true);
    if ($bytes === false || base64_encode($bytes) !== $data) refuse('malformed'); // PHP skips blanks, and more
    $length = strlen($bytes);
    if (!str_starts_with($bytes, HEADER) || $length < 32 || $length % 16 !== 0) refuse('malformed');
    return [substr($bytes, 8, 8), substr($bytes, 16)];
}

/**
 * Make key and IV from passphrase and salt, as `openssl enc -md md5` does. MD5 is the platform's choice.
 *
 * @return array{string, string}
 */
function derived(#[SensitiveParameter] string $passphrase, string $salt): array
{
    $one = md5($passphrase . $salt, true);
    $two = md5($one . $passphrase . $salt, true);
    $three = md5($two . $passphrase . $salt, true);
    return [$one . $two, $three];
}

/** Take off PKCS#7 padding. Nothing outside may tell this refusal from any other: it would be a padding oracle. */
function withoutPadding(#[SensitiveParameter] string $padded): string
{
    $count = ord($padded[-1]);
    $good = $count >= 1 && $count <= 16 && substr($padded, -$count) === str_repeat(chr($count), $count);
    return $good ? substr($padded, 0, -$count) : refuse('decryption-failed');
}

/**
 * Return the members that the platform has to give, in the order of the object, all as texts.
 *
 * @return list<array{string, string}>
 */
function readMembers(#[SensitiveParameter] string $text): array
{
    $object = Strict\readJson($text);
    if (!$object instanceof JsonObject) refuse('wrong-type');
    $found = [];
    foreach ($object->members as [$name, $value]) {
        if (!in_array($name, MEMBERS, true) || $value === null || (is_string($value) && isAbsent($value))) continue;
        $found[] = [$name, is_string($value) ? $value : digits($value)];
    }
    foreach (['location_id', 'user_id'] as $name) {
        if (Strict\valueOf($found, $name) === null) refuse('missing-parameter');
    }
    checkLocation(Strict\required($found, 'location_id'));
    return $found;
}

/** Return the digits of a whole number, all of them, as they are written. */
function digits(mixed $value): string
{
    if (!$value instanceof JsonNumber || strpbrk($value->text, '.eE') !== false) refuse('wrong-type');
    return $value->text === '-0' ? '0' : $value->text;
}

// --- the answer to a request -------------------------------------------------------------------------------------

/**
 * Answer the launch that PHP is serving. `accepted` gets what was verified, and returns the answer; everything else
 * gets one page.
 *
 *     handle('plain', $secret, fn (array $launch) => new Response(200, 'text/html; charset=utf-8', ...))->send();
 *
 * @param 'plain'|'encrypted' $mode
 * @param callable(array): Response $accepted
 */
function handle(
    string $mode,
    #[SensitiveParameter] string $secret,
    callable $accepted,
    ?int $now = null,
    ?callable $log = null,
): Response {
    $now ??= time();
    $verify = function () use ($mode, $secret, $now): array {
        if ($_SERVER['REQUEST_METHOD'] !== 'GET') refuse('wrong-method');
        return verifyLaunch(Strict\target(), $mode, $secret, $now);
    };
    $page = '<!DOCTYPE html><title>Not open</title><p>Please open the app in Fortis again.</p>';
    $refused = new Response(403, 'text/html; charset=utf-8', $page);
    return Strict\guarded('fortis', $verify, $refused, $accepted, $log);
}
