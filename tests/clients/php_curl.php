<?php
// POSTs a form by curl: a query built first, or (with "array") the array itself, as multipart.
[, $gateway, $username, $password, $recipient, $text] = $argv;
$fields = [
    'action' => 'sendmessage',
    'username' => $username,
    'password' => $password,
    'recipient' => $recipient,
    'messageType' => 'SMS:TEXT',
    'originator' => 'INFO_KAZ',
    'messagedata' => $text,
];
$curl = curl_init("$gateway/");
curl_setopt($curl, CURLOPT_POST, true);
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
curl_setopt($curl, CURLOPT_POSTFIELDS, ($argv[6] ?? '') === 'array' ? $fields : http_build_query($fields));
$answer = curl_exec($curl);
if ($answer === false || curl_getinfo($curl, CURLINFO_HTTP_CODE) !== 200) {
    exit("no answer\n");
}
preg_match('~<acceptreport>\s*<statuscode>(\d+)</statuscode>~', $answer, $code);
preg_match('~<messageid>(\d+)</messageid>~', $answer, $id);
echo $code[1] == 0 ? "sent $id[1]\n" : "error $code[1]\n";
