<?php
// An adapter for `handshakes vectors run`: reads a question a line, answers with a line. PHP 8.1 or newer.
class Refusal extends Exception {}
function refuse(string $reason): never { throw new Refusal($reason); }

function message(string $operation, array $input): string // what is signed; no key is needed up to here
{
    if ($operation === 'retailcrm.registration_token') return str_contains($input['api_key'], "\0") ? refuse('malformed') : ($input['api_key'] !== '' ? $input['api_key'] : refuse('empty-parameter'));
    [$base, $query] = explode('?', explode('#', $input['target'])[0], 2) + [1 => ''];
    ['scheme' => $scheme, 'host' => $host, 'path' => $path] = (parse_url($base) ?: []) + ['scheme' => '', 'host' => '', 'path' => null];
    if ($path === null || !preg_match('~^https?://([^/]*@)?([\w.-]+|\[[\da-f:.]+\])(:\d*)?/~i', $base) || !preg_match('//u', urldecode($query))) refuse('malformed');
    $names = array_map(fn ($piece) => urldecode(explode('=', $piece, 2)[0]), array_filter(explode('&', $query), 'strlen'));
    foreach ($names as $name) if ($name === '' || is_numeric($name) || preg_match('/[.[ \x00-\x1f\x7f]/', $name)) refuse('malformed');
    $signed = $operation === 'onoffice.sign_url' && in_array('signature', $names, true);
    if ($signed || count($names) !== count(array_unique($names))) refuse('duplicate-parameter');
    parse_str($query, $values);
    unset($values['signature']);
    ksort($values);
    return "$scheme://$host$path?" . http_build_query($values);
}

function answer(string $operation, array $given, array $input, string $want): array
{
    $made = ['retailcrm.registration_token' => 'token', 'onoffice.string_to_sign' => 'text', 'onoffice.sign_url' => 'url'];
    if (!isset($made[$operation])) return ['verdict' => 'unsupported'];
    $secret = $given['secret'] ?? 'none';
    if ($secret === '' || str_contains($secret, "\0")) refuse($secret === '' ? 'empty-secret' : 'malformed');
    $token = hash_hmac('sha256', $text = message($operation, $input), $secret);
    if ($want) return ['verdict' => 'accepted', 'stages' => ['message' => ['hex' => bin2hex($text)]]];
    [$front, $hash, $end] = preg_split('/(#|$)/', $input['target'] ?? '', 2, PREG_SPLIT_DELIM_CAPTURE);
    $glue = str_contains($front, '?') ? (preg_match('/[?&]$/', $front) && !preg_match('/\?.*\?$/', $front) ? '' : '&') : '?';
    return ['verdict' => 'accepted', 'returns' => [$made[$operation] => compact('token', 'text')[$made[$operation]] ?? "$front{$glue}signature=$token$hash$end"]];
}

for (; ($line = fgets(STDIN)) !== false; print json_encode(['id' => $id] + $found) . "\n") {
    preg_match('/"id": "([^"]*)"/', $line, $match); // PHP reads no JSON with half of a surrogate pair
    ['id' => $id, 'operation' => $operation] = $question = json_decode($line, true) ?? ['id' => $match[1], 'operation' => ''];
    try { $found = answer($operation, $question['given'] ?? [], $question['input'] ?? [], $question['want'] ?? ''); }
    catch (Refusal $refusal) { $found = ['verdict' => 'refused', 'reason' => $refusal->getMessage()]; }
}
