"""The operator's side inside the test: what reached it, over which link, how often.

Guarantees: sees every submit_sm that the SMSC has taken. Knows nothing of the gateway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from habar.simulator import Received, Settings, Simulator

PASSWORD = "smpp-pw7"


class Arrivals:
    """Given to the simulator as `on_message`; texts of one part each."""

    def __init__(self) -> None:
        self.links: dict[str, list[int]] = {}
        """The links over which each text came, in their order."""

    def __call__(self, received: Received) -> None:
        self.links.setdefault(received.text, []).append(received.session)

    def missing(self, texts: Iterable[str]) -> set[str]:
        """Which of these have not come."""
        return {text for text in texts if text not in self.links}

    @property
    def repeated(self) -> dict[str, list[int]]:
        """Texts that came more than once."""
        return {text: links for text, links in self.links.items() if len(links) > 1}

    def repeated_by_link(self) -> Counter[int]:
        """How many messages of each link came again later."""
        return Counter(link for links in self.repeated.values() for link in links[:-1])


def smsc(arrivals: Arrivals | None = None, *, receipt_delay: float = 0.1) -> Simulator:
    """An SMSC on a free port, not yet started."""
    settings = Settings(
        port=0,
        passwords={"habar": PASSWORD},
        receipt_delay=receipt_delay,
        retry_delay=0.1,
        record_limit=10_000,
        outbox_limit=1_000_000,
    )
    return Simulator(settings, on_message=arrivals)
