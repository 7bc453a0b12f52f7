<?php
// RetailCRM's registration in PHP: hash_hmac, hash_equals, json_encode, json_decode and the form functions
// of the language, nothing else. Reads JSON lines. For {"api_key", "secret", "system_url"} it writes the
// token and the same registration as four writers of PHP write it; for {"body", "secret"} whether a
// verifier of PHP accepts it.

while (($line = fgets(STDIN)) !== false) {
    $case = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    $answer = isset($case['body']) ? verified($case['body'], $case['secret']) : written($case);
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
