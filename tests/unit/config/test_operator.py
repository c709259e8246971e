"""What may be said of an operator, in which forms, and in which one it is kept."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from habar.config import GroupSettings, OperatorSettings, Settings, parse
from habar.config.fields import Unfit
from habar.config.fields import read as read_one

Faults = Callable[..., list[str]]
Read = Callable[..., Settings]


def operator(read: Read, more: str, **environ: str) -> OperatorSettings:
    return read(more, **environ).operators[0]


class TestForms:
    @pytest.mark.parametrize(
        ("line", "kept"),
        [
            ("binds = 2", 2),
            ('binds = "2"', 2),
            ('binds = "3 transceivers"', 3),
            ('binds = "2 transmitter,1 receiver"', "2 transmitter, 1 receiver"),
            ('binds = " 1  receiver , 2 transmitters "', "1 receiver, 2 transmitter"),
            ("receipts = true", "parts"),
            ("receipts = false", "none"),
            ('receipts = "message"', "message"),
            ('number = "1/1"', "1/1"),
            ('number = " 05 / 008"', "5/8"),
            ("interface_version = 3.4", "3.4"),
            ('reference_tlv = "0x1400"', 0x1400),
            ("reference_tlv = 0x1400", 0x1400),
            ("data_coding_ucs2 = 0x18", 0x18),
            (
                'slow_codes = ["ESME_RTHROTTLED", "esme_rmsgqful", 8, "0x58", "0x400", "1025"]',
                (
                    "ESME_RTHROTTLED",
                    "ESME_RMSGQFUL",
                    "ESME_RSYSERR",
                    "ESME_RTHROTTLED",
                    "0x00000400",
                    "0x00000401",
                ),
            ),
            (
                'receipt_states = { ok = "DELIVERED", Failed = 5, GONE = "expired" }',
                {"OK": "DELIVERED", "FAILED": "UNDELIVERABLE", "GONE": "EXPIRED"},
            ),
            (
                'error_texts = { "0x58" = "slow", "ESME_RINVDSTADR" = "number", "001" = "absent" }',
                {"0x00000058": "slow", "0x0000000B": "number", "001": "absent"},
            ),
        ],
    )
    def test_what_is_written_is_kept_in_one_form(self, read: Read, line: str, kept: Any) -> None:
        name = line.partition(" ")[0]
        assert getattr(operator(read, line), name) == kept
        # As the database gives it back.
        assert read_one(OperatorSettings, name, json.loads(json.dumps(kept))) == kept

    def test_from_the_environment_lists_have_commas_and_tables_are_json(self, read: Read) -> None:
        made = operator(
            read,
            "",
            HABAR_OPERATOR_KCELL_WAIT_CODES="ESME_RSYSERR, 0x401",
            HABAR_OPERATOR_KCELL_RECEIPT_STATES='{"OK": "DELIVERED"}',
            HABAR_OPERATOR_KCELL_GROUPS='[{"kind": "transceiver", "count": 2}]',
            HABAR_OPERATOR_KCELL_DATA_CODING_DEFAULT="0x03",
            HABAR_OPERATOR_KCELL_RECEIPTS="true",
        )
        assert made.wait_codes == ("ESME_RSYSERR", "0x00000401")
        assert made.receipt_states == {"OK": "DELIVERED"}
        assert made.groups == (GroupSettings(count=2),)
        assert (made.data_coding_default, made.receipts) == (3, "parts")

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("binds = 0", "expected a number of transceivers from 1 to 100, or numbers and kinds"),
            ("binds = true", "expected a number of transceivers"),
            ('binds = "2 senders"', "expected a number of transceivers"),
            ('binds = "60 transmitter, 60 receiver"', "expected a number of transceivers"),
            ('binds = "0 transmitter, 1 receiver"', "expected a number of transceivers"),
            ('receipts = "some"', 'expected one of "parts", "message", "none"'),
            ("receipts = 5", 'expected one of "parts", "message", "none"'),
            ('destination = "1"', "expected type of number and numbering plan from 0 to 255"),
            ('destination = "1/256"', "expected type of number and numbering plan from 0 to 255"),
            ("interface_version = 5.0", 'expected one of "3.4", "3.3"'),
            ("reference_tlv = 65536", 'expected a tag such as "0x1400", or 0 for none'),
            ("data_coding_ucs2 = 256", "expected a whole number from 0 to 255"),
            ("priority_flag = 4", "expected a whole number from 0 to 3"),
            ('service_type = "TOOLONG"', "expected at most 5 ASCII characters"),
            (f'address_range = "{"7" * 41}"', "expected at most 40 ASCII characters"),
            (
                'slow_codes = ["ESME_RTHROTLED"]',
                "there is no command_status ESME_RTHROTLED; did you mean 'ESME_RTHROTTLED'?",
            ),
            ('slow_codes = ["s3cret"]', 'expected a list of names such as "ESME_RTHROTTLED"'),
            ("slow_codes = [true]", "expected a list of names"),
            ("slow_codes = [4294967296]", "expected a list of names"),
            ('slow_codes = "ESME_RTHROTTLED"', "expected a list of names"),
            ("slow_codes = [0]", "ESME_ROK is no error"),
            (
                'receipt_states = { OK = "DELIVRED" }',
                "there is no message_state DELIVRED; did you mean 'DELIVERED'?",
            ),
            ("receipt_states = { OK = 9 }", "expected a table of words to ENROUTE, DELIVERED"),
            ('receipt_states = "OK"', "expected a table of its words"),
            ('error_texts = { "ESME_RINVDST" = "x" }', "there is no command_status ESME_RINVDST"),
            ('error_texts = { "no such" = "x" }', 'expected codes such as "0x400"'),
            ('error_texts = { "001" = 5 }', "expected a table of codes to texts"),
            ('receipt_pattern = "(?P<id>"', "no regular expression: missing ), unterminated"),
            ('receipt_pattern = "id:(?P<id>.*)"', "it must have the groups (?P<id>…) and"),
            (f'receipt_pattern = "{"x" * 1001}"', "a pattern of at most 1000 characters"),
            ("groups = 5", "expected tables with kind, count"),
            ("groups = [5]", "number 1: a table is expected"),
        ],
    )
    def test_what_cannot_be_is_told_in_words(self, faults: Faults, line: str, words: str) -> None:
        (fault,) = faults(line)
        assert fault.startswith(f"[[operators]] kcell {line.partition(' ')[0]}: {words}")

    def test_every_fault_of_the_groups_is_told(self, faults: Faults) -> None:
        (fault,) = faults(
            "[[operators.groups]]\nkind = 'sender'\n[[operators.groups]]\nprot = 1\ncount = 0\n"
        )
        assert fault == (
            '[[operators]] kcell groups: number 1 kind: expected one of "transceiver",'
            ' "transmitter", "receiver"; number 2 prot: unknown setting; did you mean \'port\'?;'
            " number 2 count: expected a whole number from 1 to 100"
        )

    def test_what_is_no_json_is_told(self) -> None:
        with pytest.raises(Unfit, match="expected a table of codes to texts, as JSON"):
            parse("error_texts", "001=absent")


class TestSecrets:
    def test_a_groups_password_is_in_no_repr(self, read: Read) -> None:
        from rich.pretty import pretty_repr

        made = operator(read, '[[operators.groups]]\npassword = "s3cret"\n')
        assert made.groups[0].password == "s3cret"
        for words in (repr(made), repr(made.groups), pretty_repr(made), pretty_repr(made.groups)):
            assert "s3cret" not in words
