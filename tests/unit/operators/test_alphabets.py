"""operators/alphabets.py: which texts are rewritten, and how; the octets are in test_submit_sm."""

from dataclasses import replace

import pytest

from habar.model.message import Outgoing
from habar.operators import Alphabet, Cyrillic, OperatorSettings
from habar.operators.alphabets import coding

OPERATOR = OperatorSettings(1, "op", "127.0.0.1", 2775, "id", "secret")
LATIN = Outgoing(77, 1, 1, "SHOP", 77010000001, "Hi", 0, 0, 1, 0, None)
RUSSIAN = LATIN._replace(text="Да", data_coding=8)
KAZAKH = LATIN._replace(text="Иә", data_coding=8)


@pytest.mark.parametrize("flash", [0, 1])
def test_what_is_usual_is_not_touched(flash: int) -> None:
    for message, data_coding in ((LATIN, (0, 0x10)), (RUSSIAN, (8, 0x18))):
        told = coding(message._replace(message_type=flash), OPERATOR)
        assert told == (None, data_coding[flash])


@pytest.mark.parametrize("alphabet", list(Alphabet))
def test_an_alphabet_is_for_texts_that_are_counted_as_gsm_7_bit(alphabet: Alphabet) -> None:
    operator = replace(OPERATOR, alphabet=alphabet)
    assert (coding(LATIN, operator)[0] is None) is (alphabet is Alphabet.GSM7)
    assert coding(RUSSIAN, operator) == (None, 8)


@pytest.mark.parametrize(
    ("cyrillic", "rewritten"),
    [
        (Cyrillic.UCS2, [False, False, False]),
        (Cyrillic.UCS2_LE, [True, True, True]),
        (Cyrillic.ISO_8859_5, [True, False, False]),
    ],
)
def test_cyrillic_is_for_the_others(cyrillic: Cyrillic, rewritten: list[bool]) -> None:
    operator = replace(OPERATOR, cyrillic=cyrillic)
    messages = (RUSSIAN, KAZAKH, RUSSIAN._replace(message_type=1))
    assert [coding(message, operator)[0] is not None for message in messages] == rewritten
    assert coding(LATIN, operator) == (None, 0)
