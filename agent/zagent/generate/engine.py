"""The engine: a snapshot's components, run by diffusers. Only ``engine*`` modules import torch and diffusers.

It runs the parts of ``ZImagePipeline`` one after another (encode, denoise, decode), so that the plan may keep one
of them in memory at a time; the pixels are those of the whole pipeline.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import ZImagePipeline

from zagent.errors import NotFinite, PromptTooLong
from zagent.generate import schedule
from zagent.generate.engine_load import Loader
from zagent.generate.request import Request

TOKENS = 512
"""The longest prompt with its template, as the official pipeline calls it; it would cut silently."""

OnStep = Callable[[int, int], None]
"""Told the number of the image (from 0) and of the evaluation just done (from 1)."""

Embeddings = list[torch.Tensor]
"""One tensor for each prompt: tokens x hidden width of the text encoder, in the precision it ran in."""


class Engine:
    """One snapshot of ``model`` on one device in one precision.

    ``resident`` keeps every component once it is loaded; otherwise the one before is dropped first. ``variants`` are
    the components that are loaded from their converted files.
    """

    def __init__(
        self,
        model: str,
        folder: Path,
        device: str,
        precision: str,
        *,
        resident: bool,
        variants: Collection[str] = (),
    ) -> None:
        self._load = Loader(model, folder, device, getattr(torch, precision), variants)
        self._device = device
        self._resident = resident
        self._kept: dict[str, Any] = {}

    def _part(self, name: str, load: Callable[[], Any]) -> Any:
        if name not in self._kept:
            if not self._resident:
                self.release()
            self._kept[name] = load()
        return self._kept[name]

    def release(self) -> None:
        """Give all components' memory back."""
        self._kept.clear()
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def tokens(self, prompt: str) -> int:
        """The tokens of ``prompt`` with its chat template.

        Raises:
            PromptTooLong: more than the model reads.
        """
        tokenizer = self._load.tokenizer
        turn = [{"role": "user", "content": prompt}]
        text = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True, enable_thinking=True)
        count = len(tokenizer(text).input_ids)
        if count > TOKENS:
            raise PromptTooLong(tokens=count, over=count - TOKENS, limit=TOKENS)
        return count

    @torch.inference_mode()
    def encode(self, prompt: str) -> Embeddings:
        """The prompt's embeddings.

        Raises:
            NotFinite: the text encoder gave NaN or infinity.
        """
        pipe = self._part("encoder", self._load.encoder)
        found: Embeddings
        found, _ = pipe.encode_prompt([prompt], device=self._device, do_classifier_free_guidance=False)
        for embedding in found:
            _require_finite(embedding, "the prompt's embedding", "the text encoder")
        return found

    def images(self, request: Request, embeddings: Embeddings, on_step: OnStep) -> Iterator[Any]:
        """The request's images in the order of their seeds, as PIL images.

        Raises:
            NotFinite: latents or pixels went out of bounds; images before it were yielded.
        """
        if self._resident:
            for index, seed in enumerate(request.seeds):
                yield self._decode(self._denoise(request, seed, embeddings, index, on_step))
            return
        seeds = enumerate(request.seeds)
        waiting = [self._denoise(request, seed, embeddings, index, on_step).cpu() for index, seed in seeds]
        for latents in waiting:
            yield self._decode(latents)

    @torch.inference_mode()
    def _denoise(
        self, request: Request, seed: int, embeddings: Embeddings, index: int, on_step: OnStep
    ) -> torch.Tensor:
        """Latents of one image: 1 x channels x height/8 x width/8, float32."""
        pipe: ZImagePipeline = self._part("denoiser", self._load.denoiser)

        def after(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            _require_finite(tensors["latents"], "the latent image", f"evaluation {step + 1}")
            on_step(index, step + 1)
            return tensors

        # The noise is drawn on the CPU, so that a seed means the same on every device.
        noise = torch.Generator("cpu").manual_seed(seed)
        found: torch.Tensor = pipe(
            prompt_embeds=list(embeddings),
            height=request.size.height,
            width=request.size.width,
            sigmas=schedule.sigmas(request.evaluations),
            guidance_scale=request.guidance,
            generator=noise,
            output_type="latent",
            callback_on_step_end=after,
        ).images
        return found

    @torch.inference_mode()
    def _decode(self, latents: torch.Tensor) -> Any:
        vae = self._part("vae", self._load.vae)
        scaled = latents.to(vae.device, vae.dtype) / vae.config.scaling_factor + vae.config.shift_factor
        pixels = vae.decode(scaled, return_dict=False)[0]
        _require_finite(pixels, "the image", "decoding")
        return self._load.processor().postprocess(pixels, output_type="pil")[0]

    def sigmas(self, request: Request) -> list[float]:
        """The noise levels the snapshot's scheduler really walks for this request, with the final 0."""
        scheduler = self._load.scheduler()
        scheduler.set_timesteps(sigmas=schedule.sigmas(request.evaluations))
        return [float(sigma) for sigma in scheduler.sigmas]


def _require_finite(tensor: torch.Tensor, what: str, where: str) -> None:
    if not torch.isfinite(tensor).all():
        raise NotFinite(what=what, where=where)
