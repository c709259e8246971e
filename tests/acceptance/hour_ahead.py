"""`habar` on a machine whose clock is an hour ahead; its monotonic clock is as good as any."""

import time

from habar.__main__ import main

_AHEAD = 3600
_seconds, _nanoseconds = time.time, time.time_ns
time.time = lambda: _seconds() + _AHEAD
time.time_ns = lambda: _nanoseconds() + _AHEAD * 1_000_000_000

if __name__ == "__main__":
    main()
