<?php

// What plain PHP and Symfony's HttpFoundation make of a query and of a body; the router script of php -S.
// The path names the program: /php or /symfony. The answer is the views as one JSON object.

declare(strict_types=1);

if (str_starts_with($_SERVER['REQUEST_URI'], '/symfony')) {
    require 'Symfony/Component/HttpFoundation/autoload.php';
    $request = Symfony\Component\HttpFoundation\Request::createFromGlobals();
    $seen = [
        'raw' => $request->server->get('QUERY_STRING'),
        'target' => $request->getRequestUri(),
        'query_string' => $request->getQueryString(),
        'uri' => $request->getUri(),
        'content' => $request->getContent(),
    ];
} else {
    $seen = [
        'raw' => $_SERVER['QUERY_STRING'] ?? '',
        'target' => $_SERVER['REQUEST_URI'],
        'get' => $_GET,
        'names' => array_map(strval(...), array_keys($_GET)),
        'post' => $_POST,
        'input' => file_get_contents('php://input'),
        'header' => $_SERVER['HTTP_X_TWICE'] ?? null,
    ];
}
header('Content-Type: application/json');
echo json_encode($seen, JSON_THROW_ON_ERROR | JSON_FORCE_OBJECT);
