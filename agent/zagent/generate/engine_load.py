"""Components of a snapshot, each read on its own, straight to the device and in the precision it runs in.

Always from local files, always safetensors, never with code from the repository; and whole, or not at all: a tensor
that a file lacks would otherwise be left to chance, with no more than a line in a log.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import accelerate  # type: ignore[import-untyped]  # noqa: F401  # loads components straight to their device
import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
from diffusers.image_processor import VaeImageProcessor

from zagent import text
from zagent.errors import WeightsDamaged
from zagent.generate.engine_device import first_line, is_the_machine
from zagent.generate.request import MULTIPLE
from zagent.weights import variant
from zagent.weights.needed import INDEX

for _library in (diffusers, transformers):
    _library.utils.logging.set_verbosity_error()
    _library.utils.logging.disable_progress_bar()

_M_MMAP_THRESHOLD = -3  # malloc.h


@dataclass(frozen=True)
class Loader:
    """Reads from one snapshot folder, each call anew; the components in ``variants`` from their converted files.

    Every method raises WeightsDamaged when its files are not what they should be.
    """

    model: str
    folder: Path
    device: str
    dtype: torch.dtype
    variants: Collection[str] = ()

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer alone: enough to count."""
        with self._reading("tokenizer"):
            return transformers.AutoTokenizer.from_pretrained(
                self.folder, subfolder="tokenizer", local_files_only=True, trust_remote_code=False
            )

    def encoder(self) -> ZImagePipeline:
        """Tokenizer and text encoder."""
        with self._reading("text_encoder"):
            cls = getattr(transformers, json.loads((self.folder / INDEX).read_bytes())["text_encoder"][1])
        model = self._component(cls, "text_encoder")
        return ZImagePipeline(None, None, model, self.tokenizer, None)

    def denoiser(self) -> ZImagePipeline:
        """Transformer and scheduler."""
        model = self._component(ZImageTransformer2DModel, "transformer")
        pipe = ZImagePipeline(self.scheduler(), None, None, None, model)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def vae(self) -> AutoencoderKL:
        """The image decoder."""
        return self._component(AutoencoderKL, "vae")

    def scheduler(self) -> FlowMatchEulerDiscreteScheduler:
        """The scheduler with the snapshot's shift."""
        with self._reading("scheduler"):
            return FlowMatchEulerDiscreteScheduler.from_pretrained(self.folder, subfolder="scheduler")

    def processor(self) -> VaeImageProcessor:
        """From tensors to PIL images."""
        return VaeImageProcessor(vae_scale_factor=MULTIPLE)

    def _component(self, cls: Any, name: str) -> Any:
        if self.device != "cpu":
            _give_freed_memory_back()
        with self._reading(name):
            model, info = cls.from_pretrained(
                self.folder,
                subfolder=name,
                variant=variant.NAME if name in self.variants else None,
                dtype=self.dtype,
                device_map={"": self.device},
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
        if lacking := sorted(info["missing_keys"]):
            count = text.plural(len(lacking), "tensor")
            raise WeightsDamaged(model=self.model, why=f"its {name} lacks {count}, such as {lacking[0]}")
        return model

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        """Whatever the libraries raise while they read ``name`` means that its files are not what they should be."""
        try:
            yield
        except Exception as error:
            if is_the_machine(error):
                raise
            raise WeightsDamaged(model=self.model, why=f"its {name} can't be loaded: {first_line(error)}") from error


def _give_freed_memory_back() -> None:
    """Have the C library return each freed tensor to the system at once.

    Weights pass through RAM one tensor at a time, cast from the stored format. With its defaults glibc may keep
    those under 32 MB: of 12 blocks of the real size, read from float32 as bfloat16, 1.4 of 4.35 GB stayed. By their
    number that makes 4 GB for the real transformer.
    """
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 20)
