"""``zagent`` and ``python -m zagent``; next to nothing is imported here, so that Ctrl-C is met from the start."""

from __future__ import annotations

import io
import os
import signal
import sys


def main() -> None:
    """Run the command line."""
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not under nohup or in a shell's background
    if heeded:  # nothing is begun yet that could be left half done
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))
    from zagent.cli import interrupt
    from zagent.cli.commands import app

    if heeded:
        signal.signal(signal.SIGINT, interrupt.handle)
    _speak_of_any_name()
    try:
        app(prog_name="zagent")
    except KeyboardInterrupt:  # before the command began, or after it ended
        os._exit(130)


def _speak_of_any_name() -> None:
    """A file's name may be no text, and a locale may lack letters of our own words: they are shown, and break nothing.

    Python does so for standard error by itself.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # None where a shell closed it
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
