<?php
// What both programs of this folder need. Nothing but PHP 8.1 with its standard extensions.
declare(strict_types=1);

ini_set('display_errors', '0'); // what goes wrong is for the log, not for the caller

/** Ends the request with a status and a text in UTF-8. */
function say(int $status, string $text): never
{
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    echo $text;
    exit;
}

/** A setting of this service, from the environment: there is no default that everybody knows. */
function setting(string $name): string
{
    $value = getenv($name);
    if ($value === false || $value === '') {
        error_log("$name is not set");
        say(500, 'the service is not set up');
    }
    return $value;
}

const FRESH = 300; // seconds for which a signature is good

/** Whether the gateway made this call, a moment ago. */
function is_genuine(string $body): bool
{
    $timestamp = $_SERVER['HTTP_X_HABAR_TIMESTAMP'] ?? '';
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > FRESH) {
        return false;
    }
    $expected = hash_hmac('sha256', "$timestamp.$body", setting('CALLBACK_SECRET'));
    return hash_equals($expected, $_SERVER['HTTP_X_HABAR_SIGNATURE'] ?? '');
}

/** What a body of JSON says; a call whose signature is wrong or old is refused. */
function signed_json(): array
{
    $body = (string) file_get_contents('php://input'); // as it came: that is what is signed
    if (!is_genuine($body)) {
        say(403, 'the signature is wrong or old');
    }
    $told = json_decode($body, true);
    return is_array($told) ? $told : [];
}

/** Whether the call came with JSON, which is always signed. */
function is_json(): bool
{
    return str_starts_with($_SERVER['CONTENT_TYPE'] ?? '', 'application/json');
}

/** A parameter that came by GET, in a form or in JSON; null where it did not, or is a list. */
function field(string $name): ?string
{
    static $told = null;
    $told ??= is_json() ? signed_json() : $_POST + $_GET;
    $value = $told[$name] ?? null;
    return is_string($value) ? $value : null;
}

/**
 * Does something once: the first call with an id runs $work and keeps what it says; later ones get
 * that again. A file for each id, in a folder outside of what the web server shows. Put it into
 * your database instead if you have one.
 */
function once(string $kind, string $id, callable $work): string
{
    $folder = getenv('SERVICE_DATA') ?: sys_get_temp_dir() . '/habar-web-service';
    if (!is_dir($folder) && !mkdir($folder, 0700, true) && !is_dir($folder)) {
        say(500, 'the service cannot keep anything');
    }
    $file = fopen("$folder/$kind-$id", 'c+'); // 'c+': made if it is not there, never emptied
    if ($file === false || !flock($file, LOCK_EX)) {
        say(500, 'the service cannot keep anything');
    }
    $kept = stream_get_contents($file);
    if ($kept === '' || $kept === false) {
        $kept = $work();
        fwrite($file, $kept);
        fflush($file);
    }
    fclose($file); // which unlocks it
    return $kept;
}
