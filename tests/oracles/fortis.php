<?php
// Fortis' launch in PHP: md5, openssl_encrypt, hash_hmac and the JSON functions of the language, nothing else.
// Reads JSON lines, each with "do": seal, open, loose (as a reader without checks), sign or verify.
// A refusal is null. Runs on PHP 7.4 and later.

while (($line = fgets(STDIN)) !== false) {
    $case = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    echo json_encode(answer($case), JSON_PARTIAL_OUTPUT_ON_ERROR), "\n"; // loose may read an infinite number
}

function answer(array $case)
{
    switch ($case['do']) {
        case 'seal': return seal($case['pairs'], $case['secret'], hex2bin($case['salt']));
        case 'open': return open($case['data'], $case['secret']);
        case 'loose': return loose($case['data'], $case['secret']);
        case 'sign': return hash_hmac('sha256', $case['location_id'] . $case['timestamp'], $case['secret']);
        case 'verify': return verify($case['target'], $case['mode'], $case['secret'], $case['now']);
    }
    throw new LogicException($case['do']);
}

function keys(string $secret, string $salt): array
{
    for ($made = $last = ''; strlen($made) < 48; $made .= $last) {
        $last = md5($last . $secret . $salt, true);
    }
    return [substr($made, 0, 32), substr($made, 32)];
}

function seal(array $pairs, string $secret, string $salt): array
{
    [$key, $iv] = keys($secret, $salt);
    $object = (object) array_combine(array_column($pairs, 0), array_column($pairs, 1));
    $made = [];
    foreach ([0, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS, JSON_PRETTY_PRINT] as $flags) {
        $text = json_encode($object, $flags | JSON_THROW_ON_ERROR);
        $made[] = base64_encode('Salted__' . $salt . openssl_encrypt($text, 'aes-256-cbc', $key, OPENSSL_RAW_DATA, $iv));
    }
    return $made;
}

function open(string $data, string $secret): ?array
{
    $raw = base64_decode($data, true);
    if ($secret === '' || strlen($data) > 8192 || $raw === false || base64_encode($raw) !== $data) {
        return null;
    }
    if (strncmp($raw, 'Salted__', 8) !== 0 || strlen($raw) < 32 || strlen($raw) % 16) {
        return null;
    }
    [$key, $iv] = keys($secret, substr($raw, 8, 8));
    $text = openssl_decrypt(substr($raw, 16), 'aes-256-cbc', $key, OPENSSL_RAW_DATA, $iv);
    $object = $text === false ? null : json_decode($text, false, 101, JSON_BIGINT_AS_STRING);  // 100 deep
    if (!is_object($object) || !finite($object)) {
        return null;
    }
    $found = [];
    foreach (get_object_vars($object) as $name => $value) {
        $known = ['location_id', 'user_id', 'access-token', 'contact_id', 'contact_api_id', 'user_oauth_url'];
        if (!in_array((string) $name, $known, true) || $value === null) {
            continue;
        }
        if (!is_int($value) && !is_string($value)) {
            return null;
        }
        $found[] = [$name, (string) $value];
    }
    $found = present($found);
    $by_name = array_column($found, 1, 0);
    return isset($by_name['user_id']) && id($by_name['location_id'] ?? '') ? $found : null;
}

function finite($value): bool
{
    $inside = is_array($value) || is_object($value) ? array_map('finite', array_values((array) $value)) : [];
    return !in_array(false, $inside, true) && !(is_float($value) && is_infinite($value));
}

function present(array $pairs): array
{
    return array_values(array_filter($pairs, fn ($pair) => $pair[1] !== '' && strncmp($pair[1], '{{', 2) !== 0));
}

function id(string $text): bool
{
    return preg_match('/\A[0-9a-fA-F-]{24,36}\z/', $text) === 1;
}

// A reader that looks at nothing: lenient base64, any header, of two names the last.
function loose(string $data, string $secret)
{
    $raw = base64_decode($data);
    [$key, $iv] = keys($secret, substr($raw, 8, 8));
    $text = openssl_decrypt(substr($raw, 16), 'aes-256-cbc', $key, OPENSSL_RAW_DATA, $iv);
    return $text === false ? null : json_decode($text, true);
}

function verify(string $target, string $mode, string $secret, int $now): ?array
{
    $values = [];
    $query = explode('?', explode('#', $target, 2)[0], 2)[1] ?? '';
    $pieces = array_filter(explode('&', $query), 'strlen');
    if (strlen($query) > 8192 || count($pieces) > 200) {
        return null;
    }
    foreach ($pieces as $piece) {
        if (preg_match('/%(?![0-9a-fA-F]{2})|[^\x00-\x7f]/', $piece)) {
            return null;
        }
        [$name, $value] = array_map('urldecode', explode('=', $piece, 2) + [1 => '']);
        if (!preg_match('//u', $name . $value) || array_key_exists(" $name", $values)) {
            return null;
        }
        $values[" $name"] = $value;  // the blank keeps names of digits texts
    }
    foreach (array_keys($values) as $name) {
        parse_str(urlencode(substr($name, 1)) . '=1', $read);  // what $_GET would call it
        $other = ' ' . array_key_first($read);
        if ($read && $other !== $name && array_key_exists($other, $values)) {
            return null;
        }
    }
    if ($mode === 'encrypted') {
        return open($values[' data'] ?? '', $secret);
    }
    [$location, $time, $hmac] = [$values[' location_id'] ?? '', $values[' timestamp'] ?? '', $values[' hmac'] ?? ''];
    $right = $secret !== '' && id($location) && preg_match('/\A[0-9]{10}\z/', $time)
        && hash_equals(hash_hmac('sha256', $location . $time, $secret), $hmac)
        && $now - (int) $time <= 300 && (int) $time - $now <= 60;
    unset($values[' hmac']);
    return $right ? present(array_map(fn ($name) => [substr($name, 1), $values[$name]], array_keys($values))) : null;
}
