<?php
// A receiver of call-backs: what has become of the messages that you sent. A file to start from.
//
// The gateway calls reporturl by GET, and an account's default URL by GET or by POST with signed
// JSON. This takes both and adds a line to states.log for each:
//
//     TOKEN=any-long-word CALLBACK_SECRET=the-accounts-secret \
//         php -S 127.0.0.1:8000 -t examples/web-service/php
//
//     reporturl=http://127.0.0.1:8000/state.php?token=any-long-word&order=17
declare(strict_types=1);

require __DIR__ . '/common.php';

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $told = signed_json();
    [$message, $status] = [$told['message_id'] ?? null, $told['status'] ?? null];
    $error = $told['err'] ?? 0;
} else {
    // A GET is not signed: a word of your own in the reporturl keeps others out.
    if (!hash_equals(setting('TOKEN'), field('token') ?? '')) {
        say(403, 'token is wrong');
    }
    [$message, $status, $error] = [field('messageid'), field('status'), field('statuscode') ?? '0'];
}
if (!is_string($message) || !ctype_digit($message) || !is_string($status) || $status === '') {
    say(400, 'messageid or status is missing');
}

$take = function () use ($message, $status, $error): string {
    $folder = getenv('SERVICE_DATA') ?: sys_get_temp_dir() . '/habar-web-service';
    $line = json_encode([$message, $status, (string) $error]) . "\n";
    if (file_put_contents("$folder/states.log", $line, FILE_APPEND | LOCK_EX) === false) {
        say(500, 'the state could not be written down'); // the gateway calls again
    }
    return 'OK';
};
// The same event comes again where an answer was lost: it is written down once.
$event = $_SERVER['HTTP_X_HABAR_EVENT_ID'] ?? '';
say(200, ctype_digit($event) ? once('event', $event, $take) : $take());
