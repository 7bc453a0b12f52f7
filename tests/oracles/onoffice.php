<?php
// onOffice's signatures in PHP, written from the clauses: parse_url, parse_str, ksort, http_build_query and
// hash_hmac of the language, nothing else. Runs on PHP 7.4 and later. Reads JSON lines, each with a "do":
//   text     {url}                      what PHP's functions make the text to sign
//   sign     {url, secret}              the URL with its signature
//   php      {url, secret}              does a verifier of PHP's functions accept it, and with which values
//   strict   {url, secret, now, back, ahead}   what a verifier of the clauses decides, and why
//   hmac     {token, api_key, ...}      the HMAC of an API call
//   version  {}                         which PHP this is: 80236 is 8.2.36
//   unlock   {status, body}             whether the API's answer says that the provider is activated

while (($line = fgets(STDIN)) !== false) {
    $case = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    echo json_encode(answer($case, $line), JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}

function answer(array $case, string $line)
{
    switch ($case['do']) {
        case 'text': return text($case['url'])[0];
        case 'sign':
            $mark = strpos($case['url'], '?') === false ? '?' : '&';
            return $case['url'] . $mark . 'signature=' . hash_hmac('sha256', text($case['url'])[0], $case['secret']);
        case 'php': return accepted($case['url'], $case['secret']);
        case 'strict': return strict($case);
        case 'hmac': return api($case, json_decode($line)->parameters ?? null);
        case 'unlock': return unlocked($case['status'], $case['body']);
        case 'version': return PHP_VERSION_ID;
    }
    throw new LogicException($case['do']);
}

/** Returns the text to sign, and the parameters as PHP reads them, signature included. */
function text(string $url): array
{
    $parts = parse_url($url);
    parse_str($parts['query'] ?? '', $values);
    $signed = $values;
    unset($signed['signature']);
    ksort($signed);
    $base = $parts['scheme'] . '://' . $parts['host'] . ($parts['path'] ?? '');
    return [$base . '?' . http_build_query($signed), $values];
}

function accepted(string $url, string $secret): array
{
    [$text, $values] = text($url);
    $signature = $values['signature'] ?? '';
    $good = is_string($signature) && hash_equals(hash_hmac('sha256', $text, $secret), $signature);
    return ['accepted' => $good, 'values' => $good ? $values : null];
}

final class Refusal extends Exception
{
}

function refuse(string $reason): void
{
    throw new Refusal($reason);
}

function strict(array $case): array
{
    try {
        $case['secret'] !== '' || refuse('empty-secret');
        return ['verdict' => 'accepted', 'names' => verified($case)];
    } catch (Refusal $refusal) {
        return ['verdict' => 'refused', 'reason' => $refusal->getMessage()];
    }
}

function verified(array $case): array
{
    [$base, $values] = parameters($case['url']);
    present($values, 'signature');
    preg_match('/\A[0-9a-f]{64}\z/', $values['=signature']) || refuse('malformed');
    present($values, 'timestamp');
    $time = $values['=timestamp'];
    seconds($time);
    $signature = $values['=signature'];
    unset($values['=signature']);
    $names = array_keys($values);
    usort($names, 'strcmp'); // by bytes, whatever the names look like
    $pieces = array_map(fn ($name) => urlencode(substr($name, 1)) . '=' . urlencode($values[$name]), $names);
    $text = $base . '?' . implode('&', $pieces);
    hash_equals(hash_hmac('sha256', $text, $case['secret']), $signature) || refuse('signature-mismatch');
    $age = $case['now'] - (int) $time;
    $age <= $case['back'] || refuse('stale');
    -$age <= $case['ahead'] || refuse('from-the-future');
    return array_map(fn ($name) => substr($name, 1), array_keys($values));
}

function present(array $values, string $name): void
{
    array_key_exists("=$name", $values) || refuse('missing-parameter');
    $values["=$name"] !== '' || refuse('empty-parameter');
}

function seconds(string $time): void
{
    !preg_match('/\A[0-9]{13}\z/', $time) || refuse('timestamp-in-milliseconds');
    preg_match('/\A[0-9]{1,12}\z/', $time) || refuse('malformed');
}

/** Returns the base, and every parameter; each name with = in front, so that none becomes a number. */
function parameters(string $url): array
{
    preg_match('/\A[\x21-\x7e]*\z/', $url) || refuse('malformed');
    $head = explode('#', $url)[0];
    $query = strpos($head, '?') !== false ? substr($head, strpos($head, '?') + 1) : '';
    $place = explode('?', $head)[0];
    preg_match('~\A([Hh][Tt][Tt][Pp][Ss]?)://(?:[^/]*@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?(/.*)\z~', $place, $found) || refuse('malformed');
    parse_url($place) !== false || refuse('malformed'); // a port that there is not
    strlen($query) <= 8192 || refuse('too-large');
    $pieces = array_filter(explode('&', $query), fn ($piece) => $piece !== '');
    count($pieces) <= 200 || refuse('too-large');
    $values = [];
    $pairs = [];
    foreach ($pieces as $piece) {
        preg_match('/%(?![0-9A-Fa-f]{2})/', $piece) && refuse('malformed');
        $pair = array_map('urldecode', explode('=', $piece, 2)) + [1 => ''];
        preg_match('//u', $pair[0] . "\n" . $pair[1]) || refuse('malformed');
        $pairs[] = $pair;
    }
    foreach ($pairs as [$name]) {
        $name !== '' && !preg_match('/[.[ \x00-\x1f\x7f]/', $name) || refuse('malformed');
    }
    foreach ($pairs as [$name]) {
        !is_numeric($name) || refuse('malformed');
    }
    foreach ($pairs as [$name, $value]) {
        !array_key_exists("=$name", $values) || refuse('duplicate-parameter');
        $values["=$name"] = $value;
    }
    return ["$found[1]://$found[2]$found[3]", $values];
}

/** Says whether PHP would write an object as a list, here or inside. */
function becomesList($value): bool
{
    $inner = is_object($value) ? get_object_vars($value) : $value;
    if (!is_array($inner)) {
        return false;
    }
    return is_object($value) && $inner && array_keys($inner) === array_keys(array_values($inner)) || array_filter($inner, 'becomesList');
}

function depth($value): int
{
    $inner = is_object($value) ? get_object_vars($value) : $value;
    return is_array($inner) ? 1 + max([0, ...array_values(array_map('depth', $inner))]) : 0;
}

function api(array $call, $parameters): array
{
    if ($call['api_key'] === '') {
        return ['refused' => 'empty-secret'];
    }
    try {
        seconds((string) $call['timestamp']);
    } catch (Refusal $refusal) {
        return ['refused' => $refusal->getMessage()];
    }
    if ($call['version'] === 2) {
        $message = $call['timestamp'] . $call['token'] . $call['resource_type'] . $call['action_id'];
        return ['hmac' => base64_encode(hash_hmac('sha256', $message, $call['api_key'], true))];
    }
    if ($call['version'] !== 1) {
        return ['refused' => 'not-allowed'];
    }
    if (depth($parameters) > 100 || becomesList($parameters) || array_filter(array_keys((array) $parameters), 'is_numeric')) {
        return ['refused' => 'malformed'];
    }
    $parameters = $call['parameters'] ?? [];
    ksort($parameters);
    $fields = [
        json_encode($parameters), $call['token'], $call['action_id'], $call['identifier'] ?? '',
        $call['resource_id'] ?? '', $call['api_key'], $call['timestamp'], $call['resource_type'],
    ];
    return ['hmac' => md5($call['api_key'] . md5(implode(',', $fields)))];
}

/** Success is four things at once; an error is one wherever a code stands. PHP cannot see a name that stands twice. */
function unlocked(int $status, string $body): string
{
    if ($status !== 200) {
        return 'platform-error';
    }
    $answer = json_decode($body, false, 101);
    if (!$answer instanceof stdClass) {
        return 'unexpected-answer';
    }
    $top = $answer->status->errorcode ?? null;
    $results = $answer->response->results ?? null;
    $objects = is_array($results) && array_filter($results, 'is_object') === $results;
    foreach ([$top, $objects && count($results) === 1 ? $results[0]->status->errorcode ?? null : 'none'] as $code) {
        if (!is_int($code) && !is_float($code)) {
            return 'unexpected-answer';
        }
        if ($code != 0) {
            return 'platform-error';
        }
    }
    $records = $results[0]->data->records ?? null;
    $record = is_array($records) ? $records[0] ?? null : null;
    if (!$record instanceof stdClass) {
        return 'unexpected-answer';
    }
    return is_object($record->elements ?? null) && ($record->elements->success ?? null) === 'success' ? 'success' : 'platform-error';
}
