"""`habar` and `python -m habar`: the command line's entry."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; its exit code is the process's."""
    from habar.cli import app  # `python -m habar` must not pay for it before it is asked for

    sys.exit(app())


if __name__ == "__main__":
    main()
