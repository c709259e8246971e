"""Several listeners on one port, as the processes of one supervisor have them."""

from __future__ import annotations

import asyncio

from habar.northbound.http.settings import ListenAddress
from habar.northbound.http.sockets import close_all, reserve

from .conftest import PATIENCE

REQUEST = b"GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def test_each_has_a_share_of_the_clients_and_one_that_ends_leaves_them_to_the_other(serve):
    held = await reserve("127.0.0.1", 0)
    shared = ListenAddress("127.0.0.1", held[0].getsockname()[1], shared=True)
    try:
        sites = [await serve(listen=(shared,)) for _ in range(2)]
        assert [site.server.addresses for site in sites] == [(shared,)] * 2
        async with asyncio.timeout(PATIENCE):
            while not all(site.desk.requests for site in sites):  # by the hash of their ports
                assert (await (await sites[0].open()).ask(REQUEST)).status == 200
        assert await sites[0].server.drain(PATIENCE)
        before = len(sites[0].desk.requests)
        for _ in range(10):
            assert (await (await sites[1].open()).ask(REQUEST)).status == 200
        assert len(sites[0].desk.requests) == before
    finally:
        close_all(held)
