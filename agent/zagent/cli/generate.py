"""``zagent generate``, ``replay`` and ``show``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zagent.cli.app import app, state
from zagent.cli.options import Device, DeviceOption, JsonOption, PngArgument


@app.command()
def generate(
    ctx: typer.Context,
    prompt: Annotated[
        str, typer.Argument(metavar="PROMPT", help="What to see; - reads it from standard input.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="A .png file or a folder; else your own folder on the volume.", show_default=False
        ),
    ] = None,
    size: Annotated[str, typer.Option(help="WxH or N, in pixels, multiples of 16, from 64.")] = "1024x1024",
    steps: Annotated[int, typer.Option(help="8, or the model card's 9: both are the distilled schedule.")] = 8,
    guidance: Annotated[float, typer.Option(help="0.0; the model is distilled to run without.")] = 0.0,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the noise; if left out, one is chosen and shown.", show_default=False)
    ] = None,
    count: Annotated[
        int, typer.Option("-n", "--count", help="How many images, 1 to 1000, with the seeds that follow.")
    ] = 1,
    device: DeviceOption = Device.auto,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of that name.")] = False,
    json: JsonOption = False,
) -> None:
    """Make images from a prompt, without a network."""
    from zagent.cli import generate_report as report

    here = state(ctx, json=json)
    request = report.request(prompt, size, steps, guidance, seed, count)
    report.generate(here, request, output, device.value, overwrite=overwrite)


@app.command()
def replay(
    ctx: typer.Context,
    file: PngArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Keep the new image here.", show_default=False)
    ] = None,
    device: DeviceOption = Device.auto,
    json: JsonOption = False,
) -> None:
    """Make an image again and compare the pixels."""
    from zagent.cli import generate_report as report

    report.replay(state(ctx, json=json), file, output, device.value)


@app.command()
def show(
    ctx: typer.Context,
    file: PngArgument,
    json: JsonOption = False,
) -> None:
    """Print how an image was made."""
    from zagent.cli import generate_report as report

    report.show(state(ctx, json=json).output, file)
