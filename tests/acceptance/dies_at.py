"""`habar` that is killed (SIGKILL) at one moment of its work, which DIES_AT names.

It happens once: the file that DIED names is made before, and where it is there already the
gateway lives. The moments:

- `before-record`: a web service has answered, nothing of that is written down.
- `after-reply`: the answer to the subscriber is on disk, the call is not.
- `before-ack`: an operator's deliver_sm is on disk and not acknowledged.
- `half`: two parts of a longer message are on disk and acknowledged.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from habar.__main__ import main
from habar.callbacks.attempts import Attempts
from habar.inbound import Subscribers

_PARTS = 2


def die() -> None:
    """Once in all lives."""
    died = Path(os.environ["DIED"])
    if not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def before_record() -> None:
    settle = Attempts.settle

    def deadly(self: Attempts, *args: Any) -> Any:
        die()
        return settle(self, *args)

    Attempts.settle = deadly  # type: ignore[method-assign]


def after_reply() -> None:
    write = Attempts._write

    def deadly(self: Attempts, *args: Any) -> None:
        die()
        write(self, *args)

    Attempts._write = deadly  # type: ignore[method-assign]


def before_ack() -> None:
    keep = Subscribers.keep

    def deadly(self: Subscribers, whole: Any, done: Callable[[], None]) -> None:
        def committed() -> None:
            die()
            done()

        keep(self, whole, committed)

    Subscribers.keep = deadly  # type: ignore[method-assign]


def half() -> None:
    """What comes behind the second part is heard by nobody: then it dies."""
    keep = Subscribers._keep_part
    heard = []

    def deadly(self: Subscribers, segment: Any, ack: Callable[[int], None]) -> None:
        if Path(os.environ["DIED"]).exists():
            keep(self, segment, ack)
            return
        heard.append(segment.part)
        last = len(heard) == _PARTS
        if len(heard) <= _PARTS:
            keep(self, segment, lambda status: (ack(status), last and die()))

    Subscribers._keep_part = deadly  # type: ignore[method-assign]


MOMENTS = {
    "before-record": before_record,
    "after-reply": after_reply,
    "before-ack": before_ack,
    "half": half,
}

if __name__ == "__main__":
    MOMENTS[os.environ.get("DIES_AT", "")]()
    main()
