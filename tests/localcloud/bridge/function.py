"""One function: a question to a data source of the provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.localcloud.bridge.served import Problem, Properties, Served


@dataclass(frozen=True)
class Function(Served):
    """A data source. Every call raises ProviderFailed when the provider's process ended."""

    def check(self, arguments: Properties) -> list[Problem]:
        """What is wrong with the arguments."""
        if found := self.misfits(arguments):
            return found
        return self.problems(self.client.validate_data(self.name, self.config(arguments)))

    def invoke(self, arguments: Properties) -> tuple[dict[str, Any], list[Problem]]:
        """The answer, or why there is none: with most data sources also that nothing matches."""
        value, diagnostics = self.client.read_data(self.name, self.config(arguments))
        found = self.problems(diagnostics)
        return ({} if found else self.shown(value)), found
