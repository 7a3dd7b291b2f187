"""Command line: `hub` serves a folder, `tiny` writes a tiny pipeline."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from tests.standin.hub import Hub
from tests.standin.tiny import save_tiny_pipeline


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    hub = commands.add_parser("hub", help="serve a folder until SIGTERM or SIGINT")
    hub.add_argument("--folder", type=Path, required=True, help="the repository's files")
    hub.add_argument("--port", type=int, default=0, help="TCP port, 0 (default) for any free one")
    hub.add_argument("--rate", type=float, help="cap in bytes per second of all connections together")
    tiny = commands.add_parser("tiny", help="write a tiny pipeline with random weights")
    tiny.add_argument("folder", type=Path, metavar="DIR")
    tiny.add_argument("--hostile", action="store_true", help="add files that must never be loaded")
    return parser


def _serve(hub: Hub) -> None:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    # Whoever reads the URL may start a clock: do not let the first listing pay for hashing.
    hub.hash_files()
    with hub:
        print(hub.url, flush=True)
        ended.wait()


def main() -> int:
    """Run a command of this process's arguments; returns the exit status."""
    arguments = _parser().parse_args()
    if arguments.command == "hub":
        _serve(Hub(arguments.folder, port=arguments.port, rate=arguments.rate))
    else:
        print(save_tiny_pipeline(arguments.folder, hostile=arguments.hostile))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
