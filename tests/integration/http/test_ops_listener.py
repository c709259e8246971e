"""/healthz, /readyz and /metrics stand on the listeners that are said to have them."""

from __future__ import annotations

import json

from prometheus_client import CollectorRegistry

from habar.northbound.http.ops import ops_app
from habar.northbound.http.settings import ListenAddress


async def test_only_the_ops_listener_serves_them(serve):
    registry = CollectorRegistry()
    reasons: dict[str, str | None] = {"store": "not open"}
    site = await serve(
        listen=(ListenAddress("127.0.0.1", 0), ListenAddress("127.0.0.1", 0, ops=True)),
        ops=ops_app({"store": lambda: reasons["store"]}, registry),
        registry=registry,
    )
    public = await site.open()
    staff = await site.open(port=site.server.addresses[1].port)
    for path in (b"healthz", b"readyz", b"metrics"):
        assert (await public.ask(b"GET /%b HTTP/1.1\r\n\r\n" % path)).status == 404
    assert (await staff.ask(b"GET /healthz HTTP/1.1\r\n\r\n")).body == b"ok\n"
    unready = await staff.ask(b"GET /readyz HTTP/1.1\r\n\r\n")
    assert unready.status == 503
    assert json.loads(unready.body) == {"ready": False, "reasons": {"store": "not open"}}
    reasons["store"] = None
    assert (await staff.ask(b"GET /readyz HTTP/1.1\r\n\r\n")).status == 200
    figures = await staff.ask(b"GET /metrics HTTP/1.1\r\n\r\n")
    assert b"habar_http_connections_open 2.0" in figures.body
    assert (await staff.ask(b"GET /api HTTP/1.1\r\n\r\n")).status == 200
    assert (await staff.ask(b"GET /else HTTP/1.1\r\n\r\n")).status == 404
    assert [entry["target"] for entry in site.log if "z" in entry.get("target", "")] == [
        "/healthz",
        "/readyz",
    ]
