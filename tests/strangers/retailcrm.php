<?php

// A module for RetailCRM (Simla), for PHP's built-in server, written from the guide's pages alone:
//   PLATFORM=http://127.0.0.1:8080 STATE=/tmp/module.json php -d enable_post_data_reading=0 -S 127.0.0.1:3000 retailcrm.php
// SECRET, CODE, OTHERS (more accounts, with commas between) and BUG are read from the environment too.

declare(strict_types=1);

namespace Stranger\RetailCrm;

use Handshakes\RetailCrm;
use Handshakes\Strict;
use Handshakes\Strict\{JsonObject, Refused, Response};

use function Handshakes\Strict\refuse;

require_once __DIR__ . '/../../docs/verifiers/php/retailcrm.php';

// Mistakes that people make, and the clause that each of them breaks.
const BUGS = [
    "first-digits-compared" => "retailcrm:token.verify",
    "any-case-of-digits" => "retailcrm:token.digest",
    "swapped-too" => "retailcrm:token.message",
    "no-secret-too" => "retailcrm:token.empty-secret",
    "secret-trimmed-or-not" => "retailcrm:token.key",
    "request-superglobal" => "retailcrm:register.body-only",
    "last-of-two-fields" => "retailcrm:register.once",
    "json-decode" => "retailcrm:register.json",
    "numbers-cast" => "retailcrm:register.members",
    "address-unchecked" => "retailcrm:system-url.allowed retailcrm:system-url.port", // on loopback both are foreign
    "user-info-dropped" => "retailcrm:system-url.parts",
    "path-dropped" => "retailcrm:system-url.path",
    "other-spellings-refused" => "retailcrm:system-url.canonical",
    "status-is-enough" => "retailcrm:edit.success",
    "created-alone" => "retailcrm:edit.statuses",
    "silence-is-yes" => "retailcrm:answer.after-edit",
    "status-of-errors" => "retailcrm:answer.error",
    "reason-kept-back" => "retailcrm:answer.message",
    "answers-tell-why" => "retailcrm:answer.uniform",
    "client-id-counted" => "retailcrm:edit.client-id-random",
    "client-id-anew" => "retailcrm:connection.repeat",
    "key-before-edit" => "retailcrm:connection.failure",
    "client-id-in-query" => "retailcrm:transition.body-only",
    "client-id-kept-in-address" => "retailcrm:transition.session",
    "session-required" => "retailcrm:transition.no-session",
    "stranger-let-in" => "retailcrm:transition.unknown",
    "flags-cast" => "retailcrm:activity.flags",
    "works-while-off" => "retailcrm:activity.effect",
    "stranger-called-back" => "retailcrm:activity.unknown",
    "moves-untried" => "retailcrm:activity.system-url",
    "any-method" => "retailcrm:config.other-methods",
    "more-scopes" => "retailcrm:config.scopes",
    "new-key-lost" => "retailcrm:scopes.replaced",
];
const SCOPES = ['integration_read', 'integration_write'];
const MOST = 1_048_576;

function setting(string $name, string $otherwise = ''): string
{
    $value = getenv($name);
    return $value === false || $value === '' ? $otherwise : $value;
}

function bug(string $name): bool
{
    return getenv('BUG') === $name;
}

function base(): string
{
    return setting('BASE_URL', "http://127.0.0.1:{$_SERVER['SERVER_PORT']}");
}

/** @return list<string> */
function allowed(): array
{
    return [...RetailCrm\ALLOWED, ...array_filter(explode(',', setting('PLATFORM') . ',' . setting('OTHERS')))];
}

// --- what is kept: accounts by their address, sessions; PHP's server answers one request at a time ---------------

function state(): array
{
    $text = is_file(setting('STATE')) ? file_get_contents(setting('STATE')) : '';
    return ($text ? json_decode($text, true) : []) + ['accounts' => [], 'sessions' => []];
}

function keep(array $state): void
{
    $new = setting('STATE') . '.new';
    file_put_contents($new, json_encode($state, JSON_THROW_ON_ERROR));
    chmod($new, 0600);
    rename($new, setting('STATE'));
}

/** Return the address of the account with this clientId; every one is compared, in constant time. */
function accountOf(array $state, string $clientId): ?string
{
    $found = null;
    foreach ($state['accounts'] as $url => $account) {
        if (hash_equals($account['client_id'], $clientId) && $account['key'] !== '') $found = $url;
    }
    return $found;
}

// --- calls to the CRM --------------------------------------------------------------------------------------------

/** Call the API of an account; return what it answered, if that says `success`. */
function call(string $method, string $url, string $key, array $form = []): array
{
    $headers = "X-API-KEY: $key\r\nContent-Type: application/x-www-form-urlencoded";
    $options = ['method' => $method, 'header' => $headers, 'timeout' => (float) setting('TIMEOUT', '10'), 'ignore_errors' => true, 'follow_location' => 0];
    if ($form) $options['content'] = http_build_query($form);
    $text = @file_get_contents($url, false, stream_context_create(['http' => $options]), 0, MOST);
    if ($text === false || !isset($http_response_header)) refuse('unreachable');
    $status = (int) explode(' ', $http_response_header[0])[1];
    $answer = json_decode($text, true);
    $edited = str_ends_with($url, '/edit');
    if (bug('status-is-enough') && $edited && $status < 300) return [];
    if (!is_array($answer)) refuse('unexpected-answer');
    if (bug('created-alone') && $edited && $status === 200) refuse('platform-error');
    if ($status >= 200 && $status < 300 && ($answer['success'] ?? null) === true) return $answer;
    $said = is_string($answer['errorMsg'] ?? null) ? $answer['errorMsg'] : '';
    throw new NotTaken((string) preg_replace('/^(.{0,200}).*$/su', '$1', strtr($said, '<>', '  ')));
}

/** The CRM said no, and why. */
final class NotTaken extends \RuntimeException
{
}

function moduleUrl(string $account): string
{
    return "$account/api/v5/integration-modules/" . rawurlencode(setting('CODE', 'example-module'));
}

function edit(string $account, string $key, string $clientId): void
{
    $code = setting('CODE', 'example-module');
    $module = [
        'code' => $code, 'integrationCode' => $code, 'active' => true, 'name' => 'A module of strangers',
        'logo' => base() . '/logo.svg', 'clientId' => $clientId, 'baseUrl' => base(), 'accountUrl' => base() . '/account',
        'actions' => ['activity' => '/activity'], 'integrations' => (object) [],
    ];
    call('POST', moduleUrl($account) . '/edit', $key, ['integrationModule' => json_encode($module)]);
}

// --- connecting --------------------------------------------------------------------------------------------------

function configuration(): Response
{
    $scopes = bug('more-scopes') ? [...SCOPES, 'order_read'] : SCOPES;
    return Response::json(200, ['success' => true, 'scopes' => $scopes, 'registerUrl' => base() . '/register']);
}

/** @return array{0: string, 1: string} the key, and the account's address in its one form */
function registration(): array
{
    [$body, $type, $secret] = [Strict\body(RetailCrm\MOST_BODY), $_SERVER['CONTENT_TYPE'] ?? '', setting('SECRET')];
    if (bug('request-superglobal') && $body === '') $body = Strict\rawQuery($_SERVER['REQUEST_URI']);
    if (bug('request-superglobal') && $type === '') $type = 'application/x-www-form-urlencoded';
    if (str_starts_with($type, 'application/x-www-form-urlencoded')) $body = mistaken($body);
    try {
        $found = RetailCrm\verifyRegistration($body, $type, $secret);
    } catch (Refused $refused) {
        $found = taken($refused, $body, $type, $secret);
    }
    return [$found['api_key'], address($found['system_url'])];
}

/** Return what a module with a mistake makes of the body before it verifies. */
function mistaken(string $body): string
{
    if (bug('last-of-two-fields')) return preg_replace('/^register=[^&]*&(?=register=)/', '', $body);
    $register = json_decode(urldecode(preg_replace('/^register=/', '', $body)), true);
    if (!is_array($register)) return $body;
    if (bug('json-decode')) return 'register=' . urlencode(json_encode($register));
    if (bug('numbers-cast')) return preg_replace('/%3A([0-9]+)(?=%2C|%7D)/', '%3A%22$1%22', $body);
    if (bug('any-case-of-digits')) return preg_replace_callback('/(?<=%22)[0-9A-F]{64}(?=%22)/', fn (array $found): string => strtolower($found[0]), $body);
    return $body;
}

/** Return what a module with a mistake takes for right. */
function taken(Refused $refused, string $body, string $type, string $secret): array
{
    if ($refused->reason !== 'signature-mismatch') throw $refused;
    $members = array_column(RetailCrm\readMembers($body, $type), 1, 0);
    $key = $members['apiKey'];
    $right = match (true) {
        bug('swapped-too') => hash_hmac('sha256', $secret, $key),
        bug('no-secret-too') => hash_hmac('sha256', $key, ''),
        bug('secret-trimmed-or-not') => hash_hmac('sha256', $key, "$secret\n"),
        bug('first-digits-compared') => substr(hash_hmac('sha256', $key, $secret), 0, 16),
        default => throw $refused,
    };
    if (!str_starts_with($members['token'], $right)) throw $refused;
    return ['api_key' => $key, 'system_url' => $members['systemUrl']];
}

function address(string $url): string
{
    if (bug('path-dropped')) $url = preg_replace('~^(\w+://[^/]+)/.*$~', '$1', $url);
    if (bug('user-info-dropped')) $url = preg_replace('~//[^/@]*@~', '//', $url);
    if (bug('address-unchecked') && preg_match('~^https?://[^/@]+$~', $url)) return $url;
    $found = RetailCrm\canonicalSystemUrl($url, allowed());
    return bug('other-spellings-refused') && rtrim($url, '/') !== $found ? refuse('not-allowed') : $found;
}

/** Introduce the module to the account, and keep the key when that has succeeded. */
function connect(string $key, string $url): Response
{
    $state = state();
    $account = $state['accounts'][$url] ?? ['client_id' => newId($state), 'key' => '', 'replaced' => [], 'active' => true, 'freeze' => false];
    $accepted = Response::json(200, ['success' => true, 'accountUrl' => base() . '/account']);
    if (hash_equals($account['key'], $key)) return $accepted;
    if (in_array(hash('sha256', $key), $account['replaced'], true)) refuse('replayed');
    if (bug('client-id-anew')) $account['client_id'] = newId($state);
    keep(['accounts' => [$url => bug('key-before-edit') ? ['key' => $key] + $account : $account] + $state['accounts']] + $state);
    try {
        $scopes = call('GET', "$url/api/credentials", $key)['scopes'] ?? [];
        if (array_diff(SCOPES, $scopes)) refuse('not-allowed');
        edit($url, $key, $account['client_id']);
    } catch (Refused $refused) {
        if (!bug('silence-is-yes') || $refused->reason !== 'unreachable') throw $refused;
    }
    if ($account['key'] !== '') $account['replaced'] = array_slice([...$account['replaced'], hash('sha256', $account['key'])], -200);
    $state['accounts'][$url] = ['key' => $key, 'active' => true, 'freeze' => false] + $account;
    keep($state);
    return $accepted;
}

function newId(array $state): string
{
    return bug('client-id-counted') ? sprintf('%040d', count($state['accounts']) + 7) : bin2hex(random_bytes(20));
}

function register(): Response
{
    $uniform = 'The module could not be connected.';
    $said = fn (string $message): Response => Response::json(bug('status-of-errors') ? 400 : 200, ['success' => false, 'errorMsg' => $message]);
    $log = fn (string $reason) => error_log("retailcrm: refused: register: $reason");
    try {
        [$key, $url] = registration();
    } catch (Refused $refused) {
        $log($refused->reason);
        return $said(bug('answers-tell-why') ? "Refused: $refused->reason" : $uniform);
    }
    try {
        return connect($key, $url);
    } catch (NotTaken $no) {
        $log('platform-error');
        return $said(bug('reason-kept-back') ? $uniform : trim("RetailCRM did not accept the module. {$no->getMessage()}"));
    } catch (Refused $refused) {
        $log($refused->reason);
        return $said('The module could not be connected: RetailCRM did not answer as expected. Please try again.');
    }
}

// --- the account's page ------------------------------------------------------------------------------------------

function visit(): Response
{
    $state = state();
    if ($_SERVER['REQUEST_METHOD'] === 'GET') return page($state['sessions'][$_COOKIE['module'] ?? ''] ?? null);
    $fields = Strict\unique(RetailCrm\readForm(Strict\body(RetailCrm\MOST_BODY), $_SERVER['CONTENT_TYPE'] ?? ''));
    if (bug('client-id-in-query') && $fields === []) $fields = Strict\readQuery(Strict\rawQuery($_SERVER['REQUEST_URI']));
    $url = accountOf($state, Strict\required($fields, 'clientId'));
    if (bug('stranger-let-in')) $url ??= array_key_first($state['accounts']);
    if ($url === null) refuse('unknown-installation');
    if (bug('session-required') && !isset($_COOKIE['module'])) refuse('wrong-state');
    $session = bin2hex(random_bytes(20));
    $state['sessions'] = array_slice([$session => $url] + $state['sessions'], 0, 200, true);
    keep($state);
    setcookie('module', $session, ['path' => '/account', 'httponly' => true, 'samesite' => 'Lax', 'secure' => str_starts_with(base(), 'https:')]);
    header('Location: ' . base() . '/account' . (bug('client-id-kept-in-address') ? '?clientId=' . Strict\required($fields, 'clientId') : ''));
    return new Response(303, 'text/plain; charset=utf-8', '');
}

function page(?string $url): Response
{
    if ($url === null) refuse('unknown-installation');
    $account = htmlspecialchars($url);
    return new Response(200, 'text/html; charset=utf-8', "<!doctype html><title>Settings</title><h1>Settings of $account</h1>");
}

// --- callbacks, and the module's own work ------------------------------------------------------------------------

function activity(): Response
{
    $fields = Strict\unique(RetailCrm\readForm(Strict\body(RetailCrm\MOST_BODY), $_SERVER['CONTENT_TYPE'] ?? ''));
    $state = state();
    $url = accountOf($state, Strict\required($fields, 'clientId'));
    if ($url === null && bug('stranger-called-back')) return Response::json(200, ['success' => true]);
    if ($url === null) refuse('unknown-installation');
    $flags = Strict\readJson(Strict\required($fields, 'activity'));
    if (!$flags instanceof JsonObject) refuse('wrong-type');
    $account = $state['accounts'][$url];
    foreach (['active', 'freeze'] as $name) {
        $flag = $flags->get($name) ?? $account[$name];
        if (bug('flags-cast') && $flag instanceof Strict\JsonNumber) $flag = (bool) $flag->text;
        $account[$name] = is_bool($flag) ? $flag : refuse('wrong-type');
    }
    $written = Strict\valueOf($fields, 'systemUrl') ?? $url;
    $named = RetailCrm\canonicalSystemUrl($written, allowed());
    if ($named !== $url) {
        if (!bug('moves-untried')) call('GET', "$named/api/credentials", $account['key']); // the key has to work there
        unset($state['accounts'][$url]);
    }
    $state['accounts'][$named] = $account;
    keep($state);
    return Response::json(200, ['success' => true]);
}

/** What a timer would start: one call for each account that uses the module. */
function work(): Response
{
    foreach (state()['accounts'] as $url => $account) {
        $on = $account['active'] && !$account['freeze'] || bug('works-while-off');
        if ($account['key'] !== '' && $on) call('GET', moduleUrl($url), $account['key']);
    }
    return Response::json(200, []);
}

/** What an operator would start: ask for the scopes again, and keep the key that comes. */
function rescope(): Response
{
    $state = state();
    foreach ($state['accounts'] as $url => &$account) {
        if ($account['key'] === '') continue;
        $answer = call('POST', moduleUrl($url) . '/update-scopes', $account['key'], ['requires' => json_encode(['scopes' => SCOPES])]);
        if (is_string($answer['apiKey'] ?? null) && !bug('new-key-lost')) $account['key'] = $answer['apiKey'];
    }
    keep($state);
    return Response::json(200, []);
}

// --- what is asked -----------------------------------------------------------------------------------------------

if (setting('SECRET') === '' || setting('STATE') === '') throw new \RuntimeException('SECRET and STATE have to be set');
if (setting('BUG') !== '' && !isset(BUGS[setting('BUG')])) throw new \RuntimeException('no such bug');
$routes = [
    '/config' => ['GET', configuration(...)], '/register' => ['POST', register(...)], '/account' => ['GET POST', visit(...)],
    '/activity' => ['POST', activity(...)], '/work' => ['POST', work(...)], '/rescope' => ['POST', rescope(...)],
];
$path = explode('?', $_SERVER['REQUEST_URI'], 2)[0];
[$methods, $answer] = $routes[$path] ?? ['', fn () => new Response(404, 'text/plain', '')];
if (isset($routes[$path]) && !in_array($_SERVER['REQUEST_METHOD'], explode(' ', $methods), true) && !bug('any-method')) {
    header('Allow: ' . strtr($methods, ' ', ','));
    (new Response(405, 'text/plain', ''))->send();
    return;
}
try {
    $answer()->send();
} catch (Refused | NotTaken $refused) {
    error_log("retailcrm: refused: $path: " . ($refused instanceof Refused ? $refused->reason : 'platform-error'));
    $failed = Response::json($path === '/account' ? 403 : 200, ['success' => false, 'errorMsg' => 'This request could not be accepted.']);
    $failed->send();
}
