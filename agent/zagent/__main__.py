"""``zagent`` and ``python -m zagent``; next to nothing is imported here, so that Ctrl-C is met from the start."""

from __future__ import annotations

import os
import signal


def main() -> None:
    """Run the command line."""
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not under nohup or in a shell's background
    if heeded:  # nothing is begun yet that could be left half done
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))
    from zagent.cli import interrupt
    from zagent.cli.commands import app

    if heeded:
        signal.signal(signal.SIGINT, interrupt.handle)
    try:
        app(prog_name="zagent")
    except KeyboardInterrupt:  # before the command began, or after it ended
        os._exit(130)


if __name__ == "__main__":
    main()
