<?php
// Opens a URL that it put together by hand: nothing in it is encoded.
[, $gateway, $username, $password, $recipient, $text] = $argv;
$url = "$gateway/api?action=sendmessage&username=$username&password=$password"
    . "&recipient=$recipient&messagetype=SMS:TEXT&originator=INFO_KAZ&messagedata=$text";
$answer = file_get_contents($url);
if ($answer === false) {
    exit("no answer\n");
}
preg_match('~<statuscode>(\d+)</statuscode>~', $answer, $code);
preg_match('~<messageid>(\d+)</messageid>~', $answer, $id);
preg_match('~<errormessage>(.*?)</errormessage>~', $answer, $error);
echo $code[1] === '0' ? "sent $id[1]\n" : "error $code[1]: $error[1]\n";
