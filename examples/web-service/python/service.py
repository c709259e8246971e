"""A customer's web service for subscribers' messages: a file to start from.

A subscriber writes to your short code, the gateway calls this service, and what the service answers
goes back to the subscriber. Nothing but Python 3.11 is needed:

    USERIN=sandbox PASSWORDIN=sandbox python3 service.py 8000

It takes GET, POST with a form, and POST with signed JSON; that alone needs CALLBACK_SECRET, the
account's secret.

What to change: `reply_to`. What to keep: the check of the credentials, the answer's form, and that
a message which comes twice is worked on once.
"""

import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Mapping
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

LARGEST_BODY = 64 * 1024
FRESH = 300  # seconds for which a signature is good
# 3GPP TS 23.038, 6.2.1. The second line's characters take the room of two.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_DOUBLE = set("^{}\\[~]|€\f")


def reply_to(sender: str, short: str, text: str) -> str:
    """Your business: say what the subscriber is to read; "" for nothing.

    `short` may have the operator's transaction id behind it: `8785#12345`.
    """
    del sender, short
    return f"Thank you: {text}"


class Answers:
    """What has been answered, by message id: the gateway calls again when it lost an answer."""

    def __init__(self, file: str) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS answered (messageid TEXT PRIMARY KEY, answer TEXT NOT NULL)"
        )

    def of(self, fields: Mapping[str, str]) -> str:
        """Give the answer to a message: the first one, however often it comes."""
        message_id = fields.get("messageid", "")
        with self._lock:  # one after the other: work that takes long is better put into a queue
            row = self._database.execute(
                "SELECT answer FROM answered WHERE messageid = ?", (message_id,)
            ).fetchone()
            if row is not None:
                return str(row[0])
            answer = answer_to(fields)
            if message_id:
                with self._database:
                    self._database.execute(
                        "INSERT INTO answered VALUES (?, ?)", (message_id, answer)
                    )
            return answer


def answer_to(fields: Mapping[str, str]) -> str:
    """Write the answer: {SMS:TEXT}{}{short code}{subscriber}{text}, or {} for no reply."""
    sender, short = fields["sender"].lstrip("+"), fields["short"].lstrip("+")
    text = one_sms(reply_to(sender, short, fields["msgdata"]))
    # Braces in the text need no care: its last one ends it.
    return f"{{SMS:TEXT}}{{}}{{{short}}}{{{sender}}}{{{text}}}" if text else "{}"


def one_sms(text: str) -> str:
    """Cut a text to one SMS, for a longer reply is not sent: 160 GSM characters, or 70 others."""
    while _room(text) > 1:
        text = text[:-1]
    return text


def _room(text: str) -> float:
    """How much of an SMS a text takes."""
    if GSM.issuperset(set(text) - GSM_DOUBLE):
        return (len(text) + sum(character in GSM_DOUBLE for character in text)) / 160
    return len(text.encode("utf-16-be")) / 140


def is_genuine(headers: Message, body: bytes, secret: str) -> bool:
    """Tell whether the gateway made this call with JSON, a moment ago."""
    timestamp = headers.get("X-Habar-Timestamp", "")
    if not secret or not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > FRESH:
        return False
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    given = headers.get("X-Habar-Signature", "")
    return hmac.compare_digest(expected.hexdigest().encode(), given.encode())


def fields_of_json(body: bytes) -> dict[str, str]:
    """Read the parameters, which have the same names; a number or null is none of them."""
    told = json.loads(body)
    pairs = told.items() if isinstance(told, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, str)}


class Handler(BaseHTTPRequestHandler):
    """Takes GET, and POST with a form or with JSON."""

    answers: Answers
    userin: str
    passwordin: str
    secret: str
    timeout = 30

    def do_GET(self) -> None:
        """Parameters in the URL."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Parameters in the body, as a form or as JSON; what is signed is the body as it came."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self._say(HTTPStatus.BAD_REQUEST, "Content-Length is missing or too large")
            return
        body = self.rfile.read(int(length))
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            self._answer(body)
        elif not is_genuine(self.headers, body, self.secret):
            self._say(HTTPStatus.FORBIDDEN, "the signature is wrong or old")
        else:
            try:
                self._answer_fields(fields_of_json(body))
            except ValueError:
                self._say(HTTPStatus.BAD_REQUEST, "the parameters cannot be read")

    def _answer(self, body: bytes) -> None:
        query = urlsplit(self.path).query.encode("latin-1")
        given = (query + b"&" + body).decode("utf-8", "replace")
        try:
            fields = dict(parse_qsl(given, keep_blank_values=True, max_num_fields=100))
        except ValueError:
            self._say(HTTPStatus.BAD_REQUEST, "the parameters cannot be read")
            return
        self._answer_fields(fields)

    def _answer_fields(self, fields: dict[str, str]) -> None:
        missing = [name for name in ("sender", "short", "msgdata") if name not in fields]
        if not self._is_the_gateway(fields):
            self._say(HTTPStatus.FORBIDDEN, "userin or passwordin is wrong")
        elif missing:
            self._say(HTTPStatus.BAD_REQUEST, f"missing: {', '.join(missing)}")
        else:
            # Any status but 200 to 299 has the gateway call again, for 24 hours.
            self._say(HTTPStatus.OK, self.answers.of(fields))

    def _is_the_gateway(self, fields: Mapping[str, str]) -> bool:
        # compare_digest takes as long for a wrong password as for one that is nearly right.
        user = hmac.compare_digest(fields.get("userin", "").encode(), self.userin.encode())
        password = hmac.compare_digest(
            fields.get("passwordin", "").encode(), self.passwordin.encode()
        )
        return user and password

    def _say(self, status: HTTPStatus, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave the URL out of the log: the password is in it."""
        del size
        self.log_message("%s %s", self.command, int(code) if isinstance(code, int) else code)


def main() -> None:
    """Serve on 127.0.0.1, where a web server with HTTPS stands before it."""
    Handler.userin, Handler.passwordin = os.environ["USERIN"], os.environ["PASSWORDIN"]
    Handler.secret = os.environ.get("CALLBACK_SECRET", "")
    Handler.answers = Answers(os.environ.get("ANSWERS", "answers.db"))
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
