<?php

// Speaks the line protocol of `handshakes vectors run` for the verifiers of this folder; with `--serve PLATFORM`,
// serves the platform's handler instead. Only tests need this file.

declare(strict_types=1);

use Handshakes\Fortis;
use Handshakes\OfficeRnd;
use Handshakes\OnOffice;
use Handshakes\RetailCrm;
use Handshakes\Strict;
use Handshakes\Strict\JsonNumber;
use Handshakes\Strict\JsonObject;
use Handshakes\Strict\Refused;
use Handshakes\Strict\Response;

foreach (['officernd', 'retailcrm', 'onoffice', 'fortis'] as $platform) require_once __DIR__ . "/$platform.php";

/** The members of an object of a question, as values of PHP. */
final class Values
{
    public function __construct(private readonly JsonObject $object)
    {
    }

    public function has(string $name): bool
    {
        return $this->object->get($name) !== null;
    }

    public function __get(string $name): mixed
    {
        $value = $this->object->get($name);
        if ($name === 'parameters') return $value; // onOffice tells `{}` from `[]`
        return self::plain($value);
    }

    private static function plain(mixed $value): mixed
    {
        return match (true) {
            $value instanceof JsonNumber => (int) $value->text,
            is_array($value) => array_map(self::plain(...), $value),
            $value instanceof JsonObject && $value->get('hex') !== null => hex2bin($value->get('hex')),
            $value instanceof JsonObject => $value->get('utf8'),
            default => $value,
        };
    }

    /** Return those that are there, under the names of a function's parameters. */
    public function named(string ...$names): array
    {
        $there = array_filter($names, fn (string $name): bool => $this->has($name));
        return array_combine(array_keys($there), array_map(fn (string $name): mixed => $this->$name, $there));
    }
}

function returned(string $operation, Values $input, Values $given): ?array
{
    $clock = fn (): array => $given->named(now: 'now', tolerance: 'tolerance');
    $allowed = fn (): array => $given->named(allowed: 'allowed');
    $call = fn (): array => $input->named(
        token: 'token',
        apiKey: 'api_key',
        timestamp: 'timestamp',
        resourceType: 'resource_type',
        actionId: 'action_id',
        version: 'version',
        identifier: 'identifier',
        resourceId: 'resource_id',
        parameters: 'parameters',
    );
    return match ($operation) {
        'officernd.verify_query' => OfficeRnd\verifyQuery($input->target, $given->secret, ...$clock()),
        'officernd.verify_webhook' => OfficeRnd\verifyWebhook($input->body, $input->header, $given->secret, ...$clock()),
        'officernd.sign_query' => ['signature' => OfficeRnd\signQuery($input->pairs, $input->timestamp, $given->secret)],
        'officernd.sign_webhook' => ['signature' => OfficeRnd\signWebhook($input->body, $input->timestamp, $given->secret)],
        'retailcrm.verify_registration' => RetailCrm\verifyRegistration($input->body, $input->content_type, $given->secret),
        'retailcrm.registration_token' => ['token' => RetailCrm\registrationToken($input->api_key, $given->secret)],
        'retailcrm.canonical_system_url' => ['url' => RetailCrm\canonicalSystemUrl($input->url, ...$allowed())],
        'onoffice.verify_url' => OnOffice\verifyUrl($input->target, $given->secret, ...$clock()),
        'onoffice.sign_url' => ['url' => OnOffice\signUrl($input->target, $given->secret)],
        'onoffice.string_to_sign' => ['text' => OnOffice\signedBytes($input->target)],
        'onoffice.api_hmac' => ['hmac' => OnOffice\apiHmac(...$call())],
        'onoffice.unlock_answer' => ['success' => OnOffice\unlockAnswer($input->status, $input->body)],
        'fortis.verify_launch' => Fortis\verifyLaunch($input->target, $given->mode, $given->secret, $given->now ?? 0),
        'fortis.decrypt_parameters' => Fortis\decryptParameters($input->data, $given->secret),
        'fortis.encrypt_parameters' => ['data' => Fortis\encryptParameters($input->pairs, $given->secret, $input->salt)],
        'fortis.launch_hmac' => ['hmac' => Fortis\launchHmac($input->location_id, $input->timestamp, $given->secret)],
        default => null,
    };
}

/** Return the last of the bytes that lie between the input and the key. */
function staged(string $operation, Values $input): ?array
{
    return match ($operation) {
        'officernd.verify_query' => ['message' => OfficeRnd\signedBytes($input->target)],
        'officernd.verify_webhook' => ['message' => OfficeRnd\signedWebhookBytes($input->body, $input->header)],
        'officernd.sign_query' => ['message' => OfficeRnd\queryMessage($input->pairs, (string) $input->timestamp)],
        'officernd.sign_webhook' => ['message' => OfficeRnd\webhookMessage($input->body, (string) $input->timestamp)],
        'retailcrm.verify_registration' => ['message' => RetailCrm\signedBytes($input->body, $input->content_type)],
        'retailcrm.registration_token' => ['message' => RetailCrm\message($input->api_key)],
        'onoffice.verify_url',
        'onoffice.sign_url',
        'onoffice.string_to_sign' => ['message' => OnOffice\signedBytes($input->target)],
        'fortis.verify_launch' => launchStages($input->target),
        'fortis.decrypt_parameters' => ['salt' => Fortis\readData($input->data)[0]],
        'fortis.encrypt_parameters' => ['text' => Strict\writeObject($input->pairs), 'salt' => $input->salt],
        'fortis.launch_hmac' => ['message' => Fortis\message($input->location_id, $input->timestamp)],
        default => null,
    };
}

/** A question about stages does not name the mode, so this says what is there for either. */
function launchStages(string $target): array
{
    $found = [];
    $read = [
        'message' => fn (): string => Fortis\signedBytes($target),
        'salt' => fn (): string => Fortis\readData(Strict\required(Fortis\readTarget($target, 'encrypted'), 'data'))[0],
    ];
    foreach ($read as $stage => $bytes) {
        try {
            $found[$stage] = $bytes();
        } catch (Refused $refused) { // it is of the other mode
        }
    }
    return $found !== [] ? $found : throw $refused;
}

function answer(JsonObject $question): array
{
    $values = fn (string $name): Values => new Values($question->get($name) ?? new JsonObject([]));
    $operation = $question->get('operation');
    try {
        if ($question->get('want') === 'stages') {
            $stages = staged($operation, $values('input'));
            $written = array_map(fn (string $bytes): array => ['hex' => bin2hex($bytes)], $stages ?? []);
            return $stages === null ? ['verdict' => 'unsupported'] : ['verdict' => 'accepted', 'stages' => $written];
        }
        $returns = returned($operation, $values('input'), $values('given'));
        return $returns === null ? ['verdict' => 'unsupported'] : ['verdict' => 'accepted', 'returns' => $returns];
    } catch (Refused $refused) {
        return ['verdict' => 'refused', 'reason' => $refused->reason];
    }
}

function answerLines(): void
{
    while (($line = fgets(STDIN)) !== false) {
        try {
            $question = Strict\readJson($line, 1000);
            [$id, $answer] = [$question->get('id'), answer($question)];
        } catch (Refused $refused) { // half of a surrogate pair, which no text of PHP can hold
            preg_match('/"id": *"([^"\\\\]*+)"/', $line, $found);
            [$id, $answer] = [$found[1], ['verdict' => 'refused', 'reason' => $refused->reason]];
        }
        echo json_encode(['id' => $id] + $answer, JSON_THROW_ON_ERROR), "\n";
    }
}

/** Answer one request. The secrets are those of the vectors: public, and good for tests alone. */
function respond(string $platform, int $now): Response
{
    $page = fn (): Response => new Response(200, 'text/html; charset=utf-8', '<!DOCTYPE html><title>Open</title><p>Open.</p>');
    $log = fn (string $line) => file_put_contents('php://stderr', "$line\n");
    return match ($platform) {
        'officernd' => OfficeRnd\handle(
            'example-integration-secret',
            'example-webhook-secret',
            fn (): Response => Response::json(200, ['accountName' => 'Example']),
            $now,
            $log,
        ),
        'retailcrm' => RetailCrm\handle('secret', fn (): Response => Response::json(200, ['success' => true]), log: $log),
        'onoffice' => OnOffice\handle('http://127.0.0.1', 'hier Anbietersecret einsetzen', $page, $now, $log),
        'fortis' => Fortis\handle('plain', '3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3', $page, $now, $log),
    };
}

/** Serve a handler on a free port of this machine, with PHP's own server, until the input ends or SIGTERM comes. */
function serve(string $platform, string $now): void
{
    $probe = stream_socket_server('tcp://127.0.0.1:0');
    $address = stream_socket_get_name($probe, false);
    fclose($probe);
    $command = [PHP_BINARY, '-q', '-d', 'enable_post_data_reading=0', '-S', $address, __FILE__];
    $environment = ['SERVE_PLATFORM' => $platform, 'SERVE_NOW' => $now] + getenv();
    $server = proc_open($command, [['file', '/dev/null', 'r'], STDERR, STDERR], $pipes, null, $environment);
    $stop = function () use ($server): never {
        proc_terminate($server);
        exit(0);
    };
    pcntl_async_signals(true);
    pcntl_signal(SIGTERM, $stop, false);
    while (!($connection = @stream_socket_client("tcp://$address"))) usleep(10_000);
    fwrite($connection, "-\r\n\r\n"); // no request: the server closes the connection, and so it runs
    stream_get_contents($connection);
    echo "http://$address\n";
    do {
        [$readable, $writable, $urgent] = [[STDIN], null, null];
    } while (!@stream_select($readable, $writable, $urgent, 0, 200_000) || fgets(STDIN) !== false);
    $stop();
}

if (PHP_SAPI === 'cli-server') respond(getenv('SERVE_PLATFORM'), (int) getenv('SERVE_NOW'))->send();
elseif (($argv[1] ?? '') === '--serve') serve($argv[2], $argv[4]);
else answerLines();
