<?php
// A customer's web service for subscribers' messages: a file to start from.
//
// A subscriber writes to your short code, the gateway calls this page, and what the page answers goes
// back to the subscriber. It takes GET, POST with a form, and POST with signed JSON; that alone needs
// CALLBACK_SECRET, the account's secret.
//
//     USERIN=sandbox PASSWORDIN=sandbox php -S 127.0.0.1:8000 -t examples/web-service/php
//
// What to change: reply_to. What to keep: the check of the credentials, the answer's form, and that
// a message which comes twice is worked on once.
declare(strict_types=1);

require __DIR__ . '/common.php';

/** Your business: what the subscriber is to read; '' for nothing. */
function reply_to(string $sender, string $short, string $text): string
{
    return "Thank you: $text";
}

// 3GPP TS 23.038, 6.2.1. The characters of GSM_DOUBLE take the room of two.
const GSM = "@£\$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    . '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const GSM_DOUBLE = "^{}\\[~]|€\f";

/** The characters of a text in UTF-8; what is none is left out. */
function characters(string $text): array
{
    $clean = preg_match('//u', $text) ? $text : iconv('UTF-8', 'UTF-8//IGNORE', $text);
    return preg_split('//u', (string) $clean, -1, PREG_SPLIT_NO_EMPTY) ?: [];
}

/** How much of an SMS so many characters take: 160 of the GSM alphabet fit, or 70 others. */
function room(array $characters): float
{
    $doubles = array_intersect($characters, characters(GSM_DOUBLE));
    if (array_diff($characters, characters(GSM), $doubles) === []) {
        return (count($characters) + count($doubles)) / 160;
    }
    return strlen((string) iconv('UTF-8', 'UTF-16BE', implode('', $characters))) / 140;
}

/** A text cut to one SMS: a longer reply is not sent. */
function one_sms(string $text): string
{
    $characters = array_slice(characters($text), 0, 160);
    while (room($characters) > 1) {
        array_pop($characters);
    }
    return implode('', $characters);
}

// hash_equals takes as long for a wrong password as for one that is nearly right.
$user = hash_equals(setting('USERIN'), field('userin') ?? '');
$password = hash_equals(setting('PASSWORDIN'), field('passwordin') ?? '');
if (!$user || !$password) {
    say(403, 'userin or passwordin is wrong');
}
foreach (['sender', 'short', 'msgdata'] as $name) {
    if (field($name) === null) {
        say(400, "missing: $name"); // any status but 200 to 299: the gateway calls again, for 24 h
    }
}

$answer = function (): string {
    // Some operators put a transaction id behind the short code, 8785#12345: it goes back as it is.
    $short = ltrim(field('short'), '+');
    $sender = ltrim(field('sender'), '+');
    $text = one_sms(reply_to($sender, $short, field('msgdata')));
    // Braces in the text need no care: its last one ends it. {} means: received, no reply.
    return $text === '' ? '{}' : "{SMS:TEXT}{}{{$short}}{{$sender}}{{$text}}";
};
$id = field('messageid') ?? '';
if ($id !== '' && !ctype_digit($id)) {
    say(400, 'messageid is no number');
}
say(200, $id === '' ? $answer() : once('answer', $id, $answer));
