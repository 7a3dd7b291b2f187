"""``zagent`` and ``python -m zagent``."""

from __future__ import annotations

from zagent.cli import generate, machine, volume, weights
from zagent.cli.app import app

__all__ = ["app", "generate", "machine", "main", "volume", "weights"]


def main() -> None:
    """Run the command line."""
    app(prog_name="zagent")


if __name__ == "__main__":
    main()
