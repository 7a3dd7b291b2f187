"""Components of a snapshot, each read on its own, straight to the device and in the precision it runs in.

Always from local files, always safetensors, never with code from the repository.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
from diffusers.image_processor import VaeImageProcessor

from zagent.generate.request import MULTIPLE
from zagent.weights.needed import INDEX

for _library in (diffusers, transformers):
    _library.utils.logging.set_verbosity_error()
    _library.utils.logging.disable_progress_bar()


@dataclass(frozen=True)
class Loader:
    """Reads from one snapshot folder; every call reads anew."""

    folder: Path
    device: str
    dtype: torch.dtype

    def _weights(self, name: str) -> dict[str, Any]:
        return {
            "subfolder": name,
            "dtype": self.dtype,
            "device_map": {"": self.device},
            "use_safetensors": True,
            "local_files_only": True,
        }

    def tokenizer(self) -> Any:
        """The tokenizer alone: enough to count."""
        return transformers.AutoTokenizer.from_pretrained(self.folder, subfolder="tokenizer", local_files_only=True)

    def encoder(self) -> ZImagePipeline:
        """Tokenizer and text encoder."""
        name = json.loads((self.folder / INDEX).read_bytes())["text_encoder"][1]
        model = getattr(transformers, name).from_pretrained(self.folder, **self._weights("text_encoder"))
        return ZImagePipeline(None, None, model, self.tokenizer(), None)

    def denoiser(self) -> ZImagePipeline:
        """Transformer and scheduler."""
        model = ZImageTransformer2DModel.from_pretrained(self.folder, **self._weights("transformer"))
        pipe = ZImagePipeline(self.scheduler(), None, None, None, model)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def vae(self) -> AutoencoderKL:
        """The image decoder."""
        return AutoencoderKL.from_pretrained(self.folder, **self._weights("vae"))

    def scheduler(self) -> FlowMatchEulerDiscreteScheduler:
        """The scheduler with the snapshot's shift."""
        return FlowMatchEulerDiscreteScheduler.from_pretrained(self.folder, subfolder="scheduler")

    def processor(self) -> VaeImageProcessor:
        """From tensors to PIL images."""
        return VaeImageProcessor(vae_scale_factor=MULTIPLE)
