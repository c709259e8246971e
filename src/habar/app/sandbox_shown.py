"""What the sandbox shows of a subscriber's message: the message, the call, its answer, the reply.

    77771234567 -> 8785#12345  'Hello'
      call    GET http://127.0.0.1:41111/thank-you
              userin=sandbox passwordin=*** sender=77771234567 short=8785#12345
              msgdata='Hello' senttime='' receivedtime='2026-11-27 12:00:00' messageid=1
      answer  200 '{SMS:TEXT}{}{8785#12345}{77771234567}{Thank you: Hello}'
      reply   8785#12345 -> 77771234567  'Thank you: Hello'

Guarantees: no password; nothing that others wrote can do more to a terminal than be read.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl

from habar.callbacks import Answer, Calling, Request
from habar.simulator import Received, SubscriberMessage, conversation_of

_MASKED = "***"
_SECRET = re.compile(r"pass|secret|token|key", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.+#:/@-]+", re.ASCII)
_LONGEST_ANSWER = 500
_INDENT = " " * 10
_COLUMNS = 80
"""What a terminal has: fields that would go over it begin another line."""
_OPEN_KEPT = 1_000


class Shown:
    """Tells lines to `tell`."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._open: OrderedDict[tuple[str, str], None] = OrderedDict()
        """Conversations of the newest messages."""

    def _say(self, line: str) -> None:
        """Tell a line; where nobody can read, the messages go on all the same."""
        try:
            self._tell(line)
        except UnicodeEncodeError:  # a terminal that has not these letters
            self._tell(line.encode("ascii", "backslashreplace").decode("ascii"))
        except OSError:
            self._tell = _told_to_nobody

    def asked(self, message: SubscriberMessage) -> None:
        """A subscriber's message is at the simulator."""
        conversation = conversation_of(message)
        self._open[conversation] = None
        self._open.move_to_end(conversation)
        if len(self._open) > _OPEN_KEPT:
            self._open.popitem(last=False)
        self._say(f"{message.source} -> {message.address}  {message.text!r}")

    def taken(self, received: Received) -> None:
        """A submit_sm has arrived at the simulator: shown where it is a reply."""
        if conversation_of(received) in self._open:
            self._say(f"  reply   {received.source} -> {received.destination}  {received.text!r}")

    def called(self, request: Request) -> None:
        """A web service is being called."""
        address, _, query = request.url.partition("?")
        self._say(f"  call    {request.method} {_readable(address)}")
        for line in _lines(
            [*parse_qsl(query, keep_blank_values=True), *_fields(request.body or b"")]
        ):
            self._say(_INDENT + line)

    def answered(self, answer: Answer) -> None:
        """It has answered, or has not."""
        if not answer.status:
            self._say(f"  answer  none: {answer.error}")
            return
        text = answer.body.decode("utf-8", "replace")[:_LONGEST_ANSWER]
        self._say(f"  answer  {answer.status} {text!r}")


def _told_to_nobody(line: str) -> None:
    del line


class ShownCalls(Calling):
    """Makes calls as `client` does, and shows each."""

    def __init__(self, client: Calling, shown: Shown) -> None:
        self._client = client
        self._shown = shown

    async def call(self, request: Request, seconds: float) -> Answer:
        """Make the call."""
        self._shown.called(request)
        answer = await self._client.call(request, seconds)
        self._shown.answered(answer)
        return answer

    async def close(self) -> None:
        """End."""
        await self._client.close()


def _fields(body: bytes) -> Iterable[tuple[str, object]]:
    text = body.decode("utf-8", "replace")
    if not text.startswith("{"):
        return parse_qsl(text, keep_blank_values=True)
    try:
        fields = json.loads(text)
    except ValueError:
        return [("body", text)]
    return list(fields.items()) if isinstance(fields, dict) else [("body", text)]


def _lines(fields: Iterable[tuple[str, object]]) -> list[str]:
    lines: list[str] = []
    for name, value in fields:
        word = f"{_readable(name)}={_value(name, value)}"
        if lines and len(_INDENT) + len(lines[-1]) + 1 + len(word) <= _COLUMNS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _readable(text: str) -> str:
    """As it is, or with its odd signs escaped: a customer's URL has names of his own."""
    return text if text.isprintable() else repr(text)


def _value(name: str, value: object) -> str:
    if _SECRET.search(name):
        return _MASKED
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _PLAIN.fullmatch(value) else repr(value)
