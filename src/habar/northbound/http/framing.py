"""Where a chunked body's pieces end, so that the octets after it are not read as part of it.

The HTTP parser checks and decodes the pieces; this cursor only cuts them, so that each request
begins with a buffer of its own and its line can be repaired. Pure.
Guarantees: no piece reaches past the body's end.
"""

from __future__ import annotations

import re

MORE = -1
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_SIZE_LINE_LIMIT = 1_024


class BadChunk(ValueError):
    """The chunked coding is broken."""


class ChunkCursor:
    """Cuts a chunked body into size lines, pieces of data, and trailer lines."""

    __slots__ = ("_data", "_trailers", "_trailers_limit")

    def __init__(self, trailers_limit: int) -> None:
        self._data = 0
        self._trailers = False
        self._trailers_limit = trailers_limit

    @property
    def in_data(self) -> bool:
        """Whether the next piece is data (and not a line)."""
        return self._data > 0

    def cut(self, octets: bytes, start: int) -> int:
        """Give the end of the next piece from `start`, or MORE. Raises BadChunk."""
        if self._data:
            end = min(len(octets), start + self._data)
            self._data -= end - start
            return end
        end = octets.find(b"\n", start) + 1
        if self._trailers:
            return self._cut_trailer(len(octets) - start, end, end - start)
        if end - start > _SIZE_LINE_LIMIT or (not end and len(octets) - start > _SIZE_LINE_LIMIT):
            raise BadChunk
        return self._read_size(octets, start, end) if end else MORE

    def _read_size(self, octets: bytes, start: int, end: int) -> int:
        size = _SIZE.fullmatch(octets, start, end)
        if size is None:
            raise BadChunk
        length = int(size[1], 16)
        self._trailers = length == 0
        self._data = length + 2 if length else 0  # the data's own line end
        return end

    def _cut_trailer(self, waiting: int, end: int, length: int) -> int:
        if not end:
            if waiting > self._trailers_limit:
                raise BadChunk
            return MORE
        self._trailers_limit -= length
        if self._trailers_limit < 0:
            raise BadChunk
        return end
