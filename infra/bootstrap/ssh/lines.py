"""Text that comes in pieces, handed on line by line."""

from __future__ import annotations

import io

from infra.bootstrap.ssh.host import OnLine


class Lines(io.TextIOBase):
    """A stream that hands on whole lines; carriage returns end one, too, as progress bars use them."""

    def __init__(self, on_line: OnLine) -> None:
        self._on_line = on_line
        self._rest = ""

    def write(self, text: str) -> int:
        """Take some text in."""
        *lines, self._rest = (self._rest + text).replace("\r", "\n").split("\n")
        for line in filter(None, lines):
            self._on_line(line)
        return len(text)

    def end(self) -> None:
        """Hand on what came after the last line's end: there is no more."""
        self.write("\n")
