"""Z-Image-Turbo with plain diffusers, on the weights that zagent keeps; needs no network.

eval "$(zagent env)"                  # MODELSCOPE_CACHE points to the data volume, the hubs are switched off
python run_z_image.py "a red fox in the snow" --seed 7 --output fox.png
"""

import argparse
import os
from pathlib import Path

import torch
from diffusers import ZImagePipeline

MODEL = "Tongyi-MAI/Z-Image-Turbo"


def weights() -> Path:
    """The folder that `zagent weights path` prints: the hub's own layout below MODELSCOPE_CACHE."""
    cache = os.environ.get("MODELSCOPE_CACHE", "/data/modelscope_cache")
    folder = Path(cache, "models", MODEL.replace("/", "--"), "snapshots", "master")
    if not (folder / "model_index.json").is_file():
        raise SystemExit(f'the model is not in {folder}: run eval "$(zagent env)", then zagent doctor')
    return folder


def variant(folder: Path, dtype: torch.dtype) -> str | None:
    """The files that `zagent weights convert` made, where there are any: for bfloat16, or as nothing else is left."""
    files = {one.name for one in (folder / "transformer").glob("*.safetensors")}
    made = {name for name in files if ".bf16" in name}
    return "bf16" if made and (dtype == torch.bfloat16 or made == files) else None


def main() -> None:
    """Make one image."""
    arguments = argparse.ArgumentParser(description="Make an image with plain diffusers.")
    arguments.add_argument("prompt")
    arguments.add_argument("--size", type=int, default=1024, help="pixels of each side")
    arguments.add_argument("--seed", type=int, default=42)
    arguments.add_argument("--output", type=Path, default=Path("image.png"))
    asked = arguments.parse_args()

    device, dtype = ("cuda", torch.bfloat16) if torch.cuda.is_available() else ("cpu", torch.float32)
    folder = weights()
    pipe = ZImagePipeline.from_pretrained(
        folder, variant=variant(folder, dtype), dtype=dtype, use_safetensors=True, local_files_only=True
    )
    image = pipe.to(device)(
        prompt=asked.prompt,
        height=asked.size,
        width=asked.size,
        num_inference_steps=8,  # the model card's 9: diffusers since 0.39 counts what really runs
        guidance_scale=0.0,  # the model is distilled to run without
        generator=torch.Generator("cpu").manual_seed(asked.seed),
    ).images[0]
    image.save(asked.output)
    print(asked.output)


if __name__ == "__main__":
    main()
