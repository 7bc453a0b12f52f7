<?php

// A partner endpoint for OfficeRnD in plain PHP, for every path below the one it is installed at. To try it:
// OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... php -d enable_post_data_reading=0 -S 127.0.0.1:8000 app.php
// Under PHP-FPM, put enable_post_data_reading = 0 into .user.ini beside it.

declare(strict_types=1);

use Handshakes\OfficeRnd;
use Handshakes\Strict;

require __DIR__ . '/../../verifiers/php/officernd.php';

$secret = (string) getenv('OFFICERND_SECRET'); // read it by organisation in a real integration
$webhookSecret = (string) getenv('OFFICERND_WEBHOOK_SECRET');

try {
    switch ($_SERVER['REQUEST_METHOD'] . ' ' . parse_url('http://x' . $_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
        case 'GET /healthcheck':
            $target = $_SERVER['REQUEST_URI']; // or '?' . $_SERVER['QUERY_STRING'], but not $_GET
            OfficeRnd\verifyQuery($target, $secret, time());
            header('Content-Type: application/json');
            echo json_encode(['accountName' => 'Example account']);
            break;
        case 'POST /removed':
            $body = file_get_contents('php://input', length: OfficeRnd\MOST_BODY + 1); // not $_POST
            if (strlen($body) > OfficeRnd\MOST_BODY) Strict\refuse('too-large');
            $header = trim($_SERVER['HTTP_OFFICERND_SIGNATURE'] ?? '', " \t"); // some servers keep white space
            OfficeRnd\verifyWebhook($body, $header, $webhookSecret, time());
            http_response_code(204);
            break;
        default:
            http_response_code(404);
    }
} catch (Strict\Refused $error) {
    error_log("refused: $error->reason"); // for the operator; the client learns no reason
    http_response_code(401);
    header('Content-Type: application/json');
    echo json_encode(['message' => 'The request could not be verified.']);
}
