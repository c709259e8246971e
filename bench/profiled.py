"""A gateway under cProfile: `python -m bench.profiled FILE serve --config …`.

SIGUSR1 begins to profile, SIGUSR2 ends it, so that start and warm-up do not count; the profile is
written to FILE at the end. The profiler makes a call dearer than it is: read shares, not seconds.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import re
import signal
import sys
from pathlib import Path

TOP = 25
_NOISE = re.compile(r"^(?:\s*| {3}(?:Ordered|List).*)$")


def top(profile: Path, count: int = TOP) -> str:
    """The lines that cost most by themselves, paths shortened."""
    text = io.StringIO()
    stats = pstats.Stats(str(profile), stream=text)
    stats.strip_dirs().sort_stats("tottime").print_stats(count)
    lines = [line for line in text.getvalue().splitlines() if not _NOISE.match(line)]
    return "\n".join(lines[1:])


def main() -> None:
    """Run habar's command line under the profiler."""
    target = sys.argv.pop(1)
    profiler = cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda *_: profiler.enable())
    signal.signal(signal.SIGUSR2, lambda *_: profiler.disable())
    from habar.__main__ import main as habar

    try:
        habar()
    finally:
        profiler.disable()
        profiler.dump_stats(target)


if __name__ == "__main__":
    main()
