"""Settings: checked, and silent about passwords."""

from collections.abc import Callable

import pytest

from habar.simulator import Settings


def test_no_password_in_the_repr() -> None:
    assert "s3cret" not in repr(Settings(passwords={"habar": "s3cret"}))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Settings(window=0),
        lambda: Settings(record_limit=0),
        lambda: Settings(outbox_limit=-1),
        lambda: Settings(link_limit=0),
        lambda: Settings(seen_limit=1),
        lambda: Settings(receipt_delay=-0.1),
        lambda: Settings(response_delay=-1),
        lambda: Settings(passwords={}),
        lambda: Settings(bind_limit=-1),
        lambda: Settings(id_digits=65),
        lambda: Settings(receipt_zone="Asia/Nowhere"),
        lambda: Settings(receipt_zone=""),
        lambda: Settings(receipt_template="{nothing}"),
        lambda: Settings(receipt_template="{"),
        lambda: Settings(operations=frozenset({"submit_sm"})),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Settings]) -> None:
    with pytest.raises(ValueError, match="simulator"):
        make()


def test_two_settings_share_no_password_table() -> None:
    assert Settings().passwords is not Settings().passwords
