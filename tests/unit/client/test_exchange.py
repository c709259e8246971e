"""When a package is posted again, when not, and what the caller is told: without a network."""

from collections.abc import Iterable

import pytest

from habar_client import (
    AuthorizationError,
    Busy,
    HabarClientError,
    PackageError,
    TransportError,
)
from habar_client.exchange import Lost, Outcome, Patience, Pause, Post, Reply, exchange

YES = Reply(200, b"<package><message><msg>106</msg></message></package>")
GONE = Lost("the connection ended", posted=True)
REFUSED = Lost("cannot connect", posted=False)
BUSY = Reply(503, b"<package><error>200</error></package>", retry_after="7")


class Played:
    """A conversation played to its end with prepared outcomes."""

    def __init__(self, repeatable: bool, patience: Patience) -> None:
        self._talk = exchange(b"<package/>", repeatable=repeatable, patience=patience)
        self.posts = 0
        self.pauses: list[float] = []
        self.reasons: list[str] = []
        self.unused: list[Reply | Lost] = []

    def play(self, outcomes: Iterable[Reply | Lost]) -> Outcome:
        left = iter(outcomes)
        outcome: Reply | Lost | None = None
        while True:
            try:
                step = self._talk.send(outcome)
            except StopIteration as end:
                self.unused = list(left)
                result: Outcome = end.value
                return result
            if isinstance(step, Post):
                assert step.body == b"<package/>"
                self.posts += 1
                outcome = next(left)
            else:
                assert isinstance(step, Pause)
                self.pauses.append(step.seconds)
                self.reasons.append(step.why)
                outcome = None


def _play(
    *outcomes: Reply | Lost, repeatable: bool = True, patience: Patience | None = None
) -> tuple[Outcome, Played]:
    played = Played(repeatable, patience or Patience())
    outcome = played.play(outcomes)
    assert played.unused == []
    return outcome, played


def _fail(
    *outcomes: Reply | Lost, repeatable: bool = True, patience: Patience | None = None
) -> tuple[HabarClientError, Played]:
    played = Played(repeatable, patience or Patience())
    with pytest.raises(HabarClientError) as caught:
        played.play(outcomes)
    return caught.value, played


def test_one_post_one_answer() -> None:
    outcome, played = _play(YES)
    assert [row.code for row in outcome.answer.rows("message")] == [106]
    assert (outcome.again, played.posts, played.pauses) == (False, 1, [])


@pytest.mark.parametrize("status", [201, 400, 500])
def test_an_answer_counts_whatever_its_status(status: int) -> None:
    outcome, _ = _play(Reply(status, YES.body))
    assert len(outcome.answer.rows("message")) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("repeatable", [True, False])
def test_busy_is_repeated_after_what_the_gateway_asks(status: int, repeatable: bool) -> None:
    busy = Reply(status, b"", retry_after="7")
    outcome, played = _play(busy, busy, YES, repeatable=repeatable)
    assert (played.posts, played.pauses, outcome.again) == (3, [7.0, 7.0], False)
    assert played.reasons[0] == f"the gateway is busy (HTTP {status}); it asks to wait 7 s"


def test_busy_without_retry_after_pauses_longer_each_time() -> None:
    _, played = _play(*[Reply(503, b"")] * 4, YES)
    assert played.pauses == [0.5, 1.0, 2.0, 4.0]


def test_busy_ends_with_busy_when_retries_are_used_up() -> None:
    error, played = _fail(*[BUSY] * 3, patience=Patience(retries=2))
    assert isinstance(error, Busy)
    assert (error.retry_after, error.unknown, played.posts) == (7.0, False, 3)


def test_a_longer_wait_than_patience_lasts_is_not_begun() -> None:
    error, played = _fail(Reply(429, b"", retry_after="3600"))
    assert isinstance(error, Busy)
    assert (error.retry_after, played.pauses) == (3600.0, [])


def test_pauses_together_stay_within_patience() -> None:
    _, played = _fail(*[BUSY] * 3, patience=Patience(retries=9, seconds=20))
    assert played.pauses == [7.0, 7.0]


@pytest.mark.parametrize(
    ("retry_after", "date", "pause"),
    [
        ("Wed, 21 Oct 2026 07:28:05 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 5.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2026 07:28:05 GMT", None, 0.5),
        ("Wed, 21 Oct 2026 07:28:05", "Wed, 21 Oct 2026 07:28:00 GMT", 0.5),
        ("soon", "Wed, 21 Oct 2026 07:28:00 GMT", 0.5),
        ("-1", None, 0.5),
        ("\u0667", None, 0.5),
        ("", None, 0.5),
        (None, None, 0.5),
        ("0", None, 0.0),
    ],
)
def test_retry_after_is_read_in_both_forms(
    retry_after: str | None, date: str | None, pause: float
) -> None:
    _, played = _play(Reply(503, b"", retry_after=retry_after, date=date), YES)
    assert played.pauses == [pause]


@pytest.mark.parametrize("repeatable", [True, False])
def test_without_a_connection_nothing_was_accepted_and_a_repeat_is_safe(repeatable: bool) -> None:
    outcome, played = _play(REFUSED, YES, repeatable=repeatable)
    assert (played.posts, outcome.again) == (2, False)


def test_no_connection_at_all() -> None:
    error, played = _fail(*[REFUSED] * 5)
    assert isinstance(error, TransportError)
    assert (error.unknown, played.posts, str(error)) == (False, 5, "cannot connect")


def test_what_will_not_pass_is_not_repeated() -> None:
    error, played = _fail(Lost("not trusted", posted=False, passing=False))
    assert (error.unknown, played.posts) == (False, 1)


def test_a_lost_answer_is_not_repeated_unless_that_is_safe() -> None:
    error, played = _fail(GONE, repeatable=False)
    assert isinstance(error, TransportError)
    assert (error.unknown, played.posts) == (True, 1)


def test_a_lost_answer_of_a_repeatable_package_is_fetched_again() -> None:
    outcome, played = _play(GONE, YES)
    assert (outcome.again, played.posts) == (True, 2)


@pytest.mark.parametrize(
    "last",
    [
        Reply(503, b"", retry_after="999"),
        Lost("not trusted", posted=False, passing=False),
        Reply(200, b"<package><error>202</error></package>"),
    ],
)
def test_after_a_lost_answer_every_error_says_that_the_outcome_is_unknown(
    last: Reply | Lost,
) -> None:
    error, _ = _fail(GONE, last)
    assert error.unknown


def test_a_package_error_is_final() -> None:
    error, played = _fail(Reply(200, b"<package><error>201</error></package>"))
    assert isinstance(error, PackageError)
    assert (error.code, error.unknown, played.posts) == (201, False, 1)


@pytest.mark.parametrize("status", [200, 401, 405])
def test_wrong_credentials(status: int) -> None:
    error, _ = _fail(Reply(status, b"<package><error>202</error></package>"))
    assert isinstance(error, AuthorizationError)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 405])
def test_a_refusal_by_http_took_nothing(status: int) -> None:
    error, played = _fail(Reply(status, b"<html>no</html>"))
    assert (error.unknown, played.posts) == (False, 1)
    assert str(error) == f"HTTP {status}, and the answer is a web page"


def test_a_redirect_says_where_to_but_not_its_query() -> None:
    error, _ = _fail(Reply(301, b"<html/>", location="https://other.example/api?key=s3cret"))
    assert str(error) == "HTTP 301 to https://other.example/api, and the answer is a web page"


def test_a_package_that_is_too_large_took_nothing() -> None:
    error, played = _fail(Reply(413, b"<package><error>201</error></package>"))
    assert (error.unknown, played.posts) == (False, 1)
    assert "larger than the gateway takes" in str(error)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_of_a_fault_on_the_way_nobody_knows(status: int) -> None:
    error, _ = _fail(Reply(status, b"<html/>"), repeatable=False)
    assert error.unknown
    outcome, _ = _play(Reply(status, b"<html/>"), YES)
    assert outcome.again


def test_an_answer_that_was_cut_off_is_a_lost_one() -> None:
    error, _ = _fail(Reply(200, b"<package><messa"), repeatable=False)
    assert error.unknown
    outcome, _ = _play(Reply(200, b"<?xml version='1.0'?><pac"), YES)
    assert outcome.again


def test_another_page_is_not_asked_for_again() -> None:
    error, played = _fail(Reply(200, b"<html>Welcome</html>"))
    assert (error.unknown, played.posts) == (True, 1)


@pytest.mark.parametrize("wrong", [{"retries": -1}, {"seconds": -0.1}])
def test_negative_patience_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        Patience(**wrong)


def test_pauses_have_a_longest() -> None:
    assert Patience().pause(30) == 15.0
