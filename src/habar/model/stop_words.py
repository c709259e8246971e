"""STOP, START and HELP as subscribers write them, in Russian, Kazakh and English, and the answers.

Guarantees: only a text that is such a word and nothing else is one, but for letter case, white
space and punctuation around it. A letter typed for another that looks like it is that one: Latin or
Greek for Cyrillic on a phone that has no other, Russian for Kazakh. Each built-in answer is one SMS
(tests/unit/model/test_stop_words.py counts them). Pure; knows no short codes.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from habar.model.shortcode import fold


class Word(Enum):
    """What the subscriber wants."""

    STOP = "stop"
    """No more messages."""
    START = "start"
    """Messages again."""
    HELP = "help"


class Language(Enum):
    """Of the word, and so of the answer."""

    RUSSIAN = "ru"
    KAZAKH = "kk"
    ENGLISH = "en"


class Said(NamedTuple):
    """A word as it was said."""

    word: Word
    language: Language


WORDS = {
    Said(Word.STOP, Language.ENGLISH): ("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE"),
    Said(Word.STOP, Language.RUSSIAN): ("СТОП", "ОТПИСАТЬСЯ", "ОТПИСКА", "OTPISKA"),
    Said(Word.STOP, Language.KAZAKH): ("ТОҚТАТ", "ТОҚТАТУ", "ТОҚТА", "TOQTAT", "TOQTATU"),
    Said(Word.START, Language.ENGLISH): ("START", "UNSTOP", "SUBSCRIBE"),
    Said(Word.START, Language.RUSSIAN): ("СТАРТ", "ПОДПИСАТЬСЯ", "ПОДПИСКА", "PODPISKA"),
    Said(Word.START, Language.KAZAKH): ("БАСТА", "БАСТАУ", "BASTA", "BASTAU"),
    Said(Word.HELP, Language.ENGLISH): ("HELP",),
    Said(Word.HELP, Language.RUSSIAN): ("ПОМОЩЬ", "СПРАВКА", "POMOSH", "POMOSHCH", "SPRAVKA"),
    Said(Word.HELP, Language.KAZAKH): ("КӨМЕК", "АНЫҚТАМА", "ANYQTAMA"),
}
"""Few, and of one meaning: what is a stop word never reaches the customer's web service."""

ANSWERS = {
    Said(
        Word.STOP, Language.ENGLISH
    ): "You will get no more of our messages. To get them again, send START.",
    Said(Word.STOP, Language.RUSSIAN): "Вы отписаны от наших сообщений. Вернуть их: СТАРТ.",
    Said(
        Word.STOP, Language.KAZAKH
    ): "Хабарлама енді келмейді. Қайта алу үшін БАСТА деп жіберіңіз.",
    Said(
        Word.START, Language.ENGLISH
    ): "You will get our messages again. To get no more of them, send STOP.",
    Said(Word.START, Language.RUSSIAN): "Вы снова подписаны на наши сообщения. Отписаться: СТОП.",
    Said(Word.START, Language.KAZAKH): "Хабарлама қайта келеді. Тоқтату үшін ТОҚТАТ деп жіберіңіз.",
    Said(
        Word.HELP, Language.ENGLISH
    ): "Send STOP to get no more of our messages, START to get them again.",
    Said(Word.HELP, Language.RUSSIAN): "Отписаться от сообщений: СТОП. Получать их снова: СТАРТ.",
    Said(Word.HELP, Language.KAZAKH): "Тоқтату үшін ТОҚТАТ, қайта алу үшін БАСТА деп жіберіңіз.",
}
"""What the gateway answers where its operator has set no text of its own."""

_PUNCTUATION = " .,;:!?…'\"«»“”()-–—"
_LOOK_ALIKES = str.maketrans(
    "ABCEHIKMOPTXY0" + "ΔΦΓΛΠΘ" + "ӘҒҚҢӨҰҮҺІЁ",
    "АВСЕНИКМОРТХУО" + "ДФГЛПО" + "АГКНОУУХИЕ",
)
"""To the Russian capital letter that each is typed for."""


def _shape(text: str) -> str:
    return fold(text).strip(_PUNCTUATION).upper().translate(_LOOK_ALIKES)


_BY_SHAPE = {_shape(word): said for said, words in WORDS.items() for word in words}


def read(text: str) -> Said | None:
    """The word that a text is; None: it is none."""
    return _BY_SHAPE.get(_shape(text))


def first_and_rest(text: str) -> tuple[Said, str] | None:
    """The word that a text begins with, and what stands behind it; None where there is no rest."""
    words = text.split(maxsplit=1)
    said = read(words[0]) if len(words) > 1 else None
    return None if said is None else (said, words[1])
