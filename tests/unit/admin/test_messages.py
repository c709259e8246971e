"""A message's story as staff read it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from habar.admin.messages import StoryLine, story, tell
from habar.errors import NotFound
from habar.model.message import Protocol, Submission
from habar.model.message_type import MessageType
from habar.model.status import MessageState, Stage
from habar.store.callbacks import CallFilter, CallKind, CallStage, Try
from habar.store.readings import PartStory, Story

from .scripted import ScriptedCallbacks, ScriptedInbox, call, inbound

AT = 1_735_714_800_000  # 2025-01-01 12:00:00 in Almaty
SENT = Submission(
    account_id=1,
    customer_id=5,
    protocol=Protocol.XML,
    sender="SHOP",
    recipient=77771234567,
    text="Қалың",
    data_coding=8,
    message_type=1,
    parts=2,
    priority=1,
    created_at=AT,
    due_at=AT,
    expires_at=None,
    operator_id=7,
    stage=Stage.WAITING,
    state=MessageState.ACCEPTED,
    price=2400,
)
PLAIN = Story(
    message_id=9,
    account_id=1,
    login="shop",
    submission=SENT,
    operator="kcell",
    attempts=0,
    repeats=0,
    uncertain_at=None,
    last_error="",
    sent_at=None,
    completed_at=None,
    refunded=0,
    parts=(),
)
FIRST = PartStory(1, 7, "A1", AT + 1000, MessageState.DELIVERED, "000", None, AT + 5000, 1)
SECOND = PartStory(2, 7, "A2", AT + 2000, None, "", None, None, 0)


class OneStory:
    def __init__(self, known: Story = PLAIN) -> None:
        self._known = known

    async def story(self, message_id):
        return self._known if message_id == 9 else None


def texts(known: Story) -> str:
    return "\n".join(line.text for line in tell(known))


def test_what_came_in_and_how_it_was_routed():
    assert [line.text for line in tell(PLAIN)] == [
        "came in by XML from shop, its id 5",
        "from SHOP to 77771234567: 'Қалың'",
        "flash, UCS2, 2 parts",
        "routed to kcell, priority 1",
        "24.00 KZT reserved",
        "now 106 ACCEPTED: it waits in the queue",
    ]


@pytest.mark.parametrize(
    ("kind", "data_coding", "told"),
    [
        (MessageType.TEXT, 0, "GSM7, 2 parts"),
        (MessageType.CLASS2, 0, "SMS:TEXT:GSM7BIT:CLASS2, GSM7, 2 parts"),
        (MessageType.WAPPUSH, 0xF5, "SMS:WAPPUSH, data_coding 0xF5, 2 parts"),
        (MessageType.BINARY, 0x04, "SMS:BINARY, data_coding 0x04, 2 parts"),
    ],
)
def test_a_message_s_type_is_told_by_its_name(kind, data_coding, told):
    sent = SENT._replace(message_type=kind, data_coding=data_coding)
    assert [line.text for line in tell(replace(PLAIN, submission=sent))][2] == told


def test_the_route_that_chose_its_operator_is_told():
    told = texts(replace(PLAIN, submission=SENT._replace(route_id=3)))
    assert "routed to kcell by route 3, priority 1" in told


def test_a_text_that_was_removed_is_told_as_such():
    told = texts(replace(PLAIN, submission=SENT._replace(text="")))
    assert "from SHOP to 77771234567: text removed by its age" in told
    assert "''" not in told


def test_a_plain_free_message_says_less():
    known = replace(
        PLAIN,
        submission=SENT._replace(customer_id=None, price=0, message_type=0, parts=1, data_coding=0),
    )
    assert "its id" not in texts(known)
    assert "free of charge" in texts(known)
    assert "GSM7, 1 part" in [line.text for line in tell(known)]


def test_everything_stands_in_the_order_of_time():
    known = replace(
        PLAIN,
        submission=SENT._replace(
            stage=Stage.DONE,
            state=MessageState.DELIVERED,
            due_at=AT + 500,
            expires_at=AT + 90_000,
        ),
        parts=(FIRST, replace(SECOND, state=MessageState.DELIVERED, receipt_at=AT + 4000)),
        sent_at=AT + 2000,
        completed_at=AT + 5000,
    )
    lines = tell(known)
    times = [line.at for line in lines if line.at is not None]
    assert times == sorted(times)
    assert [line.text for line in lines[5:]] == [
        "due: not to be sent before",
        "part 1 of 2: taken by kcell as A1",
        "part 2 of 2: taken by kcell as A2",
        "the operator had taken every part",
        "part 2 of 2: receipt says 102 DELIVERED",
        "part 1 of 2: receipt says 102 DELIVERED, error 000",
        "ended: 102 DELIVERED",
        "not wanted after this",
        "now 102 DELIVERED: it has ended",
    ]


def test_a_message_that_may_have_gone_out_twice_says_so():
    known = replace(PLAIN, repeats=1, uncertain_at=AT + 3000)
    assert StoryLine(
        AT + 3000,
        "a process or link ended with it in hand: it may have gone out twice (once)",
    ) in tell(known)
    assert "it may have gone out twice (2 times)" in texts(replace(PLAIN, repeats=2))


def test_what_went_wrong_and_the_money_given_back():
    known = replace(
        PLAIN,
        attempts=3,
        last_error="ESME_RTHROTTLED",
        refunded=2400,
        parts=(replace(FIRST, receipts=3),),
    )
    said = texts(known)
    assert "put off 3 times by a passing error" in said
    assert "last error: ESME_RTHROTTLED" in said
    assert "24.00 KZT given back" in said
    assert "(3 receipts in all)" in said


def test_every_stage_has_its_words():
    stages = [replace(PLAIN, submission=SENT._replace(stage=stage)) for stage in Stage]
    assert len({tell(known)[-1].text for known in stages}) == len(Stage)


async def of(known: Story, inbox=None, callbacks=None, number=9, **zone) -> list[str]:
    inbox, callbacks = inbox or ScriptedInbox(), callbacks or ScriptedCallbacks()
    return await story(OneStory(known), number, inbox=inbox, callbacks=callbacks, **zone)


async def test_the_lines_have_their_times_in_the_zone():
    lines = await of(PLAIN)
    assert lines[0] == "2025-01-01 12:00:00  came in by XML from shop, its id 5"
    assert (await of(PLAIN, zone="UTC"))[0].startswith("2025-01-01 07:00:00")
    assert lines[-1] == " " * 21 + "now 106 ACCEPTED: it waits in the queue"


async def test_no_such_message():
    with pytest.raises(NotFound, match="77"):
        await of(PLAIN, number=77)


async def test_its_call_backs_are_told_with_every_try_in_the_order_of_time():
    callbacks = ScriptedCallbacks()
    tried = Try(1, AT + 6000, 35, 200, "", "OK")
    changes = {"subject": 9, "host": "http://shop.example:80"}
    callbacks.put(
        call(15, tried, at=AT + 5500, stage=CallStage.DONE, ended_at=AT + 6035, **changes),
        call(16, at=AT + 7000, next_at=AT + 9000, **changes),
        call(17, subject=8),
    )
    lines = await of(replace(PLAIN, parts=(FIRST,)), callbacks=callbacks)
    assert [line[21:] for line in lines[6:-1]] == [
        "part 1 of 2: receipt says 102 DELIVERED, error 000",
        "call-back 15: message 9: 102 DELIVERED, for http://shop.example:80",
        "call-back 15: try 1: HTTP 200 in 35 ms, it said 'OK'",
        "call-back 15: done, called once",
        "call-back 16: message 9: 102 DELIVERED, for http://shop.example:80",
        "call-back 16: try 1 is due",
    ]
    assert callbacks.asked == [CallFilter(kind=CallKind.STATE, subject=9)]


async def test_which_subscribers_message_it_answers():
    reply = replace(PLAIN, submission=SENT._replace(protocol=Protocol.REPLY, reply_to=7))
    inbox = ScriptedInbox()
    assert "it answers subscriber's message 7" in [line[21:] for line in await of(reply, inbox)]
    inbox.put(inbound(7))
    told = "\n".join(await of(reply, inbox))
    assert "it answers subscriber's message 7: 77771234567 to 8785, 'Win a car'" in told
