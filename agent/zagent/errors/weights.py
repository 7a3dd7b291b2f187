"""Are the weights there and whole? 20-29."""

from __future__ import annotations

from zagent.errors.base import ZagentError


class WeightsError(ZagentError):
    """The weights are not there, or not whole."""


class ModelMissing(WeightsError):
    """{model} is not on this volume: {why}"""

    exit_code = 20
    remedy = (
        "zagent restore   if there is a backup; else zagent pull {model}   (or `zagent weights adopt PATH` to bring in "
        "a copy you have)"
    )


class WeightsDamaged(WeightsError):
    """{model}: {why}"""

    exit_code = 21
    remedy = (
        "zagent restore   if there is a backup, or zagent pull {model} --repair: only the bad files are fetched, in "
        "the place of converted ones the hub's own"
    )


class HubUnreachable(WeightsError):
    """The hub {endpoint} can't be reached: {why}"""

    exit_code = 22
    remedy = "check the network or MODELSCOPE_ENDPOINT, then run the same command again: it resumes"


class HubRefused(WeightsError):
    """The hub {endpoint} refused {model}: {why}"""

    exit_code = 23
    remedy = "check the model id and the revision; for a private model set MODELSCOPE_API_TOKEN"


class DownloadFailed(WeightsError):
    """{model} could not be fetched whole: {why}"""

    exit_code = 24
    remedy = "zagent pull {model}   fetches what is missing; finished files are kept"


class NotAModel(WeightsError):
    """{model} can't be used: {why}"""

    exit_code = 25
    remedy = (
        "name a diffusers model whose components all come as safetensors; for `weights adopt` its folder or a cache"
    )


class NotEnoughSpace(WeightsError):
    """{path} has {free} free, {needed} are needed"""

    exit_code = 26
    remedy = "zagent volume show   tells who uses what; delete, or grow the volume"


class ModelBusy(WeightsError):
    """{model} is in use by {holder}"""

    exit_code = 27
    remedy = "wait until it is done, or end that process"


class CacheElsewhere(WeightsError):
    """{what} leads off the data root {root}: a reset would take the weights with it"""

    exit_code = 28
    remedy = "{hint}"


class ManifestDamaged(WeightsError):
    """The manifest {path} can't be read: {why}"""

    exit_code = 29
    remedy = (
        "zagent restore   if there is a backup; else zagent pull {model} --repair   makes it anew from the hub's files "
        "that are on the volume"
    )
