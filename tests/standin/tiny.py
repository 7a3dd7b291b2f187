"""A tiny Z-Image pipeline with random weights, saved under the file names of the real repository.

No network and no downloaded vocabulary: the tokenizer knows single bytes. With the shards of the
default arguments the needed files are exactly the sixteen of the real repository.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.standin.decoys import write_decoys, write_hostile_files

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, ZImagePipeline, ZImageTransformer2DModel
    from transformers import PreTrainedTokenizerBase, Qwen3Model

_SPECIAL: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_NOT_SPECIAL: Final = ("<think>", "</think>")
_MAX_TOKENS: Final = 131_072  # as the real tokenizer; the pipeline's call cuts a prompt at 512
_TEXT_ENCODER_SHARD: Final = "9KB"

# The part of the real template that the pipeline uses: one user turn, then the assistant's opening.
_CHAT_TEMPLATE: Final = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}"
    "{%- endif %}{%- endif %}"
)


def save_tiny_pipeline(folder: Path, *, shard: str | None = "400KB", hostile: bool = False) -> Path:
    """Write the tiny pipeline and harmless extra files into a folder; returns the folder.

    The same library versions always write the same bytes. `shard` is the largest size of one
    transformer file, like "400KB", which makes three; None leaves each model in one file.
    `hostile` adds files that raise RuntimeError if anyone loads them. Sets the environment
    variables that keep the libraries offline. Raises OSError if the folder cannot be written.
    """
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    folder.mkdir(parents=True, exist_ok=True)
    _silence()
    pipeline = build_tiny_pipeline()
    pipeline.save_pretrained(folder, max_shard_size=shard or "1GB")
    _split_text_encoder(pipeline, folder, shard)
    _inline_chat_template(pipeline, folder)
    write_decoys(folder)
    if hostile:
        write_hostile_files(folder)
    return folder


def _silence() -> None:
    """No progress bars for milliseconds of work."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()


def build_tiny_pipeline() -> ZImagePipeline:
    """The tiny pipeline in memory: a ZImagePipeline with a float32 transformer, the rest bfloat16."""
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline

    tokenizer = _tokenizer()
    # Keeps the caller's random state; every part starts from its own seed, whatever the order.
    with torch.random.fork_rng(devices=[]):
        transformer, vae, text_encoder = _transformer(), _vae(), _text_encoder(len(tokenizer))
    return ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=3.0, use_dynamic_shifting=False),
        vae=vae.bfloat16(),
        text_encoder=text_encoder.bfloat16(),
        tokenizer=tokenizer,
        transformer=transformer,
    )


def _transformer() -> ZImageTransformer2DModel:
    import torch
    from diffusers import ZImageTransformer2DModel

    torch.manual_seed(1)
    return ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[8, 4, 4],  # their sum is dim / n_heads
        axes_lens=[1536, 512, 512],  # as in the real model, so that the same sizes fit
    )


def _vae() -> AutoencoderKL:
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(2)
    return AutoencoderKL(
        # Four blocks scale by eight as the real VAE does, which fixes the sizes that are valid.
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 16, 16, 16),
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=8,
        sample_size=64,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def _text_encoder(vocabulary: int) -> Qwen3Model:
    import torch
    from transformers import Qwen3Config, Qwen3Model

    torch.manual_seed(3)
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=3,  # with the embeddings, enough weights for three shards
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=1024,
    )
    return Qwen3Model(config)


def _tokenizer() -> PreTrainedTokenizerBase:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import Qwen2Tokenizer

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *_SPECIAL, *_NOT_SPECIAL]
    # Without merges every text becomes one token per UTF-8 byte: prompts of any length are easy.
    tokenizer = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in _SPECIAL])
    tokenizer.add_tokens([AddedToken(word, special=False, normalized=False) for word in _NOT_SPECIAL])
    return Qwen2Tokenizer(
        tokenizer_object=tokenizer,
        unk_token=None,  # type: ignore[arg-type]  # as in the real file, whatever the annotation says
        bos_token=None,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        model_max_length=_MAX_TOKENS,
        padding_side="right",
        chat_template=_CHAT_TEMPLATE,
    )


def _split_text_encoder(pipeline: ZImagePipeline, folder: Path, shard: str | None) -> None:
    # As three files like the real one, although all of it would fit into one transformer shard.
    if shard is not None:
        (folder / "text_encoder/model.safetensors").unlink()
        pipeline.text_encoder.save_pretrained(folder / "text_encoder", max_shard_size=_TEXT_ENCODER_SHARD)


def _inline_chat_template(pipeline: ZImagePipeline, folder: Path) -> None:
    # The real repository has no separate template file; it was saved by an older library.
    (folder / "tokenizer/chat_template.jinja").unlink()
    pipeline.tokenizer.save_pretrained(folder / "tokenizer", save_jinja_files=False)
