"""What resources and functions have in common: a schema, the provider's verdicts, and the region that is not in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime import rpc

from tests.localcloud.bridge.client import Client, Diagnostic
from tests.localcloud.bridge.paths import Path, translated, written
from tests.localcloud.bridge.schema import Object
from tests.localcloud.bridge.values import Misfit, NoSuchProperty, to_provider, to_pulumi

Properties = Mapping[str, Any]
"""Inputs or outputs, by Pulumi's names, as plain values."""

Problem = tuple[Path, str]
"""A property (an empty path: none in particular), and what is wrong with it."""


class Refused(Exception):
    """The provider refused a request; the message is its own, with the properties that it is about."""


@dataclass(frozen=True)
class Served:
    """A type or data source ``name`` whose attributes are ``shape``, of a provider for one region."""

    client: Client
    name: str
    shape: Object
    region: str
    warn: Callable[[str], None]

    def misfits(self, given: Properties) -> list[Problem]:
        """What the schema has no place for."""
        try:
            self.config(given)
        except NoSuchProperty as misfit:
            return [(misfit.path, f"{misfit.reason} in version {self.client.version} of HashiCorp's AWS provider")]
        except Misfit as misfit:
            return [(misfit.path, misfit.reason)]
        return []

    def config(self, given: Properties) -> Any:
        """The inputs as the provider's configuration.

        Raises:
            Misfit: the schema has no place for one of them.
        """
        if self._lacks_region and given.get("region") not in (None, self.region, rpc.UNKNOWN):
            raise Misfit(("region",), f"this provider serves one region, {self.region}, and not {given['region']}")
        ours = ("region",) if self._lacks_region else ()
        return to_provider(self.shape, {name: value for name, value in given.items() if name not in ours})

    def shown(self, value: Any) -> dict[str, Any]:
        """The provider's value as outputs."""
        outputs: dict[str, Any] = to_pulumi(self.shape, value)
        return {"region": self.region, **outputs} if self._lacks_region else outputs

    def problems(self, diagnostics: Iterable[Diagnostic]) -> list[Problem]:
        """The errors among the provider's diagnostics; warnings are shown to the person."""
        found = [(one, translated(self.shape, one.path)) for one in diagnostics]
        for one, path in found:
            if not one.is_error:
                self.warn(_text(path, one.text))
        return [(path, one.text) for one, path in found if one.is_error]

    def heed(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Go on only if there are no errors.

        Raises:
            Refused: there are; all of them are in the message.
        """
        if errors := self.problems(diagnostics):
            raise Refused("\n".join(_text(path, text) for path, text in errors))

    @property
    def _lacks_region(self) -> bool:
        # pulumi-aws 7 has `region` in every resource and function, as version 6 of the provider has.
        return "region" not in self.shape.by_property


def _text(path: Path, text: str) -> str:
    return f"{written(path)}: {text}" if path else text
