"""The sandbox's subscribers: who writes, who answers, and what is shown of it.

Guarantees: the short code is given to demo once, in a database that has never had one; one that
somebody has changed or removed stays as it is, save that the sandbox's own web service, which has
another port at each start, is found again. Without a control socket (a path too long, a disk that
cannot have one) the sandbox goes on, and says so in the log.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import structlog

from habar.app.sandbox import DEMO, SHORT_CODE
from habar.app.sandbox_service import PASSWORDIN, PATH, USERIN, ThankYou
from habar.app.sandbox_shown import Shown, ShownCalls
from habar.callbacks import Calling
from habar.errors import Conflict
from habar.simulator import SOCKET, Control, ControlError, Simulator
from habar.store.books import Books
from habar.store.inbox import CallMethod, Inbox, Rule

log = structlog.get_logger("habar.sandbox")
_OUR_URL = re.compile(rf"http://127\.0\.0\.1:[0-9]+{PATH}", re.ASCII)
_NEVER_CHANGED = 1
"""What `Inbox.version` is before the first short code."""


class SandboxInbound:
    """Around one simulator. `start`, then `close`; both once."""

    def __init__(self, smsc: Simulator, data: Path, tell: Callable[[str], None]) -> None:
        self.service = ThankYou()
        self._shown = Shown(tell)
        self._smsc = smsc
        self._control = Control(smsc, data / SOCKET, on_message=self._shown.asked)
        self._undo = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Start the web service, and listen for those who want a subscriber to write."""
        await self.service.start()
        self._undo.push_async_callback(self.service.close)
        self._undo.enter_context(self._smsc.watching(self._shown.taken))
        try:
            await self._control.start()
        except (ControlError, OSError) as error:
            log.warning("`habar simulate` cannot reach this sandbox", why=str(error))
        else:
            self._undo.push_async_callback(self._control.close)

    async def close(self) -> None:
        """Stop all of it."""
        await self._undo.aclose()

    async def populate(self, inbox: Inbox, books: Books, now: Callable[[], int]) -> None:
        """Give demo the short code, or tell its rule where the web service is now."""
        await short_code(inbox, books, self.service.url, now)

    def shown(self, client: Calling) -> Calling:
        """A client for the calls to web services, which shows them."""
        return ShownCalls(client, self._shown)


async def short_code(inbox: Inbox, books: Books, url: str, now: Callable[[], int]) -> None:
    """Make, or find again, the rule by which demo's web service is called."""
    rules = [rule for rule in await inbox.rules() if rule.code == SHORT_CODE and not rule.keyword]
    if rules:
        rule = rules[0]
        if rule.url != url and _OUR_URL.fullmatch(rule.url):
            moved = dataclasses.replace(rule, url=url)
            await inbox.change_rule(moved, actor="sandbox", now=now())
    elif await inbox.version() <= _NEVER_CHANGED:
        demo = (await books.account(DEMO.login)).credentials.account
        rule = Rule(
            SHORT_CODE,
            demo.id,
            method=CallMethod.GET,
            url=url,
            userin=USERIN,
            passwordin=PASSWORDIN,
            created_at=now(),
        )
        with contextlib.suppress(Conflict):  # a command beside us was quicker
            await inbox.add_rule(rule, actor="sandbox", now=now())
