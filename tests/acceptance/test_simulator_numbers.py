"""Every number of the simulator ends as its name says, and the story of each can be told."""

import asyncio
import re

import pytest

from .customer import Login, ask, states
from .gateway import Gateway
from .waiting import eventually

SHOP = Login("shop", "shop")
ENDS = {
    "77000000101": 106,
    "77000000102": 102,
    "77000000103": 103,
    "77000000104": 104,
    "77000000105": 105,
    "77000000107": 107,
    "77000000108": 108,
    "77000000088": 102,
    "77000000500": 102,
    "77015550001": 102,
}
TOLD = {
    "77000000101": ("now 106 ACCEPTED: the operator has it; receipts are awaited",),
    "77000000102": ("receipt says 102 DELIVERED", "ended: 102 DELIVERED"),
    "77000000103": ("receipt says 103 EXPIRED", "ended: 103 EXPIRED"),
    "77000000104": ("receipt says 104 DELETED", "ended: 104 DELETED"),
    "77000000105": ("receipt says 105 UNDELIVERABLE", "ended: 105 UNDELIVERABLE"),
    "77000000107": ("receipt says 107 UNKNOWN", "ended: 107 UNKNOWN"),
    "77000000108": ("ended: 108 REJECTED", "ESME_RINVDSTADR", "12.00 KZT given back"),
    "77000000088": ("put off 2 times", "ESME_RTHROTTLED", "ended: 102 DELIVERED"),
    "77000000500": ("part 1 of 1: taken by simulator", "ended: 102 DELIVERED"),
    "77015550001": ("came in by XML from shop, its id 10", "12.00 KZT reserved"),
}


@pytest.mark.rule(
    "xml.state-codes", "xml.final-states", "xml.106-until-final", "xml.status-by-sms-id"
)
async def test_each_number_ends_as_its_name_says(sandbox: Gateway) -> None:
    rows = "".join(
        f'<msg id="{n}" recipient="{recipient}" sender="SHOP">Сәлем</msg>'
        for n, recipient in enumerate(ENDS, 1)
    )
    async with sandbox:
        answer = await ask(sandbox.port, SHOP.package(f"<message>{rows}</message>"))
        assert [row.code for row in answer.rows] == [106] * len(ENDS)
        sms_ids = dict(zip(ENDS, (row.sms_id for row in answer.rows), strict=True))

        async def is_over() -> bool:
            """106 until the end is known, and from then on nothing else."""
            found = await states(sandbox.port, SHOP, list(sms_ids.values()))
            ends = {recipient: found[sms_id] for recipient, sms_id in sms_ids.items()}
            assert all(code in (106, ENDS[recipient]) for recipient, code in ends.items()), ends
            return ends == ENDS

        await eventually(is_over)
        rows_now = (await ask(sandbox.port, SHOP.status(sms_ids.values()))).rows
        assert [("date_completed" in r.attributes) for r in rows_now] == [
            code != 106 for code in ENDS.values()
        ]
        stories = await asyncio.gather(*(sandbox.story(sms_ids[each]) for each in TOLD))
        for (recipient, words), story in zip(TOLD.items(), stories, strict=True):
            assert f"to {recipient}: 'Сәлем'" in story
            for each in words:
                assert each in story, story


async def test_a_story_that_is_not_there_is_told_in_a_sentence(sandbox: Gateway) -> None:
    async with sandbox:
        told = await sandbox.command("message", "show", "99", "--data", "habar-data")
    assert (told.code, told.out, told.err) == (1, "", "habar: there is no message 99\n")


async def test_commands_beside_the_gateway_are_heard_by_it(sandbox: Gateway) -> None:
    """An account that staff makes may send a moment later, and one that they block may not."""
    where = ("--data", "habar-data")
    async with sandbox:
        made = await sandbox.command("account", "add", "bank", "--generate", *where)
        password = re.search(r"^password:? +(\S+)$", made.out, re.MULTILINE)
        assert made.code == 0, made
        assert password
        bank = Login("bank", password[1])
        sandbox.secrets += (bank.password,)

        async def code() -> int:
            answer = await ask(sandbox.port, bank.message("Сәлем"))
            return answer.error or answer.rows[0].code

        async def is_known() -> bool:
            return "bank" in await _accounts(sandbox)

        await eventually(is_known)
        await eventually(lambda: _says(code, 106))
        assert (await sandbox.command("account", "block", "bank", *where)).code == 0
        await eventually(lambda: _says(code, 205))


async def _says(code, wanted: int) -> bool:
    return await code() == wanted


async def _accounts(gateway: Gateway) -> str:
    listed = await gateway.command("account", "list", "--data", "habar-data")
    assert listed.code == 0, listed
    return listed.out
