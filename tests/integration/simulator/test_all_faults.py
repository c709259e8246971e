"""All faults at once: the SMSC itself keeps its count, and is well again when told so."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from habar.simulator import Burst, Faults, Limit, Settings, Simulator, Times, Wait
from habar.wire.smpp import Bound, CommandId, SubmitResult

Connect = Callable[..., Awaitable[Any]]

SOME = 0.1


def misery(seed: int) -> Faults:
    return Faults(
        seed=seed,
        receipts_lost=SOME,
        receipts_early=SOME,
        receipts_repeated=SOME,
        receipts_contradicted=SOME,
        receipts_broken=SOME,
        receipts_orphaned=SOME,
        receipts_shuffled=True,
        sequences_reused=SOME,
        receipt_wait=Wait(0, 0.02, 0.005),
        receipt_batch=0.01,
        limit=Limit(5000),
        bursts=(Burst(0.001, 0.05),),
        errors={8: SOME, 0x14: SOME},
        submits_ignored=SOME,
        nacks=SOME,
        nacks_unnumbered=SOME,
        responses_lost=SOME,
        responses_late=SOME,
        response_wait=Wait(0, 0.01),
        responses_repeated=SOME,
        responses_stray=SOME,
        unbinds=Times(3, after=100),
        resets=Times(3, after=200),
        outbinds=SOME,
        enquire_links_ignored=True,
    )


async def bound(connect: Connect, smsc: Simulator) -> Any:
    """Bind a link, whatever else comes over it before the answer."""
    esme = await connect(smsc)
    esme.ask_bind(b"habar", b"habar", CommandId.BIND_TRANSCEIVER)
    while not isinstance(await esme.next(object), Bound):
        pass
    return esme


@pytest.mark.parametrize("seed", range(3))
async def test_the_smsc_survives_its_own_misery(connect: Connect, seed: int) -> None:
    async with Simulator(Settings(port=0, receipt_delay=0, faults=misery(seed))) as smsc:
        esme = await bound(connect, smsc)
        while smsc.counts.offered < 1000:
            if not esme.connection.is_bound or not smsc.sessions:
                esme = await bound(connect, smsc)
            before = smsc.counts.offered
            esme.send("77771234567", b"%d" % before)
            await smsc.wait_for(
                lambda sim, before=before: sim.counts.offered > before or not sim.sessions
            )
        smsc.faults = Faults()
        well = await bound(connect, smsc)
        await smsc.wait_for(lambda sim: sim.waiting_deliveries == 0)
        counts = smsc.counts
        assert counts.submitted == len(smsc.received) == counts.unique + counts.repeated
        assert counts.receipts_acknowledged <= counts.receipts_sent
        assert min(counts.ignored, counts.refused, counts.links_lost) > 0
        well.send("77771234567", b"well")
        assert await last_of(well) == 0


async def last_of(esme: Any) -> int:
    """Wait for the answer to the one submit_sm, whatever receipts come before it."""
    while not isinstance(event := await esme.next(object), SubmitResult):
        pass
    return event.command_status
