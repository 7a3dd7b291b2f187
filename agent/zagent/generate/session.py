"""``zagent generate``: from a request to files, with every guard before the first heavy import."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zagent import durable, rescue
from zagent.errors import INSTALL_ENGINE, EngineUnavailable, ZagentError
from zagent.generate import facts, memory, record
from zagent.generate.request import Request, precision, require_size
from zagent.settings import OFFLINE
from zagent.volume import guard
from zagent.weights import variant
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.store import Store

if TYPE_CHECKING:
    from PIL.Image import Image

Say = Callable[[str], None]
OnStep = Callable[[int, int], None]


@dataclass(frozen=True)
class Job:
    """A request with the weights that answer it; what a front end shows is told to ``say`` and ``on_step``."""

    store: Store
    model: Model
    request: Request
    device: str = "auto"
    dtype: str | None = None
    say: Say = lambda line: None
    on_step: OnStep = lambda image, step: None


@dataclass(frozen=True)
class Made:
    """One image and its recipe."""

    image: Image
    record: record.Record

    def save(self, path: Path, *, overwrite: bool) -> None:
        """Write the PNG; it appears whole or not at all.

        Raises:
            FileExistsError: the name is taken and ``overwrite`` is off.
            OSError: it can't be written.
        """
        durable.write(path, record.encode(self.image, self.record), replace=overwrite)


def run(job: Job) -> Iterator[Made]:
    """Make the images, one after another. When memory runs out the next smaller plan is tried, once.

    Raises:
        VolumeError, WeightsError: the weights are not there; nothing was loaded.
        GenerateError: it can't be done, with the reason; images before it were yielded.
    """
    guard.identify(job.store.settings.data_root)
    manifest = job.store.present(job.model)
    folder = job.store.snapshot(job.model)
    known = facts.read(folder, job.model.id)
    require_size(job.request.size, known.largest)
    os.environ.update(OFFLINE, HF_HOME=str(job.store.settings.hf_home))
    return _Run(job, folder, known, manifest, *_engine_modules()).images()


def _engine_modules() -> tuple[ModuleType, ModuleType]:
    try:
        from zagent.generate import engine, engine_device
    except ImportError as error:
        raise unavailable(error) from error
    return engine, engine_device


def unavailable(error: ImportError) -> ZagentError:
    """What to tell where a library of the engine is not here. Pure."""
    absent = str(error.name or error)
    return rescue.needs(absent) or EngineUnavailable(why=f"{absent} is not installed", hint=INSTALL_ENGINE)


@dataclass(frozen=True)
class _Run:
    job: Job
    folder: Path
    known: facts.ModelFacts
    manifest: Manifest
    engine: ModuleType
    devices: ModuleType

    def images(self) -> Iterator[Made]:
        device = self.devices.pick(self.job.device)
        try:
            yield from self._on(device)
        except Exception as error:
            found = self.devices.translate(error, self.job.model.id, self.job.request.size, device)
            if found is error:
                raise
            raise found from error

    def _on(self, device: str) -> Iterator[Made]:
        dtype = precision(device, self.job.dtype)
        room = self.devices.room(device)
        wanted = memory.need(self.known, self.job.request.size, dtype)
        plan: memory.Plan | None = memory.choose(wanted, room, self.job.request.size)
        done = 0
        while plan is not None:
            self.job.say(f"plan: {plan.name} on {room.name} in {dtype} ({plan.why})")
            try:
                for made in self._with(plan, device, dtype, room.name, done):
                    done += 1
                    yield made
                return
            except Exception as error:
                plan = plan.smaller() if self.devices.is_out_of_memory(error) else None
                if plan is None:
                    raise

    def _with(self, plan: memory.Plan, device: str, dtype: str, name: str, done: int) -> Iterator[Made]:
        request = _rest(self.job.request, done)
        variants = variant.to_load(self.manifest, dtype)
        engine = self.engine.Engine(
            self.manifest.model, self.folder, device, dtype, resident=plan.resident, variants=variants
        )
        try:
            engine.tokens(request.prompt)
            embeddings = engine.encode(request.prompt)
            made = self._record(engine, dtype, name)
            images = engine.images(request, embeddings, lambda image, step: self.job.on_step(done + image, step))
            for seed, image in zip(request.seeds, images, strict=True):
                yield Made(image, made(seed))
        finally:
            engine.release()

    def _record(self, engine: Any, dtype: str, device: str) -> Callable[[int], record.Record]:
        request, sigmas = self.job.request, tuple(round(one, 6) for one in engine.sigmas(self.job.request))

        def made(seed: int) -> record.Record:
            return record.Record(
                prompt=request.prompt,
                seed=seed,
                width=request.size.width,
                height=request.size.height,
                steps=request.steps,
                evaluations=request.evaluations,
                sigmas=sigmas,
                guidance=request.guidance,
                model=self.manifest.model,
                revision=self.manifest.revision,
                set_digest=self.manifest.set_digest,
                dtype=dtype,
                device=device,
                versions=self.devices.versions(),
            )

        return made


def _rest(request: Request, done: int) -> Request:
    """The images still to be made, with the seeds they would have had."""
    return replace(request, seed=request.seed + done, count=request.count - done)
