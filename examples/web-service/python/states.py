"""A receiver of call-backs: what has become of the messages that you sent. A file to start from.

The gateway calls `reporturl` by GET, and an account's default URL by GET or by POST with signed
JSON. This takes both and keeps the newest state of each message:

    TOKEN=any-long-word CALLBACK_SECRET=the-accounts-secret python3 states.py 8001

    reporturl=http://127.0.0.1:8001/?token=any-long-word&order=17
"""

import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

LARGEST_BODY = 64 * 1024
FRESH = 300  # seconds for which a signature is good


class States:
    """The newest state of each message, and the events that have been taken."""

    def __init__(self, file: str) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.executescript(
            "CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY);"
            "CREATE TABLE IF NOT EXISTS state (messageid TEXT PRIMARY KEY, status TEXT, err TEXT)"
        )

    def take(self, event: str, message_id: str, status: str, err: str) -> None:
        """Write a state down; an event that comes again changes nothing.

        For one message the events come in their order, so the last one is the newest.
        """
        with self._lock, self._database:  # one transaction: on disk before it is answered
            known = self._database.execute("SELECT 1 FROM event WHERE id = ?", (event,)).fetchone()
            if event and known:
                return
            if event:
                self._database.execute("INSERT INTO event VALUES (?)", (event,))
            self._database.execute(
                "INSERT OR REPLACE INTO state VALUES (?, ?, ?)", (message_id, status, err)
            )


def is_genuine(headers: Message, body: bytes, secret: str) -> bool:
    """Tell whether the gateway made this call, a moment ago."""
    timestamp = headers.get("X-Habar-Timestamp", "")
    if not secret or not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > FRESH:
        return False
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    given = headers.get("X-Habar-Signature", "")
    return hmac.compare_digest(expected.hexdigest().encode(), given.encode())


class Handler(BaseHTTPRequestHandler):
    """Takes a state by GET, and by POST with JSON."""

    states: States
    token: str
    secret: str
    timeout = 30

    def do_GET(self) -> None:
        """Take the parameters of a reporturl, added to those that it has itself."""
        query = urlsplit(self.path).query.encode("latin-1").decode("utf-8", "replace")
        try:
            fields = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100))
        except ValueError:
            self._say(HTTPStatus.BAD_REQUEST, "the parameters cannot be read")
            return
        # A GET is not signed: a word of your own in the reporturl keeps others out.
        if not hmac.compare_digest(fields.get("token", "").encode(), self.token.encode()):
            self._say(HTTPStatus.FORBIDDEN, "token is wrong")
        elif not fields.get("messageid") or not fields.get("status"):
            self._say(HTTPStatus.BAD_REQUEST, "messageid or status is missing")
        else:
            self._take(fields["messageid"], fields["status"], fields.get("statuscode", "0"))

    def do_POST(self) -> None:
        """JSON; the signature is that of the body as it came."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self._say(HTTPStatus.BAD_REQUEST, "Content-Length is missing or too large")
            return
        body = self.rfile.read(int(length))
        if not is_genuine(self.headers, body, self.secret):
            self._say(HTTPStatus.FORBIDDEN, "the signature is wrong or old")
            return
        try:
            told = json.loads(body)
            self._take(str(told["message_id"]), str(told["status"]), str(told.get("err") or 0))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._say(HTTPStatus.BAD_REQUEST, "message_id or status is missing")

    def _take(self, message_id: str, status: str, err: str) -> None:
        self.states.take(self.headers.get("X-Habar-Event-Id", ""), message_id, status, err)
        # Only after it is written down: the gateway calls again until it reads 200.
        self._say(HTTPStatus.OK, "OK")

    def _say(self, status: HTTPStatus, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave the URL out of the log: the token and the text are in it."""
        del size
        self.log_message("%s %s", self.command, int(code) if isinstance(code, int) else code)


def main() -> None:
    """Serve on 127.0.0.1, where a web server with HTTPS stands before it."""
    Handler.token, Handler.secret = os.environ["TOKEN"], os.environ["CALLBACK_SECRET"]
    Handler.states = States(os.environ.get("STATES", "states.db"))
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8001
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
