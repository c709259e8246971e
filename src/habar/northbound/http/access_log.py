"""One log line a request, with secrets masked; and faults under a reference number.

Guarantees: no header, no body and no password is logged. Does not know: where the log goes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import structlog

from habar.northbound.http.masking import mask_target


class AccessLog:
    """Writes to the logger given, or to structlog's `habar.access`; nothing where not enabled."""

    __slots__ = ("_clock", "_faults", "_logger", "enabled")

    def __init__(self, enabled: bool, clock: Callable[[], float], logger: Any = None) -> None:
        self.enabled = enabled
        self._clock = clock
        self._logger = structlog.get_logger("habar.access") if logger is None else logger
        self._faults = structlog.get_logger("habar.http")

    def answered(
        self,
        client: tuple[str, int],
        request_line: tuple[bytes, bytes],
        status: int,
        octets: tuple[int, int],
        since: float,
    ) -> None:
        """Log an answer: `request_line` is method and target, `octets` body sizes in and out."""
        method, target = request_line
        self._logger.info(
            "request",
            client=f"{client[0]}:{client[1]}",
            method=method.decode("latin-1"),
            target=mask_target(target),
            status=status,
            octets_in=octets[0],
            octets_out=octets[1],
            ms=round((self._clock() - since) * 1000, 2),
        )

    def refused(self, client: tuple[str, int], status: int) -> None:
        """Log a refusal of octets that are not (or not yet) a request."""
        self._logger.info("refused", client=f"{client[0]}:{client[1]}", status=status)

    def fault(self, method: bytes, path: bytes, raised: BaseException) -> str:
        """Log what an endpoint raised, with its trace; give the reference it is logged under."""
        reference = secrets.token_hex(6)
        self._faults.error(
            "endpoint failed",
            reference=reference,
            method=method.decode("latin-1"),
            path=path.decode("latin-1"),
            exc_info=raised,
        )
        return reference
