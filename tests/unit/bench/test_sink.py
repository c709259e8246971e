"""The SMSCs in one process: each is told of by itself, in their order."""

import asyncio
import json

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
