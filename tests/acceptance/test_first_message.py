"""The first message, by the commands that the documentation gives, in the order that it gives."""

import re
import shutil
from pathlib import Path

import pytest

from .customer import Login, ask
from .gateway import Gateway, run
from .waiting import eventually

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
DATE = re.compile(r'date_completed="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"')
ASK = '<package login="demo" password="demo"><status><msg id="1"/></status></package>'
PHP = """
$package = stream_get_contents(STDIN);
$http = ['method' => 'POST', 'header' => 'Content-Type: text/xml', 'content' => $package];
echo file_get_contents($argv[1], false, stream_context_create(['http' => $http]));
"""


def blocks(page: str, *languages: str) -> list[str]:
    """The examples of a page, in its order."""
    found = BLOCK.findall((ROOT / page).read_text("utf-8"))
    return [text for language, text in found if language in languages]


def curls(page: str) -> list[str]:
    return [text for text in blocks(page, "sh") if re.search(r"^curl ", text, re.MULTILINE)]


def undated(document: str) -> str:
    return DATE.sub("date_completed", document).strip()


async def shell(gateway: Gateway, command: str) -> str:
    """A command of the documentation, with this gateway's port, as typed beside `make run`."""
    assert "127.0.0.1:8090" in command
    command = command.replace("127.0.0.1:8090", f"127.0.0.1:{gateway.port}")
    done = await run(
        "sh", "-c", re.sub(r"^curl ", "curl -sS ", command, flags=re.MULTILINE), cwd=gateway.folder
    )
    assert done.code == 0, done
    return done.out


@pytest.mark.rule("xml.answer-layout", "xml.accepted-106", "xml.date-completed", "xml.form-field")
async def test_the_readme_does_what_it_says(sandbox: Gateway) -> None:
    send, status = curls("README.md")
    answer, report = blocks("README.md", "xml")
    async with sandbox:
        assert await shell(sandbox, send) == answer

        async def is_delivered() -> bool:
            said = await shell(sandbox, status)
            assert ">106<" in said or ">102<" in said, said
            return undated(said) == undated(report)

        await eventually(is_delivered, 10)


@pytest.mark.rule(
    "xml.http-and-https", "xml.tls-and-plain-one-port", "xml.get-query", "xml.any-content-type"
)
async def test_the_tutorial_does_what_it_says(sandbox: Gateway) -> None:
    """All of its curl commands: HTTPS with the sandbox's certificate, GET, a file, refusals."""
    send, status, https, get, file, fail = curls("docs/tutorial/first-message.md")
    answer, report = blocks("docs/tutorial/first-message.md", "xml")
    async with sandbox:
        assert await shell(sandbox, send) == answer
        assert 'sms_id="1"' in await shell(sandbox, send)

        async def delivered() -> str:
            said = await shell(sandbox, status)
            return said if ">102<" in said else ""

        said = await eventually(delivered, 10)
        assert undated(said) == undated(report)
        for road in (https, get, file):
            assert await shell(sandbox, road) == said
        refused = await shell(sandbox, fail)
        assert re.findall(r">(\d+)</msg>", refused) == ["106", "106", "203"]
        assert 'id="4" sms_id="0"' in refused


async def test_the_banner_gives_commands_that_work(sandbox: Gateway) -> None:
    async with sandbox:
        send, status = re.findall(r"^curl .*$", sandbox.said, re.MULTILINE)
        for command, codes in ((send, {"106"}), (status, {"106", "102"})):
            done = await run("sh", "-c", command, cwd=sandbox.folder)
            assert set(re.findall(r">(\d+)</msg>", done.out)) <= codes, done


ROADS = {
    "form content type": ("-d", "@package.xml"),
    "no content type": ("-H", "Content-Type:", "--data-binary", "@package.xml"),
    "text/xml": ("-H", "Content-Type: text/xml; charset=utf-8", "--data-binary", "@package.xml"),
    "form field": ("--data-urlencode", "xml@package.xml"),
    "GET query": ("-G", "--data-urlencode", "xml@package.xml"),
    "GET with a body": ("-X", "GET", "--data-binary", "@package.xml"),
    "100-continue": ("-H", "Expect: 100-continue", "--data-binary", "@package.xml"),
}


@pytest.mark.rule(
    "xml.post-body",
    "xml.get-query",
    "xml.get-body",
    "xml.form-field",
    "xml.any-content-type",
    "xml.expect-continue",
    "xml.leading-white-space",
    "xml.tls-and-plain-one-port",
    "xml.answer-content-type",
)
async def test_every_road_leads_to_the_same_answer(sandbox: Gateway) -> None:
    """HTTP, HTTPS with the certificate and with -k, each by every form of request."""
    (sandbox.folder / "package.xml").write_text(f'\r\n \t<?xml version="1.0"?>\n{ASK}\n')
    async with sandbox:
        sent = await ask(sandbox.port, Login("demo", "demo").message("Salem", id="1"))
        assert sent.rows[0].code == 106
        schemes = [("http",), ("https", "--cacert", "habar-data/tls-certificate.pem")]
        for scheme, *trust in [*schemes, ("https", "-k")]:
            url = f"{scheme}://127.0.0.1:{sandbox.port}/api"
            for road, words in ROADS.items():
                done = await run("curl", "-isS", *trust, *words, url, cwd=sandbox.folder)
                head, _, body = done.out.rpartition("\n\n")
                assert done.code == 0, (scheme, road, done)
                assert ("100 Continue" in head) == (road == "100-continue"), (road, head)
                assert "content-type: text/xml; charset=utf-8" in head.lower(), (road, done.out)
                assert re.search(r'<msg id="1" sms_id="1" .*>10[26]</msg>', body), (road, done.out)


@pytest.mark.skipif(not shutil.which("php"), reason="php-cli is not installed (.ci/packages)")
async def test_php_sends_by_file_get_contents(sandbox: Gateway) -> None:
    demo = Login("demo", "demo")
    async with sandbox:
        url = f"http://127.0.0.1:{sandbox.port}/api"
        package = demo.message("Сәлем", id="7").decode()
        done = await run("php", "-r", PHP, url, stdin=package, cwd=sandbox.folder)
        assert re.search(r'<msg id="7" sms_id="1" sms_count="1">106</msg>', done.out), done

        async def delivered() -> bool:
            package = demo.status([1]).decode()
            done = await run("php", "-r", PHP, url, stdin=package, cwd=sandbox.folder)
            return "date_completed" in done.out and ">102<" in done.out

        await eventually(delivered, 10)


@pytest.mark.rule("xml.test-allowance")
async def test_each_start_renews_the_demo_allowance(sandbox: Gateway) -> None:
    demo = Login("demo", "demo")
    for _ in range(2):
        async with sandbox:
            for _ in range(20):
                assert (await ask(sandbox.port, demo.message("one"))).rows[0].code == 106
            assert (await ask(sandbox.port, demo.message("one too many"))).rows[0].code == 207
