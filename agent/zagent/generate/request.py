"""What a person asks for, checked before anything is loaded. Pure."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from zagent.errors import GuidanceRefused, PrecisionRefused, SizeRefused, UsageError
from zagent.generate import schedule

MULTIPLE = 16
"""Pixels: the VAE makes 1 of 8, the transformer's patches 1 of 2."""
SMALLEST = 64
MOST_IMAGES = 1000
MOST_SEED = 2**63 - 1

PRECISIONS = ("bfloat16", "float32")


@dataclass(frozen=True)
class Size:
    """Pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


@dataclass(frozen=True)
class Request:
    """One call: the prompt and how its images are to be made; image ``i`` has the seed ``seed + i``.

    Raises:
        UsageError: a prompt that is empty or no text, or a number outside its range.
        GuidanceRefused: anything but 0.0.
    """

    prompt: str
    size: Size = Size(1024, 1024)
    steps: int = schedule.EVALUATIONS
    guidance: float = 0.0
    seed: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise UsageError(detail="the prompt is empty")
        if any("\ud800" <= letter <= "\udfff" for letter in self.prompt):
            raise UsageError(detail="the prompt is not UTF-8")
        if self.guidance != 0.0:
            raise GuidanceRefused(guidance=self.guidance)
        if not 1 <= self.count <= MOST_IMAGES:
            raise UsageError(detail=f"-n {self.count} must be between 1 and {MOST_IMAGES}")
        if not 0 <= self.seed <= MOST_SEED + 1 - self.count:
            raise UsageError(detail=f"--seed {self.seed} must be from 0 to 2^63 - 1, and so must the last image's")
        schedule.evaluations(self.steps)

    @property
    def evaluations(self) -> int:
        """How often the transformer runs for one image."""
        return schedule.evaluations(self.steps)

    @property
    def seeds(self) -> list[int]:
        """One seed for each image, so that each can be made again alone."""
        return [self.seed + index for index in range(self.count)]


def parse_size(text: str) -> Size:
    """Understand ``WxH`` or ``N`` (a square), in pixels.

    Raises:
        UsageError: it is neither.
    """
    found = re.fullmatch(r"(\d{1,9})(?:[x×*](\d{1,9}))?", text.strip().lower())
    if not found:
        raise UsageError(detail=f"--size {text!r} must look like 1024x768 or 1024")
    return Size(int(found[1]), int(found[2] or found[1]))


def require_size(size: Size, largest: Size) -> None:
    """Make sure that the model can make an image of ``size``.

    Raises:
        SizeRefused: a side that is not a multiple of 16, too small, or longer than the model has positions for.
    """
    if why := _size_refused(size, largest):
        raise SizeRefused(size=size, why=why, nearest=nearest(size, largest))


def _size_refused(size: Size, largest: Size) -> str | None:
    if size.width % MULTIPLE or size.height % MULTIPLE:
        return f"both sides must be multiples of {MULTIPLE}"
    if min(size.width, size.height) < SMALLEST:
        return f"no side may be under {SMALLEST} pixels"
    if size.width > largest.width or size.height > largest.height:
        return f"the model takes at most {largest}"
    return None


def nearest(size: Size, largest: Size) -> Size:
    """The closest size that is allowed."""

    def allowed(side: int, most: int) -> int:
        return min(max(SMALLEST, (side + MULTIPLE // 2) // MULTIPLE * MULTIPLE), most)

    return Size(allowed(size.width, largest.width), allowed(size.height, largest.height))


def precision(device: str, asked: str | None = None) -> str:
    """The number format: bfloat16 on a GPU, float32 on a CPU, or the one a recorded image was made with.

    Raises:
        PrecisionRefused: float16, whose range the transformer leaves: the image would be black; or anything else.
    """
    if asked is None:
        return "float32" if device == "cpu" else "bfloat16"
    if asked == "float16":
        raise PrecisionRefused(dtype=asked, why="the model leaves its range, and the image comes out black")
    if asked not in PRECISIONS:
        raise PrecisionRefused(dtype=asked, why=f"known are {' and '.join(PRECISIONS)}")
    return asked


def random_seed() -> int:
    """A seed for a person who gave none; 32 bits are short enough to type again."""
    return secrets.randbits(32)
