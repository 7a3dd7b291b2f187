"""``zagent pull``, ``verify``, ``fingerprint`` and ``zagent weights``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from zagent.cli.app import app, state
from zagent.cli.options import JsonOption, ModelArgument, RevisionOption
from zagent.weights.model import DEFAULT_MODEL, DEFAULT_REVISION, Model

weights = typer.Typer(help="Where the weights are; bringing them in.", no_args_is_help=True)
app.add_typer(weights, name="weights")


class Form(str, Enum):
    """The forms of a fingerprint."""

    markdown = "markdown"
    json = "json"
    sha256sum = "sha256sum"


@app.command()
def pull(
    ctx: typer.Context,
    model: ModelArgument = DEFAULT_MODEL,
    revision: RevisionOption = DEFAULT_REVISION,
    repair: Annotated[bool, typer.Option("--repair", help="Hash every file and fetch the bad ones again.")] = False,
    json: JsonOption = False,
) -> None:
    """Fetch the weights onto the data root, once.

    Resumes whatever an earlier try left, and is the only command that talks to the hub. The first backup follows.
    """
    from zagent.cli import weights_report
    from zagent.weights.pull import pull

    here = state(ctx, json=json)
    with here.output.transfer("pulling") as progress:
        done = pull(here.store, Model(model, revision), repair=repair, progress=progress)
    weights_report.pulled(here.output, here.store, done)


@app.command()
def verify(
    ctx: typer.Context,
    model: ModelArgument = DEFAULT_MODEL,
    revision: RevisionOption = DEFAULT_REVISION,
    quick: Annotated[bool, typer.Option("--quick", help="Compare sizes only: a flipped byte passes.")] = False,
    json: JsonOption = False,
) -> None:
    """Prove every byte of the weights.

    All files are read from the disk, not from memory, and compared with the manifest.
    """
    from zagent.cli import weights_report

    here = state(ctx, json=json)
    weights_report.verify(here.output, here.store, Model(model, revision), quick=quick)


@app.command()
def fingerprint(
    ctx: typer.Context,
    model: ModelArgument = DEFAULT_MODEL,
    revision: RevisionOption = DEFAULT_REVISION,
    form: Annotated[Form, typer.Option("--format", help="sha256sum suits `sha256sum -c`.")] = Form.markdown,
) -> None:
    """Print the model fingerprint.

    It is what to write down to prove later which weights were used.
    """
    from zagent.volume.guard import identify
    from zagent.weights.fingerprint import fingerprint

    store = state(ctx).store
    identify(store.settings.data_root)
    print(fingerprint(store.present(Model(model, revision)), form.value), end="")


@weights.command()
def path(ctx: typer.Context, model: ModelArgument = DEFAULT_MODEL, revision: RevisionOption = DEFAULT_REVISION) -> None:
    """Print the folder of a model's files.

    It is what diffusers code of your own loads from.
    """
    from zagent.volume.guard import identify

    store, wanted = state(ctx).store, Model(model, revision)
    identify(store.settings.data_root)
    store.present(wanted)
    print(store.snapshot(wanted))


@weights.command()
def adopt(
    ctx: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A cache folder or the model's own folder.", show_default=False),
    ],
    model: Annotated[str, typer.Option(help="The model's id on the hub.")] = DEFAULT_MODEL,
    revision: RevisionOption = DEFAULT_REVISION,
    json: JsonOption = False,
) -> None:
    """Bring in weights that are on this machine.

    They are copied onto the data root and the copy is proved; nothing is fetched, the original stays as it is. The
    first backup follows.
    """
    from zagent.cli import weights_report
    from zagent.weights.adopt import adopt

    here = state(ctx, json=json)
    with here.output.transfer("copying") as progress:
        done = adopt(here.store, Model(model, revision), source, progress)
    weights_report.pulled(here.output, here.store, done)


@weights.command()
def convert(
    ctx: typer.Context,
    model: ModelArgument = DEFAULT_MODEL,
    revision: RevisionOption = DEFAULT_REVISION,
    json: JsonOption = False,
) -> None:
    """Write float32 weights as bfloat16, once.

    They are what a GPU works with, in half the bytes. The hub's own files stay beside them until `zagent gc` is told to
    delete them. A backup follows.
    """
    from zagent.cli import weights_report
    from zagent.generate.cast import bfloat16
    from zagent.weights.convert import convert

    here = state(ctx, json=json)
    cast = bfloat16()
    with here.output.transfer("converting") as progress:
        done = convert(here.store, Model(model, revision), cast, progress)
    weights_report.converted(here.output, here.store, done)
