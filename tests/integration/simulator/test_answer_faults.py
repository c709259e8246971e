"""What can go wrong with the answers to submit_sm, seen through a socket."""

from typing import Any

import pytest

from habar.simulator import Burst, Faults, Limit, Simulator, Times, Wait
from habar.wire.smpp import CommandId, CommandStatus, SubmitResult, Unmatched

ROK = CommandStatus.ESME_ROK
THROTTLED, FULL = CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL


async def statuses(esme: Any, times: int) -> list[int]:
    found = []
    for _ in range(times):
        result = await esme.submit("77771234567", registered_delivery=0)
        found.append(result.command_status)
    return found


@pytest.mark.parametrize("status", [THROTTLED, FULL])
async def test_more_than_the_limit_is_refused(smsc: Simulator, esme: Any, status: int) -> None:
    smsc.faults = Faults(limit=Limit(1 / 3600, status))
    assert await statuses(esme, 3) == [ROK, status, status]
    counts = smsc.counts
    assert (counts.offered, counts.submitted, counts.refusals[status]) == (3, 1, 2)
    assert counts.fastest_second >= 1


async def test_all_is_throttled_in_bursts(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(bursts=(Burst(3600, 7200),))
    assert await statuses(esme, 2) == [THROTTLED] * 2
    smsc.faults = Faults(bursts=(Burst(1e-9, 7200),))
    await statuses(esme, 1)
    assert await statuses(esme, 2) == [ROK] * 2


async def test_errors_by_a_table(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(errors={0x400: Times(1), CommandStatus.ESME_RSYSERR: Times(1)})
    assert await statuses(esme, 3) == [0x400, CommandStatus.ESME_RSYSERR, ROK]


async def test_neither_taken_nor_answered(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(submits_ignored=Times(1))
    esme.send("77770000001", registered_delivery=0)
    result = await esme.submit("77770000002", registered_delivery=0)
    assert result.token == "77770000002"
    assert [one.destination for one in smsc.received] == ["77770000002"]
    assert smsc.counts.ignored == 1


async def test_taken_and_never_answered(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(responses_lost=Times(1))
    esme.send("77770000001")
    await esme.deliver()
    result = await esme.submit("77770000002", registered_delivery=0)
    assert result.token == "77770000002"
    assert esme.connection.outstanding == ["77770000001"]


async def test_a_lost_answer_does_not_hold_up_an_unbind(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(responses_lost=Times(1))
    esme.send("77770000001", registered_delivery=0)
    await smsc.wait_for(1)
    esme.connection.unbind(esme.loop.time())
    esme.flush()
    await esme.until_lost()
    assert smsc.counts.unbinds == 1


async def test_generic_nack_by_number(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(nacks=Times(1), nack_status=CommandStatus.ESME_RINVCMDID)
    result = await esme.submit("77771234567")
    assert result.command_status == CommandStatus.ESME_RINVCMDID
    assert CommandId.GENERIC_NACK.to_bytes(4, "big") in esme.octets
    assert smsc.counts.submitted == 0


async def test_generic_nack_of_nothing(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(nacks_unnumbered=Times(1))
    esme.send("77771234567")
    nack = (await esme.next(Unmatched)).pdu
    assert (nack.command_id, nack.sequence_number) == (CommandId.GENERIC_NACK, 0)
    assert await statuses(esme, 1) == [ROK]


async def test_late_and_in_another_order(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(responses_late=Times(1), response_wait=Wait(0.05, 0.05))
    for number in (1, 2, 3):
        esme.send(f"7777000000{number}", registered_delivery=0)
    results = [(await esme.next(SubmitResult)).token for _ in range(3)]
    assert results == ["77770000002", "77770000003", "77770000001"]


async def test_late_answers_die_with_the_link(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(responses_late=1, response_wait=Wait(60, 60))
    esme.send("77771234567", registered_delivery=0)
    await smsc.wait_for(1)
    smsc.drop_links()
    await esme.until_lost()
    assert esme.events.empty()


async def test_a_late_answer_waits_for_the_end_of_a_stall(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(responses_late=1, response_wait=Wait(0.001, 0.001))
    esme.send("77771234567", registered_delivery=0)
    await smsc.wait_for(1)
    smsc.stall(True)
    smsc.stall(False)
    assert (await esme.next(SubmitResult)).command_status == ROK


async def test_the_same_number_is_answered_twice(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(responses_repeated=Times(1))
    result = await esme.submit("77771234567", registered_delivery=0)
    again = (await esme.next(Unmatched)).pdu
    assert again.octets("message_id") == result.message_id
    assert smsc.counts.submitted == 1


async def test_an_answer_to_nothing(smsc: Simulator, esme: Any) -> None:
    smsc.faults = Faults(responses_stray=Times(1))
    await esme.submit("77771234567", registered_delivery=0)
    stray = (await esme.next(Unmatched)).pdu
    assert (stray.command_id, stray.sequence_number > 0x40000000) == (
        CommandId.SUBMIT_SM_RESP,
        True,
    )
