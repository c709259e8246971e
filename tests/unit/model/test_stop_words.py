"""model/stop_words.py: what counts as STOP, START or HELP, and that each answer is one SMS."""

import pytest

from habar.model.stop_words import ANSWERS, WORDS, Language, Said, Word, first_and_rest, read
from habar.wire.text import count_parts

STOP, START, HELP = Word.STOP, Word.START, Word.HELP
RU, KK, EN = Language.RUSSIAN, Language.KAZAKH, Language.ENGLISH


@pytest.mark.rule("inbox.stop-words")
@pytest.mark.parametrize(
    ("text", "word", "language"),
    [
        ("STOP", STOP, EN),
        (" stop. ", STOP, EN),
        ("«Стоп!»", STOP, RU),
        ("СТОП", STOP, RU),
        ("тоқтат", STOP, KK),
        ("ТОҚТАТ!!!", STOP, KK),
        ("start", START, EN),
        ("Старт", START, RU),
        ("баста", START, KK),
        ("Help?", HELP, EN),
        ("помощь", HELP, RU),
        ("Көмек", HELP, KK),
        ("stop\u00a0all", STOP, EN),
    ],
)
def test_words_in_three_languages(text: str, word: Word, language: Language) -> None:
    assert read(text) == (word, language)


@pytest.mark.parametrize(
    ("text", "word", "language"),
    [
        ("CTOП", STOP, RU),  # Latin C, T, O
        ("CTOΠ", STOP, RU),  # the same with the Greek letter that GSM 7-bit has
        ("cтoп", STOP, RU),
        ("ST0P", STOP, EN),
        ("SТОР", STOP, EN),  # Cyrillic Т, О, Р
        ("ТОКТАТ", STOP, KK),  # on a Russian keyboard
        ("TOKTAT", STOP, KK),
        ("комек", HELP, KK),
        ("KOMEK", HELP, KK),
        ("CTAPT", START, RU),
        ("ПОМОЩЬ", HELP, RU),
        ("pomosh", HELP, RU),
    ],
)
def test_letters_typed_for_others_that_look_like_them(
    text: str, word: Word, language: Language
) -> None:
    assert read(text) == (word, language)


@pytest.mark.rule("inbox.stop-words")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "stop it",
        "please stop",
        "не стоп",
        "stopp",
        "стоп-кран",
        "helpful",
        "старт 5",
        "да",
    ],
)
def test_other_texts_are_none(text: str) -> None:
    assert read(text) is None


def test_every_word_is_read_as_what_it_stands_for() -> None:
    for said, words in WORDS.items():
        for word in words:
            assert read(word) == said
            assert read(word.lower()) == said


def test_a_word_before_something() -> None:
    assert first_and_rest("STOP  pizza xl") == (Said(STOP, EN), "pizza xl")
    assert first_and_rest("стоп\nпицца") == (Said(STOP, RU), "пицца")
    assert first_and_rest("STOP ") is None
    assert first_and_rest("pizza stop") is None
    assert first_and_rest("") is None


def test_there_is_an_answer_for_each_word_and_language_and_it_is_one_sms() -> None:
    assert set(ANSWERS) == set(WORDS) == {Said(w, lang) for w in Word for lang in Language}
    for text in ANSWERS.values():
        assert count_parts(text)[1] == 1
        assert len(text) <= (160 if text.isascii() else 70)


def test_the_answers_name_words_that_are_understood() -> None:
    for said, text in ANSWERS.items():
        named = {
            read(word) for word in text.replace(":", " ").split() if word.strip(".,").isupper()
        }
        wanted = {STOP: {START}, START: {STOP}, HELP: {STOP, START}}[said.word]
        assert named == {Said(word, said.language) for word in wanted}
