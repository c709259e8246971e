"""Who is it? Login and password, or an API key, against the accounts in memory.

Guarantees:
- A pair that was right within the last minute is right at once, by a keyed digest; one that was
  wrong is wrong at once. Both only while the account's hash is the one it was tried against.
- An unknown login costs what a wrong password costs, and is answered alike.
- Guessing is slowed by `turnstile`, the guesser alone; requests that ask the same question from
  the same address at the same time share one verification.
- No password is kept but while its verification waits; memory is bounded.

Knows no protocol. A blocked account is authenticated: what it may do is the door's matter.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

import structlog

from habar.model.account import Account
from habar.model.secret import MAX_SECRET, SALT_SIZE, hash_password, password_matches
from habar.submit.directory import Directory
from habar.submit.remembered import Remembered, pair_digester
from habar.submit.turnstile import Attempt, Patience, Turnstile

_log = structlog.get_logger("habar.authenticate")


@dataclass(frozen=True, slots=True)
class Denied:
    """Not authenticated. `retry_after` (seconds): not even tried, there is too much guessing."""

    retry_after: int | None = None


Verdict = Account | Denied
Judged = Callable[[Verdict], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """How long a verified pair counts (seconds), how many are kept, how guessing is slowed."""

    remember: float = 60.0
    remembered: int = 10_000
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True, eq=False)
class _Verification:
    login: str
    password: str = field(repr=False)
    password_hash: str = field(repr=False)
    pair: bytes
    asked_by: tuple[str, bytes]
    askers: list[Judged] = field(default_factory=list)


_Guess = Attempt[_Verification]


class Authenticator:
    """Answers at once where it can, else after a verification in a thread."""

    def __init__(
        self,
        directory: Directory,
        *,
        clock: Callable[[], float] | None = None,
        later: Callable[[float, Callable[[], None]], object] | None = None,
        pool: Executor | None = None,
        settings: AuthSettings | None = None,
    ) -> None:
        settings = settings or AuthSettings()
        self._loop = asyncio.get_running_loop()
        self._directory = directory
        self._clock = clock or self._loop.time
        self._pool = pool or ThreadPoolExecutor(settings.patience.running, "habar-password")
        self._digest = pair_digester()
        self._right = Remembered(settings.remember, settings.remembered)
        self._wrong = Remembered(settings.remember, settings.remembered)
        self._decoy = hash_password(secrets.token_urlsafe(), os.urandom(SALT_SIZE))
        self._asked: dict[tuple[str, bytes], _Verification] = {}
        self._turnstile: Turnstile[_Verification] = Turnstile(
            settings.patience,
            clock=self._clock,
            later=later or self._loop.call_later,
            start=self._start,
            turn_away=self._turn_away,
        )

    def authenticate(
        self, login: str, password: str, client_ip: str, done: Judged
    ) -> Verdict | None:
        """The verdict, or None: then `done` is told it, once, later in the loop."""
        pair = self._digest(login, password)
        credentials = self._directory.by_login(login)
        password_hash = credentials.password_hash if credentials else self._decoy
        now = self._clock()
        if credentials and self._right.holds(pair, password_hash, now):
            return credentials.account
        if self._wrong.holds(pair, password_hash, now) or _is_overlong(login, password):
            return Denied()
        return self._verify(login, password, password_hash, pair, address_of(client_ip), done)

    def authenticate_key(self, key: str) -> Verdict:
        """Whose API key it is. Keys are random: they can be tried, never guessed."""
        if len(key) > MAX_SECRET:
            return Denied()
        return self._directory.by_key(key) or Denied()

    def close(self) -> None:
        """Turn away those that wait, and let the threads end."""
        self._turnstile.close()
        self._pool.shutdown(wait=False)

    def _verify(
        self, login: str, password: str, password_hash: str, pair: bytes, address: str, done: Judged
    ) -> Denied | None:
        asked_by = (address, pair)
        same = self._asked.get(asked_by)
        if same is not None and same.password_hash == password_hash:
            same.askers.append(done)
            return None
        work = _Verification(login, password, password_hash, pair, asked_by, [done])
        refused = self._turnstile.enter(Attempt(address, self._digest(address, login), work))
        if refused is not None:
            return Denied(refused)
        self._asked[asked_by] = work
        return None

    def _start(self, guess: _Guess) -> None:
        work = guess.work
        future = self._pool.submit(password_matches, work.password_hash, work.password)
        future.add_done_callback(lambda result: self._ended_in_thread(guess, result))

    def _ended_in_thread(self, guess: _Guess, result: Future[bool]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._ended, guess, result)
        except RuntimeError:  # the loop is closed: nobody waits for the verdict any more
            _log.debug("verdict after the end of the loop")

    def _ended(self, guess: _Guess, result: Future[bool]) -> None:
        work = guess.work
        self._forget(work)
        verdict = self._judge(work, result)
        self._turnstile.finished(guess, right=isinstance(verdict, Account))
        self._tell(work, verdict)

    def _judge(self, work: _Verification, result: Future[bool]) -> Verdict:
        if result.cancelled() or result.exception() is not None:
            _log.error("a password could not be verified", error=_failure(result))
            return Denied(1)
        if not result.result():
            self._wrong.add(work.pair, work.password_hash, self._clock())
            return Denied()
        credentials = self._directory.by_login(work.login)
        if credentials is None or credentials.password_hash != work.password_hash:
            return Denied()  # the password was changed while we looked
        self._right.add(work.pair, work.password_hash, self._clock())
        return credentials.account

    def _turn_away(self, guess: _Guess, seconds: int) -> None:
        self._forget(guess.work)
        self._tell(guess.work, Denied(seconds))

    def _tell(self, work: _Verification, verdict: Verdict) -> None:
        for asker in work.askers:  # one by one: what one of them does is nothing to the others
            self._loop.call_soon(asker, verdict)

    def _forget(self, work: _Verification) -> None:
        if self._asked.get(work.asked_by) is work:
            del self._asked[work.asked_by]


def address_of(client_ip: str) -> str:
    """What counts as one address: an IPv6 customer has a whole /64 to himself."""
    try:
        address = ip_address(client_ip)
    except ValueError:
        return client_ip
    if not isinstance(address, IPv6Address):
        return client_ip
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))


def _failure(result: Future[bool]) -> str:
    return "cancelled" if result.cancelled() else type(result.exception()).__name__


def _is_overlong(login: str, password: str) -> bool:
    return len(login) > MAX_SECRET or len(password) > MAX_SECRET
