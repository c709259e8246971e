"""Judges a run: what customers' hosts heard against what the file says, and what was promised.

Guarantees: asks the file and the hosts' own books alone, never the gateway. A finding is a
sentence; no finding means that every promise was kept. The promises are those of
docs/reference/call-backs.md and of `habar.callbacks.caller`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

from habar.callbacks import CallerSettings
from habar.model.status import MessageState, Stage
from habar.store.callbacks import CallKind, CallStage
from habar.store.inbox import InboundState

from .hosts import Hosts, Visit
from .phones import Said

MISSING = "[…]"


class Judge:
    """`judge` once, when nothing is owed any more."""

    def __init__(
        self,
        path: Path,
        hosts: Hosts,
        all_said: Sequence[Said],
        urls: Mapping[int, str],
        *,
        settings: CallerSettings,
        lives: int,
        jumped_ms: int,
    ) -> None:
        """`urls`: who is to be told, by message. `jumped_ms`: what the clock was set by, in all."""
        self.findings: list[str] = []
        self.given_up = 0
        self.answered = 0
        self.incomplete = 0
        self._hosts = hosts
        self._all_said = all_said
        self._urls = urls
        self._settings = settings
        self._lives = lives
        self._jumped_ms = jumped_ms
        with closing(sqlite3.connect(path)) as database:
            database.row_factory = sqlite3.Row
            ask = database.execute
            self._calls = ask("SELECT * FROM callback ORDER BY id").fetchall()
            self._messages = {row["id"]: row for row in ask("SELECT * FROM message")}
            self._inbound = {row["id"]: row for row in ask("SELECT * FROM inbound")}
            self._rules = {row["id"]: row for row in ask("SELECT * FROM shortcode")}
            self._tries = defaultdict(list)
            for row in ask("SELECT * FROM callback_try ORDER BY callback_id, number"):
                self._tries[row["callback_id"]].append(row)

    def judge(self) -> list[str]:
        """All findings."""
        visits: dict[int, list[Visit]] = defaultdict(list)
        for visit in self._hosts.visits:
            visits[visit.event].append(visit)
        for call in self._calls:
            self._end(call, visits[call["id"]])
            self._bound(call, visits[call["id"]])
        self._order()
        self._addressees()
        self._states()
        self._subscribers()
        self._replies()
        return self.findings

    def _find(self, what: str) -> None:
        self.findings.append(what)

    # --- Obligations -------------------------------------------------------------------------
    def _end(self, call: Any, visits: Sequence[Visit]) -> None:
        """Each was answered yes, or is given up by its age."""
        if call["stage"] == CallStage.DONE:
            if not any(visit.said_yes for visit in visits):
                self._find(f"callback {call['id']} is done and nobody said yes")
        elif call["stage"] == CallStage.GIVEN_UP:
            self.given_up += 1
            age = call["ended_at"] - call["since"]
            if age < self._settings.retry.give_up_after - self._jumped_ms:
                self._find(f"callback {call['id']} was given up after {age} ms")
        else:
            self._find(f"callback {call['id']} is open at the end")

    def _bound(self, call: Any, visits: Sequence[Visit]) -> None:
        """No storm: so many tries in its time, and one more for each life that was cut off."""
        if not visits:
            return
        lasted = int((visits[-1].began - visits[0].began) * 1000) + self._jumped_ms
        most = self._settings.retry.most_attempts(lasted) + self._lives
        if len(visits) > most:
            self._find(f"callback {call['id']} was tried {len(visits)} times, {most} are the bound")

    def _order(self) -> None:
        """Of one subject one event after the other, each over before the next, one at a time."""
        subjects: dict[tuple[str, int], list[Visit]] = defaultdict(list)
        for visit in self._hosts.visits:
            subjects[visit.subject].append(visit)
        for subject, visits in subjects.items():
            for before, after in pairwise(visits):
                if after.event < before.event:
                    self._find(f"{subject}: out of order, {before.event} before {after.event}")
                over = before.ended is not None and before.ended <= after.began
                if before.life == after.life and not over:
                    self._find(f"{subject}: two calls at once, {before.event} and {after.event}")

    def _addressees(self) -> None:
        """Nobody hears of what is another's."""
        for visit in self._hosts.visits:
            kind, number = visit.subject
            heard = f"http://{visit.host}{visit.path}"
            if kind == "inbound":
                rule = self._rules[self._inbound[number]["shortcode_id"]]
                right = rule["url"] == heard and visit.asked["passwordin"] == rule["passwordin"]
            else:
                right = self._urls.get(number) == heard
            if not right:
                self._find(f"{visit.subject} was told to {heard}, another's")

    # --- Messages ----------------------------------------------------------------------------
    def _states(self) -> None:
        """Of each message all is told that there was, its last state last."""
        last: dict[int, Any] = {}
        for call in self._calls:
            if call["kind"] == CallKind.STATE:
                last[call["subject"]] = call
        for number, message in self._messages.items():
            if number not in self._urls:
                continue
            call = last.get(number)
            if call is None:
                if message["stage"] == Stage.DONE:
                    self._find(f"message {number} ended and nobody is told")
            elif message["stage"] == Stage.DONE and call["state"] != message["state"]:
                told, state = MessageState(call["state"]).name, MessageState(message["state"]).name
                self._find(f"message {number}: told last {told}, it is {state}")

    # --- Subscribers -------------------------------------------------------------------------
    def _subscribers(self) -> None:
        """What was acknowledged is there, whole and once; a repeat only where none was heard."""
        rows = defaultdict(list)
        for row in self._inbound.values():
            rows[row["sender"]].append(row)
        for said in self._all_said:
            found = rows.pop(said.sender, [])
            most = 1 if said.parts > 1 else said.given
            if not found:
                self._find(f"a message of {said.sender} is lost")
            elif len(found) > most:
                self._find(f"{said.sender} is there {len(found)} times of {most}")
            for row in found:
                self._text(said, row)
        for sender in rows:
            self._find(f"{sender} has written nothing")

    def _text(self, said: Said, row: Any) -> None:
        if said.never:
            self.incomplete += 1
            pieces = row["text"].split(MISSING)
            right = row["missing"] == 1 and len(pieces) == 2
            right = right and said.text.startswith(pieces[0]) and said.text.endswith(pieces[1])
        else:
            right = row["text"] == said.text and not row["missing"]
        if not right:
            self._find(f"the text of {said.sender} is not what was written")

    def _replies(self) -> None:
        """Each answer that was taken goes back once, and to nobody else."""
        replies = Counter(row["reply_to"] for row in self._messages.values() if row["reply_to"])
        for call in self._calls:
            if call["kind"] != CallKind.INBOUND:
                continue
            number = call["subject"]
            tries = self._tries[call["id"]]
            answer = tries[-1]["answer"] if tries else ""
            answered = call["stage"] == CallStage.DONE and answer.startswith("{SMS:TEXT}")
            self.answered += answered
            if answered and replies[number] != 1:
                self._find(f"inbound {number} was answered {replies[number]} times")
            elif replies[number] > 1:
                self._find(f"inbound {number} was answered {replies[number]} times, not at all")
        for message in self._messages.values():
            inbound = self._inbound.get(message["reply_to"])
            if inbound is not None and str(message["recipient"]) != inbound["sender"]:
                self._find(f"message {message['id']} answers somebody else")
        for row in self._inbound.values():
            if row["state"] not in (InboundState.DELIVERED, InboundState.UNDELIVERED):
                self._find(f"inbound {row['id']} has not ended")
