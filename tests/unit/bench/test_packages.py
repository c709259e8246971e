"""The load's requests are what the gateway reads; its answers are judged exactly."""

from collections import Counter

import pytest
from bench.packages import Reply, accepted, form, form_accepted, package, post, reply

from habar.wire.http.form import MessageIn, messages, read
from habar.wire.http.xml import MessageSection, message_row, message_section, parse
from habar.wire.http.xml import package as answer_package


def ok(*codes: int, sms_id: int = 7) -> Reply:
    rows = [message_row("1", sms_id if code == 106 else 0, 1, code) for code in codes]
    return Reply(200, answer_package([message_section(rows)]), b"")


class TestPackage:
    def test_reads_as_so_many_messages_to_the_numbers_of_the_prefix(self) -> None:
        read = parse(package("shop", "secret", "771", 41, 3))
        assert (read.login, read.password) == ("shop", "secret")
        (section,) = read.sections
        assert isinstance(section, MessageSection)
        assert [msg.recipient for msg in section.items] == [
            "77100000041",
            "77100000042",
            "77100000043",
        ]
        assert len({msg.id for msg in section.items}) == 3

    def test_a_post_says_its_length(self) -> None:
        request = post("127.0.0.1", 8090, b"<package/>")
        head, _, body = request.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /api HTTP/1.1\r\nHost: 127.0.0.1:8090\r\n")
        assert b"Content-Length: 10" in head
        assert body == b"<package/>"


class TestReply:
    WHOLE = b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nCONTENT-LENGTH: 4\r\n\r\nbusy"

    @pytest.mark.parametrize("cut", range(len(WHOLE)))
    def test_is_read_only_once_it_is_whole(self, cut: int) -> None:
        assert reply(self.WHOLE[:cut]) is None

    def test_leaves_what_follows(self) -> None:
        assert reply(self.WHOLE + b"HTTP") == (503, b"busy", b"HTTP")

    def test_without_length_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="Content-Length"):
            reply(b"HTTP/1.1 200 OK\r\n\r\n")


def told(code: int, message: str) -> Reply:
    body = f"<response><statuscode>{code}</statuscode><messageid>{message}</messageid></response>"
    return Reply(200, body.encode(), b"")


class TestForm:
    def test_reads_as_a_message_with_its_address_for_call_backs(self) -> None:
        request = form("h", 1, "shop", "secret", "77100000041", "http://127.0.0.1:2/states")
        head, _, body = request.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        (message,) = messages(read(b"", "application/x-www-form-urlencoded", body))
        assert isinstance(message, MessageIn)
        assert message.recipient == "77100000041"
        assert message.reporturl == "http://127.0.0.1:2/states"


class TestAccepted:
    def test_all(self) -> None:
        faults: Counter[str] = Counter()
        assert accepted(ok(106, 106), 2, faults) == 2
        assert not faults

    def test_refused_ones_are_counted_by_their_code(self) -> None:
        faults: Counter[str] = Counter()
        assert accepted(ok(106, 207, 207, 203), 4, faults) == 1
        assert faults == {"message 207": 2, "message 203": 1}

    def test_a_package_error(self) -> None:
        faults: Counter[str] = Counter()
        error = Reply(503, b"<package><error>200</error></package>", b"")
        assert accepted(error, 5, faults) == 0
        assert faults == {"HTTP 503, package 200": 5}

    def test_missing_rows(self) -> None:
        faults: Counter[str] = Counter()
        assert accepted(ok(106), 3, faults) == 1
        assert faults == {"HTTP 200, rows missing": 2}

    def test_the_http_protocols_message(self) -> None:
        faults: Counter[str] = Counter()
        assert form_accepted(told(0, "7"), faults) == 1
        assert not faults

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ("1", "HTTP 200, statuscode 3"),
            ("none", "HTTP 200, no statuscode"),
            ("busy", "HTTP 503, statuscode 0"),
        ],
    )
    def test_of_the_http_protocol_not_accepted(self, answer: str, words: str) -> None:
        answers = {
            "1": told(3, "7"),
            "none": Reply(200, b"<response/>", b""),
            "busy": told(0, "7")._replace(status=503),
        }
        faults: Counter[str] = Counter()
        assert form_accepted(answers[answer], faults) == 0
        assert faults == {words: 1}

    def test_an_acceptance_without_an_id_is_none(self) -> None:
        faults: Counter[str] = Counter()
        assert accepted(ok(106, sms_id=0), 1, faults) == 0
        assert faults == {"message 106 without sms_id": 1}
