"""The gateway against smpp34's server, in Rust: binds, texts, receipts, links that come back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import smpp34

from .conftest import Site
from .rust_smsc import RustSmsc

KAZAKH = "Қазақша мәтін: ұзақ, бірнеше бөліктен тұрады, әрі толық жетеді. " * 4
SITES = Callable[..., Awaitable[Site]]


def concatenated(events: list[smpp34.SubmitSmEvent]) -> list[tuple[int, int, str]]:
    """Parts by their concatenation header: total, number, text.

    In order of number: each is told by a task of its own, so in any order.
    """
    found = []
    for event in events:
        header, text = event.short_message[:6], event.short_message[6:]
        assert header[:3] == b"\x05\x00\x03"
        found.append((header[4], header[5], text.decode("utf-16-be")))
    return sorted(found)


async def test_texts_of_one_part_and_of_many(rust_smsc: RustSmsc, site: SITES) -> None:
    habar = await site(rust_smsc.port)
    sms_ids = [await habar.send("Hello", "77017654321"), await habar.send(KAZAKH)]
    await habar.become(sms_ids)
    (_, short), *parts = rust_smsc.submitted
    assert (short.short_message, short.data_coding, short.esm_class) == (b"Hello", 0, 0)
    assert (short.destination_addr, short.dest_addr_ton, short.dest_addr_npi) == (
        "77017654321",
        1,
        1,
    )
    assert (short.source_addr, short.source_addr_ton, short.source_addr_npi) == ("TEXT_MSG", 5, 0)
    assert {(event.data_coding, event.esm_class) for _, event in parts} == {(8, 0x40)}
    read = concatenated([event for _, event in parts])
    assert [(total, number) for total, number, _ in read] == [
        (len(parts), number) for number in range(1, len(parts) + 1)
    ]
    assert "".join(text for *_, text in read) == KAZAKH
    await rust_smsc.until(lambda: len(rust_smsc.receipt_statuses) == 1 + len(parts))
    assert set(rust_smsc.receipt_statuses) == {0}
    story = await habar.gateway.story(sms_ids[1])
    assert all(message_id in story for message_id, _ in parts)


async def test_throttled_is_tried_again_and_nothing_twice(rust_smsc: RustSmsc, site: SITES) -> None:
    rust_smsc.refuse = 3
    habar = await site(rust_smsc.port, window=2)
    texts = [f"message {number}" for number in range(8)]
    await habar.become([await habar.send(text) for text in texts])
    taken = [event.short_message.decode() for _, event in rust_smsc.submitted]
    assert sorted(taken) == texts


async def test_links_go_and_come(rust_smsc: RustSmsc, site: SITES) -> None:
    habar = await site(rust_smsc.port, reconnect_seconds=1, enquire_link_seconds=1)
    await habar.become([await habar.send("before")])
    await rust_smsc.stop()
    waiting = [await habar.send(f"meanwhile {number}") for number in range(5)]
    await rust_smsc.start()
    await habar.become(waiting)
    [session] = rust_smsc.sessions.values()
    await session.unbind()
    await habar.become([await habar.send("after")])
    taken = [event.short_message.decode() for _, event in rust_smsc.submitted]
    assert sorted(taken) == sorted(
        ["before", *(f"meanwhile {number}" for number in range(5)), "after"]
    )
    assert [bind.system_id for bind in rust_smsc.binds] == ["habar"] * 3


async def test_one_bind_to_send_and_one_for_receipts(rust_smsc: RustSmsc, site: SITES) -> None:
    habar = await site(rust_smsc.port, binds="1 transmitter, 1 receiver")
    await rust_smsc.until(lambda: len(rust_smsc.sessions) == 2)
    await habar.become([await habar.send("Hello")])
    assert [bind.can_receive for bind in rust_smsc.binds].count(True) == 1
    assert len(rust_smsc.binds) == 2
    [(_, event)] = rust_smsc.submitted
    assert not rust_smsc.sessions[event.session_id].can_receive


async def test_stopping_unbinds(rust_smsc: RustSmsc, site: SITES) -> None:
    habar = await site(rust_smsc.port)
    await rust_smsc.until(lambda: rust_smsc.sessions)
    await habar.gateway.stop()
    await rust_smsc.until(lambda: not rust_smsc.sessions)
