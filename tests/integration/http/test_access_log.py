"""What the access log says, and what it never says."""

from __future__ import annotations


async def test_a_line_a_request_without_secrets(serve):
    site = await serve()
    client = await site.open()
    await client.ask(
        b"POST /api?username=demo&PassWord=s3cret&xml=%3Cpackage%3E HTTP/1.1\r\n"
        b"Authorization: Basic s3cret\r\nContent-Length: 6\r\n\r\ns3cret"
    )
    await client.ask(b"GET /rest?token=s3cret&a=b HTTP/1.1\r\n\r\n")
    first, second = site.log
    assert first["event"] == "request"
    assert first["method"] == "POST"
    assert first["target"] == "/api?username=demo&PassWord=***&xml=***"
    assert first["status"] == 200
    assert first["octets_in"] == 6
    assert first["client"].startswith("127.0.0.1:")
    assert first["ms"] >= 0
    assert (second["target"], second["status"]) == ("/rest?token=***&a=b", 404)
    assert "s3cret" not in repr(site.log)


async def test_a_refusal_is_logged_without_what_was_sent(serve):
    site = await serve()
    client = await site.open()
    await client.ask(b"password=s3cret\r\n\r\n")
    assert [entry["event"] for entry in site.log] == ["refused"]
    assert site.log[0]["status"] == 400
    assert "s3cret" not in repr(site.log)


async def test_it_can_be_off(serve):
    site = await serve(access_log=False)
    client = await site.open()
    await client.ask(b"GET /api HTTP/1.1\r\n\r\n")
    await client.ask(b"GET /rest HTTP/1.1\r\n\r\n")
    await client.ask(b"rubbish\r\n\r\n")
    assert site.log == []
