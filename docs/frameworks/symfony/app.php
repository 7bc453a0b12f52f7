<?php

// A partner endpoint for OfficeRnD with Symfony's HttpFoundation; in a controller, $request is an argument.
// To try it: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... php -S 127.0.0.1:8000 app.php

declare(strict_types=1);

use Handshakes\OfficeRnd;
use Handshakes\Strict;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;

require 'Symfony/Component/HttpFoundation/autoload.php'; // Debian's; with Composer: vendor/autoload.php
require __DIR__ . '/../../verifiers/php/officernd.php';

function healthcheck(Request $request): Response
{
    $raw = (string) $request->server->get('QUERY_STRING'); // not getQueryString(), getUri() or $request->query
    OfficeRnd\verifyQuery("?$raw", (string) getenv('OFFICERND_SECRET'), time());
    return new JsonResponse(['accountName' => 'Example account']);
}

function removed(Request $request): Response
{
    $body = $request->getContent(); // the raw body; post_max_size does not bound it
    if (strlen($body) > OfficeRnd\MOST_BODY) Strict\refuse('too-large');
    $header = trim((string) $request->headers->get('officernd-signature'), " \t"); // some servers keep it
    OfficeRnd\verifyWebhook($body, $header, (string) getenv('OFFICERND_WEBHOOK_SECRET'), time());
    return new Response(status: 204);
}

$request = Request::createFromGlobals();
try {
    $response = match ($request->getMethod() . ' ' . $request->getPathInfo()) {
        'GET /healthcheck' => healthcheck($request),
        'POST /removed' => removed($request),
        default => new Response(status: 404),
    };
} catch (Strict\Refused $error) {
    error_log("refused: $error->reason"); // for the operator; the client learns no reason
    $response = new JsonResponse(['message' => 'The request could not be verified.'], 401);
}
$response->send();
