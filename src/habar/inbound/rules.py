"""The short codes and their owners in memory, so that no subscriber's message reads the database.

Guarantees: a look-up sees one whole view, the old or the new one; a failed reload leaves the old
one. What another process changed is seen within the second in which `follow` is called.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import structlog

from habar.model.shortcode import ShortCodes
from habar.model.url import InvalidUrl, host_of
from habar.store.inbox import CallMethod, Inbox, Rule

log = structlog.get_logger(__name__)
_CALLS = frozenset({CallMethod.GET, CallMethod.POST, CallMethod.JSON})


class Owner(NamedTuple):
    """A rule, and the host that it has called."""

    code: str
    keyword: str
    rule: Rule
    method: CallMethod
    """As the rule says it; NONE where its URL is none."""
    host: str
    """"" where nobody is called."""


class Rules:
    """Owners by short code and text."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.owners = ShortCodes([owner_of(rule) for rule in rules])
        self._version: int | None = None

    async def follow(self, inbox: Inbox) -> bool:
        """Read all rules anew where they have changed; whether they had.

        Raises what the store raises; the old view then stays.
        """
        # The version first: a change that comes between the two reads is then seen once more.
        version = await inbox.version()
        if version == self._version:
            return False
        self.owners = ShortCodes([owner_of(rule) for rule in await inbox.rules()])
        self._version = version
        return True


def owner_of(rule: Rule) -> Owner:
    """Find whom the rule has called. A URL that cannot be called leaves messages in the inbox."""
    method, host = rule.method, ""
    if method in _CALLS:
        try:
            host = host_of(rule.url)
        except InvalidUrl as fault:
            log.error("a rule's URL cannot be called", code=rule.code, rule=rule.id, why=str(fault))
            method = CallMethod.NONE
    return Owner(rule.code, rule.keyword, rule, method, host)
