"""The gateway's figures for Prometheus: read from the parts' plain integers when asked.

Guarantees: costs nothing between scrapes and asks no database. The listener's own figures are its
own (northbound).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector as PrometheusCollector

from habar import __version__
from habar.admin.nodes import count_states
from habar.app.bind_metrics import bind_families
from habar.app.call_metrics import call_families
from habar.app.node import ThisNode
from habar.app.receiving import Receiving
from habar.app.watch import OperatorWatch
from habar.dispatch import Dispatcher, Housekeeping, Lane, Retention
from habar.errors import Refusal
from habar.store.nodes import Node
from habar.store.port import Store
from habar.store.readings import Counts
from habar.submit.directory import Directory
from habar.submit.door import Door


class Parts(Protocol):
    """What the figures are read from."""

    store: Store
    queue: Counts
    node: ThisNode
    nodes: Sequence[Node]
    directory: Directory
    door: Door
    dispatcher: Dispatcher
    housekeeping: Housekeeping
    retention: Retention
    watch: OperatorWatch
    receiving: Receiving


LANE_COUNTERS: dict[str, tuple[str, Callable[[Lane], int]]] = {
    "habar_submit_sm": ("Parts given to the operator.", lambda x: x.counters.sent),
    "habar_submit_sm_accepted": ("Parts that the operator took.", lambda x: x.counters.accepted),
    "habar_messages_throttled": (
        "Messages put off because the operator said slower.",
        lambda x: x.counters.throttled,
    ),
    "habar_messages_postponed": (
        "Messages put off by a passing error.",
        lambda x: x.counters.postponed,
    ),
    "habar_messages_rerouted": (
        "Messages put off to another operator, of those put off.",
        lambda x: x.counters.moved,
    ),
    "habar_messages_rejected": (
        "Messages that the operator refused for good.",
        lambda x: x.counters.rejected,
    ),
    "habar_messages_uncertain": (
        "Messages in the open window when the link or a run died.",
        lambda x: x.counters.uncertain,
    ),
    "habar_link_binds": ("Binds made.", lambda x: x.links.counters.binds),
    "habar_link_drops": ("Links lost.", lambda x: x.links.counters.drops),
    "habar_link_response_timeouts": (
        "Requests that the operator never answered.",
        lambda x: x.links.counters.timed_out,
    ),
}
LANE_GAUGES: dict[str, tuple[str, Callable[[Lane], int]]] = {
    "habar_binds_held": ("Binds that are this node's.", lambda x: x.links.held),
    "habar_binds_up": ("Of them: those that are bound.", lambda x: x.links.bound),
    "habar_link_up": ("Whether any link is bound.", lambda x: int(x.links.up)),
    "habar_link_window_used": ("Requests not yet answered.", lambda x: x.links.window_used),
    "habar_dispatch_ready": ("Messages in memory that wait for room.", lambda x: x.ready),
    "habar_dispatch_unsettled": ("Results that are not yet on disk.", lambda x: x.unsettled),
}
REFUSED = "habar_messages_refused"
"""By reason."""
BUILD = "habar_build_info"
"""By version and node."""
NODES = "habar_nodes"
"""By state."""
TOTALS: dict[str, tuple[str, Callable[[Parts], int]]] = {
    "habar_messages_accepted": ("Messages accepted.", lambda p: p.door.tally.accepted),
    "habar_parts_accepted": ("Parts (SMS) of accepted messages.", lambda p: p.door.tally.parts),
    "habar_messages_repeated": (
        "Repeats answered with the first message's answer.",
        lambda p: p.door.tally.repeated,
    ),
    "habar_packages_turned_away": (
        "Packages answered: come again later.",
        lambda p: p.door.tally.turned_away,
    ),
    "habar_receipts": ("Receipts that came.", lambda p: p.receiving.receipts.receipts),
    "habar_receipts_unmatched": (
        "Receipts that matched no message when they came.",
        lambda p: p.receiving.receipts.unmatched,
    ),
    "habar_store_commits": ("Commits.", lambda p: p.store.journal.commits),
    "habar_receipts_unreadable": (
        "Receipts that say nothing.",
        lambda p: p.receiving.receipts.unreadable,
    ),
    "habar_subscribers_messages": (
        "Subscribers' messages on disk.",
        lambda p: p.receiving.subscribers.received,
    ),
    "habar_subscribers_parts": (
        "Parts of subscribers' long messages on disk.",
        lambda p: p.receiving.subscribers.parts,
    ),
    "habar_subscribers_parts_repeated": (
        "Parts of subscribers' messages that had come before.",
        lambda p: p.receiving.subscribers.repeated,
    ),
    "habar_subscribers_messages_incomplete": (
        "Subscribers' messages passed on without some of their parts.",
        lambda p: p.receiving.subscribers.incomplete,
    ),
    "habar_subscribers_messages_unrouted": (
        "Subscribers' messages that were nobody's.",
        lambda p: p.receiving.subscribers.unrouted,
    ),
    "habar_subscribers_messages_unreadable": (
        "Subscribers' messages whose header makes no sense, kept as they came.",
        lambda p: p.receiving.subscribers.unreadable,
    ),
    "habar_messages_expired": (
        "Messages that expired unsent.",
        lambda p: (
            p.housekeeping.expired + sum(x.counters.expired for x in p.dispatcher.lanes.values())
        ),
    ),
    "habar_messages_unreported": (
        "Messages that ended without a receipt (107).",
        lambda p: p.housekeeping.unreported,
    ),
    "habar_messages_failed_over": (
        "Messages that left the queue of an operator that was out.",
        lambda p: p.watch.mover.moved,
    ),
    "habar_messages_tidied": (
        "Messages deleted because of their age.",
        lambda p: p.retention.messages,
    ),
    "habar_texts_tidied": ("Texts removed because of their age.", lambda p: p.retention.texts),
    "habar_subscribers_messages_tidied": (
        "Subscribers' messages deleted because of their age.",
        lambda p: p.retention.inbound,
    ),
    "habar_callbacks_tidied": (
        "Call-backs that had ended, deleted because of their age.",
        lambda p: p.retention.callbacks,
    ),
    "habar_tidy_failures": (
        "Rounds of tidying up that the store could not do.",
        lambda p: p.retention.failures,
    ),
}
STATES: dict[str, tuple[str, Callable[[Parts], int]]] = {
    "habar_accounts": ("Accounts.", lambda p: len(p.directory)),
    "habar_queue_waiting": ("Messages that wait on disk.", lambda p: p.queue.waiting),
    "habar_queue_in_hand": ("Messages in the dispatcher's hands.", lambda p: p.queue.claimed),
    "habar_messages_held": (
        "Messages in doubt, for query_sm or a person to decide.",
        lambda p: p.queue.held,
    ),
    "habar_operators_out": (
        "Operators that take nothing now.",
        lambda p: len(p.watch.out),
    ),
    "habar_inbox_unrouted": (
        "Subscribers' messages that are nobody's.",
        lambda p: p.receiving.inbox.unrouted,
    ),
    "habar_inbox_waiting": (
        "Subscribers' messages that are owed to their customers.",
        lambda p: p.receiving.inbox.waiting,
    ),
    "habar_inbox_undelivered": (
        "Subscribers' messages whose customers could not be told.",
        lambda p: p.receiving.inbox.undelivered,
    ),
    "habar_inbox_parts_waiting": (
        "Parts of subscribers' messages that wait for the others.",
        lambda p: p.receiving.inbox.segments,
    ),
    "habar_callbacks_owed": (
        "What customers are still to be told.",
        lambda p: p.receiving.owed.waiting,
    ),
    "habar_callbacks_given_up": (
        "What customers could not be told, as long as it is listed.",
        lambda p: p.receiving.owed.given_up,
    ),
    "habar_callbacks_hosts_paused": (
        "Hosts that are left in peace, over all nodes.",
        lambda p: p.receiving.owed.hosts_paused,
    ),
    "habar_receipts_kept": (
        "Receipts kept that match no message.",
        lambda p: p.queue.unmatched_receipts,
    ),
    "habar_store_healthy": (
        "Whether the last commit succeeded.",
        lambda p: int(p.store.journal.healthy),
    ),
    "habar_node_lease_held": (
        "Whether this node's lease on the database holds.",
        lambda p: int(p.store.holds),
    ),
    "habar_store_backlog": (
        "Writes that wait for a commit.",
        lambda p: p.store.journal.backlog,
    ),
}


class Collector(PrometheusCollector):
    """Shows the parts of a gateway to Prometheus."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def describe(self) -> Iterator[Metric]:
        """Nothing: families are made when asked."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All families."""
        parts = self._parts
        for name, (text, total) in TOTALS.items():
            yield CounterMetricFamily(name, text, total(parts))
        yield self._refused()
        build = GaugeMetricFamily(BUILD, "What runs here.", labels=["version", "node"])
        build.add_metric([__version__, parts.node.name], 1)
        yield build
        yield self._nodes()
        for name, (text, state) in STATES.items():
            yield GaugeMetricFamily(name, text, state(parts))
        for name, (text, of_lane) in LANE_COUNTERS.items():
            yield self._by_operator(CounterMetricFamily(name, text, labels=["operator"]), of_lane)
        for name, (text, of_lane) in LANE_GAUGES.items():
            yield self._by_operator(GaugeMetricFamily(name, text, labels=["operator"]), of_lane)

        yield from bind_families(parts.dispatcher.lanes.values())
        yield from call_families(parts.receiving.caller, parts.receiving.outside)

    def _refused(self) -> Metric:
        family = CounterMetricFamily(REFUSED, "Messages refused, by reason.", labels=["reason"])
        refused = self._parts.door.tally.refused
        for reason in Refusal:
            if reason is not Refusal.TOO_LATE:  # a deletion's, never a message's
                family.add_metric([reason.name.lower()], refused[reason])
        return family

    def _nodes(self) -> Metric:
        family = GaugeMetricFamily(NODES, "Nodes on the database, by state.", labels=["state"])
        for state, number in count_states(self._parts.nodes).items():
            family.add_metric([state], number)
        return family

    def _by_operator(
        self, family: CounterMetricFamily | GaugeMetricFamily, figure: Callable[[Lane], int]
    ) -> Metric:
        for lane in self._parts.dispatcher.lanes.values():
            family.add_metric([lane.settings.name], figure(lane))
        return family
