<?php
// An adapter for `handshakes vectors run`: reads a question a line, answers with a line. PHP 8.1 or newer.

class Refusal extends Exception {}
function refuse(string $reason): never { throw new Refusal($reason); }

function message(string $operation, array $input): string // what is signed; no key is needed up to here
{
    if ($operation === 'retailcrm.registration_token') {
        return $input['api_key'] === '' ? refuse('empty-parameter') : $input['api_key'];
    }
    [$base, $query] = explode('?', $input['target'], 2) + [1 => ''];
    $names = array_map(fn ($pair) => urldecode(explode('=', $pair, 2)[0]), array_filter(explode('&', $query), 'strlen'));
    if (count($names) !== count(array_unique($names)) || in_array('signature', $names, true)) refuse('duplicate-parameter');
    foreach ($names as $name) if ($name === '' || preg_match('/[.\[\] ]|^-?[0-9]/', $name)) refuse('malformed');
    if (!mb_check_encoding(urldecode($query), 'UTF-8') || parse_url($base, PHP_URL_PATH) === null) refuse('malformed');
    parse_str($query, $values);
    ksort($values);
    return $base . '?' . http_build_query($values);
}

function answer(array $question): array
{
    ['operation' => $operation, 'input' => $input] = $question;
    $made = ['retailcrm.registration_token' => 'token', 'onoffice.string_to_sign' => 'text', 'onoffice.sign_url' => 'url'];
    if (!isset($made[$operation])) return ['verdict' => 'unsupported'];
    $secret = $question['given']['secret'] ?? 'none';
    if ($secret === '' || str_contains($secret, "\0")) refuse($secret === '' ? 'empty-secret' : 'malformed');
    $message = message($operation, $input);
    if (isset($question['want'])) return ['verdict' => 'accepted', 'stages' => ['message' => ['hex' => bin2hex($message)]]];
    $digest = hash_hmac('sha256', $message, $secret);
    $values = ['token' => $digest, 'text' => $message, 'url' => ($input['target'] ?? '') . "&signature=$digest"];
    return ['verdict' => 'accepted', 'returns' => [$made[$operation] => $values[$made[$operation]]]];
}

while (($line = fgets(STDIN)) !== false) {
    $question = json_decode($line, true);
    try { $found = answer($question); } catch (Refusal $refusal) { $found = ['verdict' => 'refused', 'reason' => $refusal->getMessage()]; }
    echo json_encode(['id' => $question['id']] + $found), "\n";
}
