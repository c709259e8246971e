"""The gateway's own words put into the HTTP protocol's: outcomes, states and refusals to answers.

The protocol has no list of its own of statuscodes, only that 0 is success. Decided: what one
message is refused for has the XML protocol's number where that has one for it alone (2xx), and what
is wrong with the request has the number that HTTP has for such a thing (4xx, 503).

Guarantees: every Refusal has its code and its words (tests hold the tables complete); no
words quote what was sent. Only translates: decides nothing, reads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from habar.errors import Refusal
from habar.model.account import Account
from habar.model.message import MessageStatus, Outcome, Ref
from habar.model.message_type import BY_NAME, NAMES, MessageType
from habar.model.status import MessageState
from habar.model.times import moment
from habar.model.url import InvalidUrl, host_of
from habar.submit.checks import Draft, read_id
from habar.wire.content import UnreadableContent, encode
from habar.wire.http.form import ERROR, FAILED, STATUSES, Answer, FormFault, Item, MessageIn

ACCEPTED = 0
FAULT = 200
PARAMETER, CREDENTIALS, ACTION, GUESSING, OVERLOAD = 400, 401, 404, 429, 503

CODES: dict[Refusal, int] = {
    Refusal.FAULT: FAULT,
    Refusal.ID: 201,
    Refusal.DUPLICATE_ID: 201,
    Refusal.SENDER: 202,
    Refusal.RECIPIENT: 203,
    Refusal.LENGTH: 204,
    Refusal.ACCOUNT_BLOCKED: 205,
    Refusal.BALANCE: 206,
    Refusal.LIMIT: 207,
    Refusal.OPTED_OUT: 208,
    Refusal.CONTENT: 209,
    Refusal.TYPE: 210,
    Refusal.TOO_LATE: 211,
    Refusal.TIME: 212,
}
WORDS: dict[Refusal, str] = {refusal: refusal.text for refusal in Refusal} | {
    Refusal.ID: "messageid is not one of the account's messages",
    Refusal.SENDER: "originator is not one of the account's senders",
    Refusal.RECIPIENT: "recipient is not a number of the form 77aabbbccdd",
    Refusal.LENGTH: "messagedata is empty or has too many parts",
    Refusal.CONTENT: "messagedata is not what its messagetype asks for",
    Refusal.TYPE: "messagetype is not one of the protocol's",
    Refusal.TIME: "sendondate is not a time of the form YYYY-MM-DD HH:mm:ss",
}
REQUEST_WORDS = {
    PARAMETER: "a parameter is missing or cannot be read",
    CREDENTIALS: "username or password is wrong",
    ACTION: "action is none of sendmessage, getmessagestatus",
    GUESSING: "too many wrong passwords: nothing was done, try again later",
    OVERLOAD: "the gateway has too much to do: nothing was done, try again later",
}
"""What is said of a request that is refused whole; of PARAMETER which one, and why."""
FAULT_WORDS = "the gateway has a fault, and its log says which"
SEND, ASK = "sendmessage", "getmessagestatus"
_ACCEPTED_WORDS = "Message accepted for delivery"
_NO_MESSAGE = 0
"""The id that no message has: ids begin at 1."""


class Refused(NamedTuple):
    """Why a message, or a whole request, is refused."""

    code: int
    words: str


class Wanted(NamedTuple):
    """A message ready for the door."""

    draft: Draft
    report_url: str


def wanted(message: MessageIn | FormFault) -> Wanted | Refused:
    """What the door is asked for, or why it is not."""
    if isinstance(message, FormFault):
        return Refused(PARAMETER, message.words)
    kind = BY_NAME.get(message.messagetype.upper())
    if kind is None:
        return Refused(CODES[Refusal.TYPE], WORDS[Refusal.TYPE])
    if message.reporturl:
        try:
            host_of(message.reporturl)
        except InvalidUrl as fault:
            return Refused(PARAMETER, f"reporturl: {fault}")
    draft = (
        None,
        message.recipient,
        message.originator or None,
        message.sendondate or None,
        None,
        kind,
        message.messagedata,
    )
    return Wanted(draft, message.reporturl)


def refused(message: MessageIn, refusal: Refusal) -> Refused:
    """What is told of a message that the door refused."""
    words = WORDS[refusal]
    if refusal is Refusal.CONTENT:
        try:
            encode(BY_NAME[message.messagetype.upper()], message.messagedata)
        except UnreadableContent as fault:
            words = f"{words}: {fault}"
    return Refused(CODES[refusal], words)


def sent(
    account: Account,
    messages: Sequence[MessageIn | FormFault],
    results: Sequence[Outcome | Refused],
) -> Answer:
    """The answer to `messages`: an error where none of them was accepted."""
    accepted = any(isinstance(result, Outcome) and not result.refusal for result in results)
    if len(messages) == 1 and not accepted:
        return error(*_refusal(messages[0], results[0]))
    items = [
        _item(account, message, result) for message, result in zip(messages, results, strict=True)
    ]
    return Answer(SEND if accepted else ERROR, "acceptreport", items)


def error(code: int, words: str) -> Answer:
    """The answer to a request that is refused whole."""
    return Answer(ERROR, "acceptreport", [{"statuscode": str(code), "statusmessage": words}])


def result_of(answer: Answer, account: Account, now: int, wanted: MessageIn | None = None) -> Item:
    """What continueurl and redirecturl are told: the call-backs' parameters, as far as known.

    `wanted`: the message that the answer is about, of which an error itself says nothing.
    """
    first = answer.first
    done = first["statuscode"] == str(ACCEPTED)
    told = {"status": STATUSES[MessageState.ACCEPTED] if done else FAILED}
    if done and answer.action == SEND:
        told["submitdate"] = moment(now, account.compat.timezone)
    if wanted is not None:
        told |= _known(account, wanted)
    if first.get("state") == str(int(MessageState.DELIVERED)):
        told["deliveredtohandsetdate"] = first["donedate"]
    return told | dict(first)


def asked(ids: Sequence[str]) -> list[Ref]:
    """Which messages are meant; what is no id means none."""
    return [Ref(None, read_id(each) or _NO_MESSAGE) for each in ids]


def reported(
    account: Account, ids: Sequence[str], statuses: Sequence[MessageStatus | None]
) -> Answer:
    """The answer to the question for `ids`: an error where the account has none of them."""
    zone = account.compat.timezone
    items = [_status(each, status, zone) for each, status in zip(ids, statuses, strict=True)]
    return Answer(ASK if any(statuses) else ERROR, "statusreport", items)


def _item(account: Account, message: MessageIn | FormFault, result: Outcome | Refused) -> Item:
    if isinstance(result, Outcome) and not result.refusal:
        item = {
            "statuscode": str(ACCEPTED),
            "statusmessage": _ACCEPTED_WORDS,
            "messageid": str(result.message_id),
        }
    else:
        code, words = _refusal(message, result)
        item = {"statuscode": str(code), "statusmessage": words}
    if isinstance(message, FormFault):
        return item
    return item | dict(_known(account, message))


def _known(account: Account, message: MessageIn) -> Item:
    kind = BY_NAME.get(message.messagetype.upper())
    return {
        "originator": message.originator or account.default_sender,
        "recipient": message.recipient,
        "messagetype": message.messagetype if kind is None else NAMES[MessageType(kind)],
        "messagedata": message.messagedata,
    }


def _refusal(message: MessageIn | FormFault, result: Outcome | Refused) -> Refused:
    if isinstance(result, Refused):
        return result
    if isinstance(message, FormFault) or result.refusal is None:
        raise TypeError("not refused")
    return refused(message, result.refusal)


def _status(asked_for: str, status: MessageStatus | None, zone: str) -> Item:
    if status is None:
        code, words = CODES[Refusal.ID], WORDS[Refusal.ID]
        return {"statuscode": str(code), "statusmessage": words, "messageid": asked_for}
    state = MessageState(status.state)
    done_at = status.completed_at if state.is_final else None
    return {
        "statuscode": str(ACCEPTED),
        "statusmessage": state.name,
        "messageid": str(status.message_id),
        "status": STATUSES[state],
        "state": str(int(state)),
        "donedate": "" if done_at is None else moment(done_at, zone),
    }
