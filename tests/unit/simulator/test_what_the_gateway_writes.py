"""What the gateway writes in an operator's own way, the simulated SMSC takes and reads whole."""

from dataclasses import replace
from struct import pack
from typing import Any

import pytest

from habar.model.message import Outgoing
from habar.operators import Alphabet, Cyrillic, LongText, OperatorSettings
from habar.operators.submit_sm import submit_bodies
from habar.simulator import Settings, joined
from habar.simulator.content import Reading
from habar.simulator.exchange import Exchange
from habar.wire.smpp import CommandId, CommandStatus, decode
from habar.wire.text import count_parts

NOW = 1_790_000_000_000
OPERATOR = OperatorSettings(1, "op", "127.0.0.1", 2775, "id", "secret")
TEXTS = ["Hello @", "1234567@", "12345678", "plain " * 60, "Привет, мир", "Қазақ тілі " * 30]


def written(text: str, operator: OperatorSettings) -> list[bytes]:
    encoding, parts = count_parts(text)
    message = Outgoing(77, 1, 1, "SHOP", 77010000001, text, encoding, 0, parts, NOW, None)
    return submit_bodies(message, operator, NOW)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("long_text", list(LongText))
@pytest.mark.parametrize("alphabet", list(Alphabet))
@pytest.mark.parametrize("cyrillic", list(Cyrillic))
def test_the_text_is_read(
    text: str, long_text: LongText, alphabet: Alphabet, cyrillic: Cyrillic
) -> None:
    operator = replace(OPERATOR, alphabet=alphabet, cyrillic=cyrillic, long_text=long_text)
    name: Any = alphabet.value
    little_endian = cyrillic is Cyrillic.UCS2_LE
    settings = Settings(alphabet=name, ucs2_little_endian=little_endian)
    smsc = Exchange(settings, lambda: NOW)
    for body in written(text, operator):
        pdu = decode(pack(">4L", 16 + len(body), CommandId.SUBMIT_SM, 0, 1) + body)
        assert smsc.submit(1, "habar", pdu, 0.0).status == CommandStatus.ESME_ROK
    messages = joined(smsc.record.received, Reading(name, little_endian))
    assert [message.text for message in messages] == [text]
