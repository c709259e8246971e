"""How the caller behaves, in its own units."""

from __future__ import annotations

from dataclasses import dataclass, replace

from habar.config.settings import CallbacksSettings
from habar.model.retry import RetryPlan

_RETRY = RetryPlan(10_000, 3_600_000, 24 * 3_600_000)
_HOST_PAUSES = RetryPlan(1_000, 600_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSettings:
    """Times in milliseconds unless the name says otherwise."""

    state_seconds: float = 10.0
    subscriber_seconds: float = 30.0
    per_host: int = 16
    """Calls to one host at a time."""
    total: int = 256
    """Calls at a time."""
    allowed_networks: tuple[str, ...] = ()
    retry: RetryPlan = _RETRY
    """The pauses of an obligation, and its end."""
    host_failures: int = 5
    """So many in a row and a host is left in peace."""
    host_pauses: RetryPlan = _HOST_PAUSES

    @classmethod
    def of(cls, settings: CallbacksSettings) -> CallerSettings:
        """As the configuration has it."""
        give_up_after = int(settings.give_up_hours * 3_600_000)
        return cls(
            state_seconds=settings.timeout_seconds,
            subscriber_seconds=settings.subscriber_timeout_seconds,
            per_host=settings.per_host,
            total=settings.total,
            allowed_networks=tuple(settings.allowed_networks),
            retry=replace(_RETRY, give_up_after=give_up_after),
        )
