"""The SMSCs in one process: each is told of by itself, in their order."""

import asyncio
import json
import struct

from bench.sink import Plan, Sink, Smsc

from habar.simulator import Received


def received(destination: str) -> Received:
    return Received(
        session=1,
        sequence=1,
        system_id="habar",
        message_id="1",
        received_ms=0,
        source="TEXT_MSG",
        destination=destination,
        esm_class=0,
        data_coding=0,
        registered_delivery=0,
        priority=0,
        schedule_delivery_time="",
        validity_period="",
        udh=b"",
        short_message=b"",
        text="",
        concatenation=None,
    )


def test_what_is_told_is_json_after_refusals_too() -> None:
    sink = Sink(Plan(operators=2))
    sink.smscs[1].simulator.counts.refusals[0x58] += 1
    sink.smscs[1].simulator.counts.throttled += 1
    first, second = json.loads(json.dumps(sink.told()))["smscs"]
    assert (first["throttled"], second["throttled"]) == (0, 1)


def test_each_has_its_own_goal() -> None:
    async def ask() -> list[int]:
        sink = Sink(Plan(operators=2))
        sink.smscs[1].simulator.counts.unique = 5
        told = await sink.answer(
            {"ask": "until", "unique": [0, 5], "receipts": [0, 0], "still": 60.0}
        )
        return [one["unique"] for one in told["smscs"]]

    assert asyncio.run(ask()) == [0, 5]


def test_arrivals_of_one_prefix_are_kept_and_of_others_the_last() -> None:
    smsc = Smsc(Plan(arrivals="771"))
    for number in ("77100000007", "77200000001", "77200000002"):
        smsc._arrived(received(number))
    told = smsc.told()
    assert told["others"] == 2
    assert told["others_ns"] > 0
    assert smsc.arrivals()["numbers"] == [7]
    assert smsc.arrivals()["numbers"] == []


async def bound(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A link of the account `habar`, its bind_transceiver_resp read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b"habar\0habar\0\0\x34\0\0\0"
    writer.write(struct.pack(">4I", 16 + len(body), 9, 0, 1) + body)
    assert (await pdu(reader))[0] == 0x80000009
    return reader, writer


async def pdu(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """(command_id, sequence_number, body) of the next one."""
    length, command, _, sequence = struct.unpack(">4I", await reader.readexactly(16))
    return command, sequence, await reader.readexactly(length - 16)


async def test_subscribers_messages_wait_for_their_release_and_go_as_the_window_permits() -> None:
    sink = Sink(Plan(window=2))
    smsc = sink.smscs[0]
    async with smsc.simulator:
        reader, writer = await bound(smsc.simulator.port)
        ready = {"ask": "subscribers", "prefix": "771", "short": "8785", "count": 3}
        assert await sink.answer(ready) == {}
        assert (await sink.answer({"ask": "deliveries"}))["numbers"] == []
        await sink.answer({"ask": "release"})
        sources = []
        for number in range(3):
            command, sequence, body = await pdu(reader)
            sources.append(b"7710000000%d" % number in body and b"8785" in body)
            assert command == 5
            assert len((await sink.answer({"ask": "deliveries"}))["numbers"]) == min(number + 2, 3)
            writer.write(struct.pack(">4I", 17, 0x80000005, 0, sequence) + b"\0")
            await smsc.simulator.wait_for(
                lambda s, least=number + 1: s.counts.delivered_acknowledged >= least
            )
        assert sources == [True] * 3
        (told,) = json.loads(json.dumps(sink.told()))["smscs"]
        assert told["delivered_acknowledged"] == 3
        assert told["delivered_ns"] > 0
        delivered = await sink.answer({"ask": "deliveries"})
        assert delivered["numbers"] == [0, 1, 2]
        assert delivered["moments"] == sorted(delivered["moments"])
        writer.close()
