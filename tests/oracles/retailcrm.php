<?php
// RetailCRM's registration in PHP: hash_hmac, hash_equals, json_encode, json_decode and the form functions
// of the language, nothing else. Reads JSON lines. For {"api_key", "secret", "system_url"} it writes the
// token and the same registration as four writers of PHP write it; for {"body", "secret"} whether a
// verifier of PHP, as it is usually written, accepts it; for {"operation", "given", "input"}, a vector, a
// verdict and, where it is accepted, what comes out. The last is written from the clauses and the adopted
// readings of the register; no rule in it was taken from a program. Runs on PHP 7.4 and later.

while (($line = fgets(STDIN)) !== false) {
    $case = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    if (isset($case['operation'])) {
        $answer = judged($case);
    } else {
        $answer = isset($case['body']) ? verified($case['body'], $case['secret']) : written($case);
    }
    echo json_encode($answer, JSON_THROW_ON_ERROR), "\n";
}

function written(array $case): array
{
    $token = hash_hmac('sha256', $case['api_key'], $case['secret']);
    $members = ['token' => $token, 'apiKey' => $case['api_key'], 'systemUrl' => $case['system_url']];
    $bodies = [];
    foreach ([0, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRETTY_PRINT] as $flags) {
        $fields = ['register' => json_encode($members, $flags | JSON_THROW_ON_ERROR)];
        foreach ([PHP_QUERY_RFC1738, PHP_QUERY_RFC3986] as $encoding) {
            $bodies[] = http_build_query($fields, '', '&', $encoding);
        }
    }
    return ['token' => $token, 'bodies' => $bodies];
}

function verified(string $body, string $secret): bool
{
    parse_str($body, $fields);
    if (!isset($fields['register']) || !is_string($fields['register'])) {
        return false;
    }
    $members = json_decode($fields['register'], true);
    $key = $members['apiKey'] ?? null;
    $token = $members['token'] ?? null;
    return is_string($key) && is_string($token) && hash_equals(hash_hmac('sha256', $key, $secret), $token);
}

// --- vectors ---------------------------------------------------------------------------------------

class Refused extends Exception
{
}

function must(bool $held): void
{
    if (!$held) {
        throw new Refused();
    }
}

function judged(array $case): array
{
    $operation = substr($case['operation'], strlen('retailcrm.'));
    try {
        return ['verdict' => 'accepted', 'returns' => $operation($case['given'], $case['input'])];
    } catch (Refused $refused) {
        return ['verdict' => 'refused'];
    }
}

function registration_token(array $given, array $input): array
{
    return ['token' => token($given['secret'], $input['api_key'])];
}

// token.value, token.message, token.key; token.empty-secret, token.nul
function token(string $secret, string $key): string
{
    must($secret !== '' && $key !== '' && strpos($secret . $key, "\0") === false);
    return hash_hmac('sha256', $key, $secret);
}

function verify_registration(array $given, array $input): array
{
    must($given['secret'] !== '' && strpos($given['secret'], "\0") === false);
    $body = $input['body']['utf8'] ?? hex2bin($input['body']['hex']);
    must(strlen($body) <= 64 * 1024); // register.size
    $type = strtolower(trim(explode(';', $input['content_type'])[0], " \t"));
    must($type === 'application/x-www-form-urlencoded'); // register.encoding; PHP reads multipart in a server alone
    $found = json_decode(fields($body)['register'] ?? '', false, 101); // register.json; PHP counts one more
    must(is_object($found));
    foreach (['token', 'apiKey', 'systemUrl'] as $name) { // register.members
        must(is_string($found->$name ?? null) && $found->$name !== '');
    }
    must(preg_match('/\A[0-9a-f]{64}\z/', $found->token) === 1); // token.digest
    must(hash_equals(token($given['secret'], $found->apiKey), $found->token)); // token.verify
    $parameters = [];
    foreach (get_object_vars($found) as $name => $value) {
        if ($name === 'apiKey' || $name === 'systemUrl') {
            $parameters[] = [$name, $value];
        }
    }
    return [
        'parameters' => $parameters, 'api_key' => $found->apiKey, 'system_url' => $found->systemUrl,
        'covered' => ['apiKey'], 'not_covered' => ['systemUrl'], // token.coverage
    ];
}

// register.encoding, register.once: parse_str would rename fields and keep the last of two
function fields(string $body): array
{
    must(preg_match('/[\x80-\xff]/', $body) === 0);
    $fields = [];
    must(count(array_filter(explode('&', $body), 'strlen')) <= 200);
    foreach (array_filter(explode('&', $body), 'strlen') as $piece) {
        must(preg_match('/%(?![0-9A-Fa-f]{2})/', $piece) === 0);
        [$name, $value] = array_map('urldecode', explode('=', $piece, 2) + [1 => '']);
        must(preg_match('~~u', $name . $value) === 1 && !array_key_exists($name, $fields));
        $fields[$name] = $value;
        parse_str(strtr(rawurlencode($name), ['%5B' => '[', '%5D' => ']']) . '=x', $read);
        $left = ltrim(explode("\0", $name)[0], ' '); // PHP drops a field if this is "" or begins with a bracket
        $named[] = $read === [] ? $left : (string) array_key_first($read);
    }
    foreach (array_keys($fields) as $i => $name) { // a name that PHP changes must not be that of another field
        must($named[$i] === (string) $name || !array_key_exists($named[$i], $fields));
    }
    return $fields;
}

function canonical_system_url(array $given, array $input): array
{
    // system-url.parts, system-url.path: scheme, host, port and slashes, and nothing else
    must(preg_match('~\A([a-z]+)://([a-z0-9.-]+)(:[0-9]+)?/*\z~i', $input['url'], $match) === 1);
    [$scheme, $host, $port] = array_map('strtolower', array_slice($match, 1) + [2 => '']); // system-url.canonical
    foreach (explode('.', $host) as $label) {
        must(preg_match('/\A[a-z0-9]([a-z0-9-]*[a-z0-9])?\z/', $label) === 1);
    }
    $origin = "$scheme://$host$port";
    $below = 'https://*' . strstr($host, '.'); // system-url.allowed: one label below
    $listed = $scheme === 'https' && $port === '' && strpos($host, '.') !== false && in_array($below, $given['allowed'], true);
    must($listed || in_array($origin, $given['allowed'], true)); // system-url.scheme, system-url.port
    return ['url' => $origin];
}
