"""model/shortcode.py: whose a text is."""

from dataclasses import dataclass

import pytest

from habar.model.shortcode import ShortCodes, behind, fold


@dataclass(frozen=True)
class Rule:
    code: str
    keyword: str


def codes(*keywords: str, code: str = "8785") -> ShortCodes[Rule]:
    return ShortCodes([Rule(code, keyword) for keyword in keywords])


def chosen(shortcodes: ShortCodes[Rule], text: str, code: str = "8785") -> str | None:
    rule = shortcodes.choose(code, text)
    return None if rule is None else rule.keyword


@pytest.mark.rule("inbox.longest-keyword", "inbox.default-customer")
@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("pizza", "pizza"),
        ("PIZZA please", "pizza"),
        ("  Pizza, please", "pizza"),
        ("pizza\nplease", "pizza"),
        ("pizzas", ""),
        ("pizza2", ""),
        ("pizza_2", ""),
        ("I want pizza", ""),
        ("pizza xl", "pizza xl"),
        ("Pizza   XL!", "pizza xl"),
        ("pizza xls", "pizza"),
        ("", ""),
        ("такси", "такси"),
        ("ТАКСИ Абая 1", "такси"),
        ("ӘН салайық", "ән"),
        ("Әнші", ""),
        ("#1", "#"),
        ("#", "#"),
    ],
)
def test_the_longest_keyword_that_the_text_begins_with(text: str, keyword: str) -> None:
    owned = codes("", "pizza", "pizza xl", "такси", "ән", "#")
    assert chosen(owned, text) == keyword


@pytest.mark.rule("inbox.longest-keyword")
def test_kazakh_letters_are_letters_of_their_own() -> None:
    owned = codes("құн", "кун")
    assert chosen(owned, "ҚҰН") == "құн"
    assert chosen(owned, "Кун 5") == "кун"


def test_a_letter_composed_of_two_is_the_same_letter() -> None:
    assert chosen(codes("йога"), "и\u0306ога сегодня") == "йога"
    assert chosen(codes("и\u0306ога"), "ЙОГА") == "и\u0306ога"


def test_a_mark_behind_a_keyword_is_part_of_its_last_letter() -> None:
    assert chosen(codes("", "кг"), "кг\u0301") == ""


@pytest.mark.rule("inbox.unrouted")
def test_no_default_and_no_keyword_is_nobody_s() -> None:
    assert chosen(codes("pizza"), "hello") is None
    assert chosen(codes("", "pizza"), "hello", code="1234") is None


@pytest.mark.rule("inbox.short-code")
def test_a_keyword_is_its_own_short_code_s() -> None:
    owned = ShortCodes([Rule("8785", "pizza"), Rule("1414", "")])
    assert chosen(owned, "pizza", "1414") == ""
    assert chosen(owned, "pizza", "8785") == "pizza"


@pytest.mark.rule("inbox.short-code")
def test_a_plus_before_the_code_says_nothing() -> None:
    assert chosen(codes("", code="+8785"), "x", "8785") == ""
    assert chosen(codes(""), "x", "+8785") == ""


def test_keywords_are_compared_folded_however_they_are_stored() -> None:
    assert chosen(codes("ТаКСи"), "такси") == "ТаКСи"


def test_a_keyword_asked_for_exactly() -> None:
    owned = codes("", "pizza xl")
    assert owned.exactly("8785", "PIZZA  XL") == Rule("8785", "pizza xl")
    assert owned.exactly("8785", "pizza") is None
    assert owned.exactly("1", "pizza xl") is None


def test_what_stands_behind_the_keyword() -> None:
    assert behind("pizza", "PIZZA  stop now") == "stop now"
    assert behind("pizza", "Pizza") == ""


def test_folding_is_done_once() -> None:
    for text in ("İSTANBUL", "Straße", "ΣΑΣ", "\u1fbe", "ҒЫЛЫМ", "A\u0345"):
        assert fold(fold(text)) == fold(text)


def test_a_pile_of_marks_is_cut_off_before_it_is_put_in_order() -> None:
    """Seventeen thousand of them fit the parts of one message."""
    pile = "\u0315\u0300" * 8_500
    assert len(fold(f"a{pile}")) < 40
    assert fold(f"{'x' * 500} Qué{pile} tal").endswith(" tal")
    text = "Қалайсың, жақсы ма? " * 50
    assert fold(text) == " ".join(text.casefold().split())
