"""Can this image be made? 30-39."""

from __future__ import annotations

from zagent.errors.base import ZagentError


class GenerateError(ZagentError):
    """The image can't be made."""


class GuidanceRefused(GenerateError):
    """Guidance {guidance} refused: Z-Image-Turbo is distilled to run without guidance, any other value doubles
    the work and spoils the image
    """

    exit_code = 30
    remedy = "leave --guidance out, or give 0.0"


class SizeRefused(GenerateError):
    """Size {size} refused: {why}"""

    exit_code = 31
    remedy = "zagent generate --size {nearest}"


class PrecisionRefused(GenerateError):
    """{dtype} refused: {why}"""

    exit_code = 32
    remedy = "leave the precision alone: bfloat16 on a GPU, float32 on a CPU"


class PromptTooLong(GenerateError):
    """The prompt has {tokens} tokens with its template, {over} more than the {limit} the model reads"""

    exit_code = 33
    remedy = "shorten the prompt: nothing is cut silently"


class MemoryShort(GenerateError):
    """Not enough memory for {size} on {device}: {why}"""

    exit_code = 34
    remedy = "{hint}"


class OutOfMemory(GenerateError):
    """{device} ran out of memory while making {size}, also with the smallest plan: {why}"""

    exit_code = 35
    remedy = "zagent generate --size with a smaller size, or end what else uses the memory (`nvidia-smi`)"


class NotFinite(GenerateError):
    """{what} holds NaN or infinite values at {where}: the image would be black or noise, so none was written"""

    exit_code = 36
    remedy = "zagent verify   tells whether the weights are whole; then try another seed or prompt"


class OutputExists(GenerateError):
    """{path} exists already"""

    exit_code = 37
    remedy = "give another name with -o, or --overwrite"


INSTALL_ENGINE = "pip install './agent[torch]'   in zagent's repository, with the pip beside this zagent"
"""The remedy where torch, diffusers, transformers or accelerate is missing or too old."""


class EngineUnavailable(GenerateError):
    """The engine can't run: {why}"""

    exit_code = 38
    remedy = "{hint}"


class ReplayDiffers(GenerateError):
    """{path} was not reproduced: {why}"""

    exit_code = 39
    remedy = "zagent show {path}   tells with which device, versions and weights it was made"
