"""Each way of texts: the SMSC puts together what the customer wrote, in the parts counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from habar.operators import Alphabet, Cyrillic, DataCodings, LongText, ReceiptKind

GSM = "Price {10€} [now] ~5% ^ \\ | @ £ Ω " * 10
EDGE = "x" * 152 + "€" + "y" * 152 + "€" + "z" * 40
"""An ESC pair where the first cut would be, and the second."""
RUSSIAN = "Уважаемый клиент! Ваш заказ № 7 готов к выдаче. " * 5
KAZAKH = "Құрметті клиент, сіздің тапсырысыңыз дайын. Әріптер: ҒҚҢӨҰҮҺІ. " * 4
EMOJI = "a" * 66 + "😀" + "б" * 65 + "👍🏽" + "конец"
"""A surrogate pair where the first cut would be, and the second."""
SHORT_TEXTS = ("Hello {€}", "Привет", "Сәлем, қалың қалай?", "👍")
TEXTS = tuple(text.strip() for text in (GSM, EDGE, RUSSIAN, KAZAKH, EMOJI, *SHORT_TEXTS))


async def arrived(site: Any, smsc: Any, texts: tuple[str, ...], **more: Any) -> dict[str, Any]:
    """Send each text to a number of its own; what the SMSC has put together, by text."""
    found = {}
    for n, text in enumerate(texts):
        recipient = f"7701000{n:04}"
        message_id = await site.send(recipient, text, **more)
        story = await site.ends(message_id, 102)
        (whole,) = [message for message in smsc.messages() if message.destination == recipient]
        found[text] = (whole, story.submission.parts)
    return found


@pytest.mark.parametrize("long_text", [LongText.UDH_8, LongText.UDH_16, LongText.SAR])
async def test_in_parts_each_text_arrives_as_written_in_as_many_as_were_counted(
    make_smsc: Any, make_site: Any, long_text: LongText
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(long_text=long_text))
    for text, (whole, counted) in (await arrived(site, smsc, TEXTS)).items():
        assert whole.text == text
        assert len(whole.parts) == counted
        if counted > 1:
            if text == RUSSIAN.strip():
                bits = {part.concatenation.bits for part in whole.parts}
                assert bits == {8 if long_text is LongText.UDH_8 else 16}
            self_made = {bool(part.udh) for part in whole.parts}
            assert self_made == {long_text is not LongText.SAR}
            assert [part.concatenation.sequence for part in whole.parts] == list(
                range(1, counted + 1)
            )
    assert smsc.counts.repeated == 0


async def test_as_payload_a_text_arrives_whole_and_one_receipt_ends_it(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(long_text=LongText.PAYLOAD))
    for text, (whole, _) in (await arrived(site, smsc, TEXTS)).items():
        assert whole.text == text
        assert len(whole.parts) == 1
        assert whole.parts[0].udh == b""
    assert smsc.counts.submitted == len(TEXTS)


@dataclass(frozen=True)
class Way:
    """Of an alphabet: how the operator and the SMSC are set, and what it makes of the texts."""

    operator: dict[str, Any]
    smsc: dict[str, Any]
    becomes: tuple[tuple[str, str], ...] = ()

    def read(self, text: str) -> str:
        for lacking, instead in self.becomes:
            text = text.replace(lacking, instead)
        return text


LATIN = Way({"alphabet": Alphabet.LATIN1}, {"alphabet": "latin-1"}, (("€", "E"), ("Ω", "O")))
ASCII = Way(
    {"alphabet": Alphabet.ASCII},
    {"alphabet": "ascii"},
    (("€", "E"), ("Ω", "O"), ("£", "L")),
)
WAYS = {
    "gsm7-packed": Way({"alphabet": Alphabet.GSM7_PACKED}, {"alphabet": "gsm7-packed"}),
    "latin-1": LATIN,
    "latin-1 by its data_coding": Way(
        {"alphabet": Alphabet.LATIN1, "data_codings": DataCodings(default=3)}, {}, LATIN.becomes
    ),
    "ascii": ASCII,
    "ucs2-le": Way({"cyrillic": Cyrillic.UCS2_LE}, {"ucs2_little_endian": True}),
    "iso-8859-5": Way({"cyrillic": Cyrillic.ISO_8859_5}, {}),
}


@pytest.mark.parametrize("name", WAYS)
async def test_in_each_alphabet_each_text_arrives_in_the_counted_parts(
    make_smsc: Any, make_site: Any, name: str
) -> None:
    way = WAYS[name]
    smsc = await make_smsc(**way.smsc)
    site = await make_site(a=smsc.operator(**way.operator))
    for long_text in (LongText.UDH_8, LongText.UDH_16, LongText.SAR):
        await site.change("a", long_text=long_text)
        smsc.received.clear()
        for text, (whole, counted) in (await arrived(site, smsc, TEXTS)).items():
            gsm = text in (TEXTS[0], TEXTS[1], SHORT_TEXTS[0])
            assert whole.text == (way.read(text) if gsm else text)
            assert len(whole.parts) == counted


async def test_russian_in_one_octet_a_letter_says_so_and_kazakh_goes_as_ucs2(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(cyrillic=Cyrillic.ISO_8859_5))
    found = await arrived(site, smsc, ("Привет", "Сәлем", "Hi"))
    assert [whole.parts[0].data_coding for whole, _ in found.values()] == [6, 8, 0]
    assert found["Привет"][0].parts[0].short_message == "Привет".encode("iso8859_5")


async def test_data_coding_and_registered_delivery_are_the_operator_s(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    codings = DataCodings(default=0xF1, ucs2=0x08, flash_default=0xF0, flash_ucs2=0x18)
    site = await make_site(a=smsc.operator(data_codings=codings, registered_delivery=0x11))
    await arrived(site, smsc, ("Hi", "Сәлем"))
    plain = [(one.data_coding, one.registered_delivery, one.text) for one in smsc.received]
    assert plain == [(0xF1, 0x11, "Hi"), (0x08, 0x11, "Сәлем")]
    smsc.received.clear()
    await arrived(site, smsc, ("Hi", "Сәлем"), kind=1)
    assert [one.data_coding for one in smsc.received] == [0xF0, 0x18]


async def test_of_an_operator_without_receipts_none_is_asked(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(receipts=ReceiptKind.NONE, registered_delivery=1))
    await site.ends(await site.send("77010000001", KAZAKH), 101)
    assert {one.registered_delivery for one in smsc.received} == {0}
    assert smsc.counts.receipts_sent == 0
