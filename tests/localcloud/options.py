"""Options that commands of scripts/localcloud share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StateFolder = Annotated[Path, typer.Option("--state", metavar="DIR", help="Where it keeps everything it makes.")]
