"""Who is it? The authenticator with a thread pool that the test runs by hand."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, Future
from dataclasses import replace

import pytest

from habar.model.account import Account
from habar.model.secret import MAX_SECRET, hash_password, key_digest
from habar.submit.authenticate import Authenticator, AuthSettings, Denied, address_of
from habar.submit.directory import Directory
from habar.submit.turnstile import Patience

HASH = hash_password("right", b"0123456789abcdef")


class HandPool(Executor):
    """Runs what was submitted when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Future, object, tuple]] = []
        self.verified = 0
        self.closed = False

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        self.jobs.append((future, fn, args))
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.closed = True

    def run_one(self, failure: Exception | None = None) -> None:
        future, call, args = self.jobs.pop(0)
        self.verified += 1
        if failure is None:
            future.set_result(call(*args))
        else:
            future.set_exception(failure)


class Desk:
    """An authenticator, and what the askers were told."""

    def __init__(self, books, clock, **patience) -> None:
        self.directory = Directory(books)
        self.pool = HandPool()
        self.clock = clock
        self.told: list[object] = []
        self.authenticator = Authenticator(
            self.directory,
            clock=clock,
            later=clock.later,
            pool=self.pool,
            settings=AuthSettings(patience=Patience(**patience)),
        )

    def ask(self, password="right", login="shop", ip="10.0.0.1"):
        return self.authenticator.authenticate(login, password, ip, self.told.append)

    async def settle(self) -> None:
        """Run every verification that may run, and let everybody be told."""
        while self.pool.jobs:
            self.pool.run_one()
            await asyncio.sleep(0)  # the verdict comes back into the loop,
            await asyncio.sleep(0)  # and from there to the askers

    async def verdict(self, *args, **kwargs):
        at_once = self.ask(*args, **kwargs)
        if at_once is not None:
            return at_once
        await self.settle()
        return self.told.pop(0)


@pytest.fixture
async def desk(books, clock, shop):
    books.put(shop, HASH, key_digest("the key"))
    desk = Desk(books, clock)
    await desk.directory.load()
    return desk


async def test_a_right_pair_is_verified_once_a_minute(desk, clock, shop):
    assert desk.ask() is None
    await desk.settle()
    assert desk.told == [shop]
    assert desk.ask() == shop
    clock.move(59)
    assert desk.ask() == shop
    assert desk.pool.verified == 1
    clock.move(2)
    assert desk.ask() is None
    await desk.settle()
    assert desk.pool.verified == 2


async def test_a_wrong_password_is_denied_and_remembered(desk):
    assert await desk.verdict("wrong") == Denied()
    assert desk.ask("wrong") == Denied()
    assert desk.pool.verified == 1


async def test_an_unknown_login_costs_and_reads_the_same(desk):
    assert await desk.verdict(login="nobody") == Denied()
    assert desk.pool.verified == 1
    assert desk.ask(login="nobody") == Denied()
    assert desk.pool.verified == 1


async def test_a_remembered_pair_counts_no_more_when_the_hash_has_changed(desk, books, shop):
    await desk.verdict("right")
    await desk.verdict("new")
    books.put(shop, hash_password("new", b"fedcba9876543210"))
    await desk.directory.refresh_if_changed()
    assert await desk.verdict("right") == Denied()
    assert await desk.verdict("new") == shop


async def test_the_account_is_the_newest_one(desk, books, shop):
    await desk.verdict()
    books.put(replace(shop, blocked=True), HASH)
    await desk.directory.refresh_if_changed()
    account = desk.ask()
    assert isinstance(account, Account)
    assert account.blocked


async def test_an_account_that_came_after_its_login_was_refused_is_let_in(desk, books, shop):
    assert await desk.verdict(login="new") == Denied()
    books.put(replace(shop, id=2, login="new"), HASH)
    await desk.directory.refresh_if_changed()
    assert (await desk.verdict(login="new")).login == "new"


async def test_a_password_changed_during_the_verification_denies(desk, books, shop):
    assert desk.ask() is None
    books.put(shop, hash_password("new", b"fedcba9876543210"))
    await desk.directory.refresh_if_changed()
    await desk.settle()
    assert desk.told == [Denied()]


async def test_the_same_question_from_the_same_address_is_verified_once(desk, shop):
    assert [desk.ask() for _ in range(50)] == [None] * 50
    await desk.settle()
    assert desk.told == [shop] * 50
    assert desk.pool.verified == 1


async def test_one_asker_that_fails_harms_no_other(desk, shop):
    failures = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))

    def fail(verdict):
        raise LookupError("asker")

    desk.authenticator.authenticate("shop", "right", "10.0.0.1", fail)
    desk.ask()
    await desk.settle()
    assert desk.told == [shop]
    assert len(failures) == 1


async def test_ten_thousand_wrong_passwords_lock_nobody_else_out(desk, shop):
    verdicts = []
    for number in range(10_000):
        verdict = desk.ask(f"guess{number}")
        if verdict is not None:
            verdicts.append(verdict)
    assert await_told(desk, verdicts) == 10_000
    assert all(verdict.retry_after for verdict in verdicts)
    # The customer at another address, while the guesser's attempts still wait:
    assert desk.ask(ip="10.0.0.2") is None
    await desk.settle()
    assert shop in desk.told
    assert desk.pool.verified < 10
    # And from then on without any verification, from the guesser's own address too.
    assert desk.ask(ip="10.0.0.1") == shop


def await_told(desk, verdicts) -> int:
    return len(verdicts) + desk.authenticator._turnstile.waiting + len(desk.pool.jobs)


async def test_the_guesser_is_slowed(desk, clock):
    tried = 0
    for number in range(10_000):
        verdict = desk.ask(f"guess{number}")
        if verdict is None:
            await desk.settle()
        tried = desk.pool.verified
        clock.move(0.05)  # 500 seconds in all
    assert 10 < tried < 40


async def test_another_login_at_the_guessers_address_is_not_delayed(desk, books, shop):
    other = replace(shop, id=2, login="other")
    books.put(other, HASH)
    await desk.directory.refresh_if_changed()
    for number in range(12):
        desk.ask(f"guess{number}")
        await desk.settle()
    desk.told.clear()
    assert await desk.verdict(login="other") == other


async def test_too_much_guessing_is_told_the_seconds(desk):
    for number in range(20):
        desk.ask(f"guess{number}")
        await desk.settle()
    verdict = desk.ask("one more")
    assert isinstance(verdict, Denied)
    assert verdict.retry_after == 1  # the queue of this login at this address is full


@pytest.mark.parametrize(
    ("login", "password"), [("x" * (MAX_SECRET + 1), "right"), ("shop", "x" * (MAX_SECRET + 1))]
)
async def test_what_is_overlong_is_denied_unverified(desk, login, password):
    assert desk.ask(password, login) == Denied()
    assert desk.pool.jobs == []


async def test_a_verification_that_fails_is_no_wrong_password(desk, shop):
    assert desk.ask() is None
    desk.pool.run_one(MemoryError())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert desk.told == [Denied(1)]
    desk.told.clear()
    assert await desk.verdict() == shop


async def test_an_api_key_is_known_at_once(desk, shop):
    assert desk.authenticator.authenticate_key("the key") == shop
    assert desk.authenticator.authenticate_key("another key") == Denied()
    assert desk.authenticator.authenticate_key("x" * (MAX_SECRET + 1)) == Denied()


async def test_close_tells_those_that_wait(desk):
    for number in range(3):
        assert desk.ask(f"guess{number}") is None
    desk.authenticator.close()
    await asyncio.sleep(0)
    assert desk.told == [Denied(1)] * 2  # the third one is being verified
    assert desk.pool.closed
    await desk.settle()
    assert len(desk.told) == 3


async def test_no_secret_in_a_repr(desk):
    desk.ask("hunter2")
    work = next(iter(desk.authenticator._asked.values()))
    assert "hunter2" not in repr(work)
    assert HASH not in repr(work)


@pytest.mark.parametrize(
    ("ip", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_network_is_one_address(ip, address):
    assert address_of(ip) == address


async def test_the_real_pool_and_clock(books, shop):
    books.put(shop, HASH)
    directory = Directory(books)
    await directory.load()
    authenticator = Authenticator(directory)
    told = asyncio.get_running_loop().create_future()
    assert authenticator.authenticate("shop", "right", "10.0.0.1", told.set_result) is None
    assert await told == shop
    authenticator.close()
