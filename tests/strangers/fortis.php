<?php

// An app for Fortis (Zeamster), for PHP's built-in server, written from the guide's pages alone:
//   PLATFORM=http://127.0.0.1:8080 STATE=/tmp/app.json SECRET=… php -d enable_post_data_reading=0 -S 127.0.0.1:3000 fortis.php
// MODE (encrypted or plain), POSTBACK_KEY, DEVELOPER_ID and BUG are read from the environment too.

declare(strict_types=1);

namespace Stranger\Fortis;

use Handshakes\Fortis;
use Handshakes\Strict;
use Handshakes\Strict\{Refused, Response};

use function Handshakes\Strict\refuse;

require_once __DIR__ . '/../../docs/verifiers/php/fortis.php';

// Mistakes that people make, and the clause that each of them breaks.
const BUGS = [
    "either-mode" => "fortis:launch.mode",
    "first-of-two-taken" => "fortis:launch.repeated",
    "any-location" => "fortis:launch.location-id",
    "hex-users-alone" => "fortis:launch.user-id",
    "taken-twice" => "fortis:launch.once",
    "answers-tell-why" => "fortis:launch.uniform",
    "address-kept" => "fortis:launch.clean-url",
    "lax-cookie" => "fortis:launch.cookie",
    "framed-by-anybody" => "fortis:launch.embedding",
    "session-ended-by-a-refusal" => "fortis:launch.failure",
    "no-secret-too" => "fortis:secret.empty",
    "line-end-after-the-secret" => "fortis:secret.bytes",
    "lenient-base" => "fortis:encrypted.base64",
    "header-unread" => "fortis:encrypted.header",
    "last-byte-of-padding" => "fortis:encrypted.padding",
    "last-of-two-names" => "fortis:encrypted.duplicate-keys",
    "values-cast" => "fortis:encrypted.integers",
    "user-may-be-missing" => "fortis:encrypted.required",
    "query-beside-data" => "fortis:encrypted.alone",
    "another-user-is-fine" => "fortis:identity.mismatch",
    "silence-is-fine" => "fortis:identity.unavailable",
    "old-token-is-fine" => "fortis:token.expired",
    "no-token-is-fine" => "fortis:identity.without-token",
    "token-in-the-address" => "fortis:token.header",
    "nobody-in-particular" => "fortis:token.developer-id",
    "claims-count" => "fortis:postback.claimed",
    "key-unread" => "fortis:postback.key",
    "postback-of-two-minds" => "fortis:postback.once",
    "postback-unchecked" => "fortis:postback.required",
    "body-refused" => "fortis:postback.body-ignored",
    "unknown-is-an-error" => "fortis:postback.idempotent fortis:postback.order", // a removal may overtake
    "put-is-post" => "fortis:postback.other-methods",
    "users-stay" => "fortis:location.removes-users",
    "plain-first-digits" => "fortis:plain.verify",
    "plain-any-case" => "fortis:plain.hmac-case",
    "plain-no-time" => "fortis:plain.tolerance",
    "plain-swapped-too" => "fortis:plain.message",
];
const MOST = 1_048_576;
const MOST_BODY = 65_536;

function setting(string $name, string $otherwise = ''): string
{
    $value = getenv($name);
    return $value === false || $value === '' ? $otherwise : $value;
}

function bug(string $name): bool
{
    return getenv('BUG') === $name;
}

function path(): string
{
    return explode('?', $_SERVER['REQUEST_URI'], 2)[0];
}

// --- what is kept: locations, their users, sessions, launches ----------------------------------------------------

function state(): array
{
    $text = is_file(setting('STATE')) ? file_get_contents(setting('STATE')) : '';
    return ($text ? json_decode($text, true) : []) + ['locations' => [], 'sessions' => [], 'launches' => []];
}

function keep(array $state): void
{
    $new = setting('STATE') . '.new';
    file_put_contents($new, json_encode($state, JSON_THROW_ON_ERROR));
    chmod($new, 0600);
    rename($new, setting('STATE'));
}

// --- postbacks ---------------------------------------------------------------------------------------------------

function postback(): Response
{
    if ((int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > MOST_BODY) refuse('too-large');
    if (bug('body-refused') && (int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > 0) refuse('malformed');
    $pairs = Strict\readQuery(Strict\rawQuery($_SERVER['REQUEST_URI']));
    $pairs = bug('postback-of-two-minds') ? array_map(null, array_keys(array_column($pairs, 1, 0)), array_column($pairs, 1, 0)) : Strict\unique($pairs);
    $key = bug('key-unread') ? setting('POSTBACK_KEY') : Strict\required($pairs, 'token');
    if (!hash_equals(setting('POSTBACK_KEY'), $key)) refuse('wrong-key');
    $location = Strict\required($pairs, 'loc');
    if (!bug('postback-unchecked')) Fortis\checkLocation($location);
    $user = path() === '/user' ? Strict\required($pairs, 'who') : null;
    if ($user !== null && Fortis\isAbsent($user)) refuse('missing-parameter');
    $state = state();
    $_SERVER['REQUEST_METHOD'] === 'DELETE' ? unregister($state, $location, $user) : claim($state, $location, $user);
    keep($state);
    return new Response(204, 'text/plain', '');
}

/** Keep what a postback says as claimed; a launch confirms it. */
function claim(array &$state, string $location, ?string $user): void
{
    $state['locations'][$location] ??= ['confirmed' => bug('claims-count'), 'users' => []];
    if ($user !== null) $state['locations'][$location]['users']["u$user"] ??= false;
}

function unregister(array &$state, string $location, ?string $user): void
{
    $known = isset($state['locations'][$location]) && ($user === null || isset($state['locations'][$location]['users']["u$user"]));
    if (!$known && bug('unknown-is-an-error')) refuse('unknown-installation');
    if ($user === null) unset($state['locations'][$location]);
    else unset($state['locations'][$location]['users']["u$user"]);
    $gone = fn (array $one): bool => $one['location'] === $location && ($user === null ? !bug('users-stay') : $one['user'] === $user);
    $state['sessions'] = array_filter($state['sessions'], fn (array $one): bool => !$gone($one));
}

// --- the launch --------------------------------------------------------------------------------------------------

/** Verify a launch; return its parameters by name. */
function launched(): array
{
    [$target, $secret, $mode] = [Strict\target(), setting('SECRET'), setting('MODE', 'encrypted')];
    if (bug('either-mode') && $mode === 'encrypted' && str_contains($target, 'hmac=') && !str_contains($target, 'data=')) $mode = 'plain';
    if (bug('first-of-two-taken')) $target = preg_replace('/&(data|location_id|who)=[^&]*(?=.*)$/', '', $target);
    if (bug('query-beside-data')) $beside = array_column(Strict\readQuery(Strict\rawQuery($target)), 1, 0);
    if (bug('plain-any-case')) $target = preg_replace_callback('/(?<=hmac=)[0-9A-F]{64}/', fn (array $one): string => strtolower($one[0]), $target);
    try {
        $found = Fortis\verifyLaunch($target, $mode, $secret, time(), bug('plain-no-time') ? [PHP_INT_MAX, PHP_INT_MAX] : Fortis\TOLERANCE);
        $given = array_column($found['parameters'], 1, 0);
    } catch (Refused $refused) {
        $given = $mode === 'plain' ? takenPlain($refused, $target, $secret) : takenEncrypted($refused, $target, $secret);
    }
    return isset($beside) ? array_intersect_key($beside, $given) + $given : $given;
}

/** Return what an app with a mistake takes for right. */
function takenPlain(Refused $refused, string $target, string $secret): array
{
    $given = array_column(Strict\readQuery(Strict\rawQuery($target)), 1, 0);
    [$location, $time, $hmac] = [$given['location_id'] ?? '', $given['timestamp'] ?? '', $given['hmac'] ?? ''];
    $right = bug('plain-swapped-too') ? Fortis\launchHmac($time, $location, $secret) : '';
    if (bug('plain-first-digits')) $right = substr(Fortis\launchHmac($location, $time, $secret), 0, 16);
    return $right !== '' && $refused->reason === 'signature-mismatch' && str_starts_with($hmac, $right) ? $given : throw $refused;
}

function takenEncrypted(Refused $refused, string $target, string $secret): array
{
    $data = array_column(Strict\unique(Strict\readQuery(Strict\rawQuery($target))), 1, 0)['data'] ?? throw $refused;
    if (bug('no-secret-too')) return mistaken(mistakenText($data, '') ?? throw $refused, $refused);
    if (bug('line-end-after-the-secret')) return mistaken(mistakenText($data, "$secret\n") ?? throw $refused, $refused);
    $kinds = ['lenient-base', 'header-unread', 'last-byte-of-padding', 'last-of-two-names', 'values-cast', 'user-may-be-missing', 'any-location'];
    if (!in_array(getenv('BUG'), $kinds, true)) throw $refused;
    return mistaken(mistakenText($data, $secret) ?? throw $refused, $refused);
}

function mistakenText(string $data, string $secret): ?string
{
    $bytes = bug('lenient-base') ? (string) base64_decode(strtr($data, '-_ ', '+/+')) : (string) base64_decode($data, true);
    if (!bug('lenient-base') && base64_encode($bytes) !== $data) return null;
    if (strlen($bytes) < 32 || strlen($bytes) % 16 || (!bug('header-unread') && !str_starts_with($bytes, 'Salted__'))) return null;
    [$key, $iv] = Fortis\derived($secret, substr($bytes, 8, 8));
    $padded = openssl_decrypt(substr($bytes, 16), 'aes-256-cbc', $key, OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING, $iv);
    $count = ord($padded[-1]);
    if (bug('last-byte-of-padding') && $count > 0 && $count < 32) return substr($padded, 0, -$count);
    try {
        return Fortis\withoutPadding($padded);
    } catch (Refused) {
        return null;
    }
}

function mistaken(string $text, Refused $refused): array
{
    $values = json_decode($text, true);
    if (bug('last-of-two-names') && $refused->reason === 'duplicate-parameter') return is_array($values) ? $values : throw $refused;
    if (bug('values-cast') && $refused->reason === 'wrong-type' && is_array($values) && !array_is_list($values)) {
        return array_map(fn (mixed $one): string => is_array($one) ? (string) reset($one) : (string) $one, $values);
    }
    if (bug('user-may-be-missing') && $refused->reason === 'missing-parameter' && isset($values['location_id'])) return $values;
    if (bug('any-location') && $refused->reason === 'malformed' && is_string($values['location_id'] ?? null)) return $values;
    try {
        return array_column(Fortis\readMembers($text), 1, 0);
    } catch (Refused) {
        throw $refused;
    }
}

function launch(): Response
{
    $given = launched();
    if (setting('MODE') === 'plain') $given = ['user_id' => $given['who'] ?? '', 'access-token' => $given['token'] ?? ''] + $given; // our names
    [$location, $user, $token] = [$given['location_id'], $given['user_id'] ?? '', $given['access-token'] ?? ''];
    if (bug('hex-users-alone') && preg_match('/^[0-9a-f]{24}$/', $user) !== 1) refuse('malformed');
    $state = state();
    $once = onceOf();
    $own = $state['sessions'][$_COOKIE['app'] ?? '']['launch'] ?? '';
    if (in_array($once, $state['launches'], true) && $own !== $once && !bug('taken-twice')) refuse('replayed');
    $known = $state['locations'][$location] ?? null;
    if ($token === '' && !($known['confirmed'] ?? false)) refuse('wrong-state'); // only a token tells who stands behind it
    $signedIn = $token === '' ? (bug('no-token-is-fine') ? $user : '') : userOf($token, $user);
    claim($state, $location, $signedIn === '' ? null : $signedIn);
    if ($token !== '') $state['locations'][$location]['confirmed'] = true;
    if ($signedIn !== '') $state['locations'][$location]['users']["u$signedIn"] = true;
    $session = bin2hex(random_bytes(20));
    $new = [$session => ['location' => $location, 'user' => $signedIn, 'launch' => $once, 'until' => time() + 3600]];
    $state['sessions'] = array_slice($new + $state['sessions'], 0, 1000, true);
    $state['launches'] = array_slice([...$state['launches'], $once], -100_000);
    keep($state);
    setcookie('app', $session, ['path' => '/', 'secure' => true, 'httponly' => true, 'samesite' => bug('lax-cookie') ? 'Lax' : 'None']);
    header('Location: ' . (bug('address-kept') ? '/app?user=' . urlencode($user) . '&token=' . urlencode($token) : '/app'));
    return new Response(303, 'text/plain', '');
}

/** Return what makes a launch the same again: the bytes of `data`, whatever their text, or the whole query. */
function onceOf(): string
{
    $query = Strict\rawQuery($_SERVER['REQUEST_URI']);
    $data = array_column(Strict\readQuery($query), 1, 0)['data'] ?? null;
    return hash('sha256', $data === null ? $query : (string) base64_decode($data));
}

/** Ask Fortis whose token it is; it has to be the user's of the launch. */
function userOf(#[\SensitiveParameter] string $token, string $user): string
{
    $headers = bug('token-in-the-address') ? '' : "access-token: $token\r\n";
    if (!bug('nobody-in-particular')) $headers .= 'developer-id: ' . setting('DEVELOPER_ID', 'example-developer');
    $options = ['header' => $headers, 'timeout' => (float) setting('TIMEOUT', '10'), 'ignore_errors' => true, 'follow_location' => 0];
    $url = setting('PLATFORM') . '/v2/users/me' . (bug('token-in-the-address') ? "?access-token=$token" : '');
    $text = @file_get_contents($url, false, stream_context_create(['http' => $options]), 0, MOST);
    $silent = $text === false || !isset($http_response_header);
    $status = $silent ? 0 : (int) explode(' ', $http_response_header[0])[1];
    if (bug('silence-is-fine') && ($silent || $status !== 200 && $status !== 401)) return $user;
    if (bug('old-token-is-fine') && $status === 401) return '';
    if ($silent) refuse('unreachable');
    if ($status !== 200) refuse('platform-error');
    $id = json_decode($text, true)['user']['id'] ?? null;
    if (!is_string($id) && !is_int($id)) refuse('unexpected-answer');
    if ((string) $id !== $user && !bug('another-user-is-fine') && !(bug('user-may-be-missing') && $user === '')) refuse('identity-mismatch');
    return $user;
}

// --- pages -------------------------------------------------------------------------------------------------------

function framed(int $status, string $body): Response
{
    header('Content-Security-Policy: frame-ancestors ' . (bug('framed-by-anybody') ? '*' : setting('PLATFORM')));
    header('Referrer-Policy: no-referrer');
    return new Response($status, 'text/html; charset=utf-8', "<!doctype html><title>App</title>$body");
}

function app(): Response
{
    $session = state()['sessions'][$_COOKIE['app'] ?? ''] ?? null;
    if ($session === null || $session['until'] < time()) refuse('wrong-state');
    [$location, $user] = array_map(htmlspecialchars(...), [$session['location'], $session['user']]);
    $who = $user === '' ? 'Nobody is signed in.' : "Signed in as <b>$user</b>.";
    return framed(200, "<h1>Location $location</h1><p>$who</p>");
}

function closed(string $reason): Response
{
    if (bug('session-ended-by-a-refusal')) keep(['sessions' => []] + state());
    return framed(403, '<p>Please open the app in Fortis again.</p>' . (bug('answers-tell-why') ? "<p>$reason</p>" : ''));
}

// --- what is asked -----------------------------------------------------------------------------------------------

if (setting('SECRET') === '' || setting('STATE') === '' || setting('POSTBACK_KEY') === '') throw new \RuntimeException('SECRET, STATE and POSTBACK_KEY have to be set');
if (setting('BUG') !== '' && !isset(BUGS[setting('BUG')])) throw new \RuntimeException('no such bug');
$routes = [
    '/location' => ['POST DELETE', postback(...)], '/user' => ['POST DELETE', postback(...)],
    '/launch' => ['GET', launch(...)], '/app' => ['GET', app(...)],
];
[$methods, $answer] = $routes[path()] ?? ['', null];
if ($answer === null) {
    (new Response(404, 'text/plain', ''))->send();
    return;
}
if (!in_array($_SERVER['REQUEST_METHOD'], explode(' ', $methods), true) && !bug('put-is-post')) {
    error_log('fortis: refused: ' . path() . ': wrong-method');
    header('Allow: ' . strtr($methods, ' ', ','));
    (new Response(405, 'text/plain', ''))->send();
    return;
}
try {
    $answer()->send();
} catch (Refused $refused) {
    error_log('fortis: refused: ' . path() . ": $refused->reason");
    $posted = ['wrong-key' => 401, 'too-large' => 413][$refused->reason] ?? 400;
    ($methods === 'GET' ? closed($refused->reason) : new Response($posted, 'text/plain', ''))->send();
}
