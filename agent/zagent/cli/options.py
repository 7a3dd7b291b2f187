"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="The model's id on the hub.")]
RevisionOption = Annotated[str, typer.Option(help="A branch, tag or commit of the model.")]
PngArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A PNG that zagent made.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


class Device(str, Enum):
    """Where to run."""

    auto = "auto"
    cuda = "cuda"
    cpu = "cpu"


DeviceOption = Annotated[Device, typer.Option(help="auto: the GPU where one is usable, else the CPU.")]
