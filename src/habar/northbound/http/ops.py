"""What watches the gateway asks: is it alive, is it ready, what are its figures.

Guarantees: `/readyz` says 503 with the reasons until every probe is content; a probe that raises
is not content. Does not know: what the probes look at, on which listeners it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Probe = Callable[[], str | None]
"""None where all is well, else the reason why the gateway is not ready; no secrets in it."""

OPS_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


def unready_reasons(probes: Mapping[str, Probe]) -> dict[str, str]:
    """Ask every probe; give the reasons of those that are not content, by name."""
    reasons: dict[str, str] = {}
    for name, probe in probes.items():
        try:
            reason = probe()
        except Exception as fault:  # noqa: BLE001 - a broken probe is an answer: not ready
            structlog.get_logger("habar.ops").error("probe failed", probe=name, exc_info=fault)
            reason = "probe failed"
        if reason is not None:
            reasons[name] = reason
    return reasons


def ops_app(
    probes: Mapping[str, Probe],
    registry: CollectorRegistry,
    seen: Callable[[], Mapping[str, object]] = dict,
) -> Starlette:
    """Make the application for /healthz, /readyz and /metrics; any other path is 404.

    What `seen` gives is told by /readyz too, and decides nothing.
    """

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        reasons = unready_reasons(probes)
        return JSONResponse(
            {"ready": not reasons, "reasons": reasons, **seen()},
            status_code=503 if reasons else 200,
        )

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )
