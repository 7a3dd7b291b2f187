"""What goes to the host: scripts that its own Python runs (standard library only), and the agent's lock file."""

from __future__ import annotations

from importlib.resources import files


def script(name: str) -> str:
    """The text of one of them."""
    return files(__name__).joinpath(f"{name}.py").read_text()
