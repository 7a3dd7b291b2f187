"""One type of resource: Pulumi's operations on it, made of the provider's validate, plan, apply, read and import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from tests.localcloud.bridge import timeouts
from tests.localcloud.bridge.changes import Change, changes
from tests.localcloud.bridge.client import Plan, State, Steps
from tests.localcloud.bridge.importing import inputs_of, program, said
from tests.localcloud.bridge.paths import covers, parsed, translated
from tests.localcloud.bridge.propose import proposed
from tests.localcloud.bridge.served import Problem, Properties, Refused, Served
from tests.localcloud.bridge.timeouts import Operation
from tests.localcloud.bridge.values import to_provider, to_pulumi

META: Final = "__meta"
"""The output that keeps the provider's own notes on a resource between runs; Pulumi does not show it."""

TAINTED: Final = "__tainted"
"""The output that tells that the resource's creation failed halfway: it will be replaced."""

NOTHING: Final = State(None)


class Halfway(Refused):
    """The provider failed, and left something there: ``outputs`` say what."""

    def __init__(self, reason: str, outputs: dict[str, Any]) -> None:
        super().__init__(reason)
        self.outputs = outputs


@dataclass(frozen=True)
class Found:
    """A resource that is there: its outputs, and the inputs that describe it."""

    outputs: dict[str, Any]
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Resource(Served):
    """A type of resource.

    Every operation raises Refused with the provider's own words, and ProviderFailed when its process ended.
    """

    def check(self, inputs: Properties) -> list[Problem]:
        """What is wrong with the inputs."""
        if found := self.misfits(inputs):
            return found
        return self.problems(self.client.validate(self.name, self.config(inputs)))

    def diff(self, outputs: Properties, inputs: Properties, ignored: Iterable[str] = ()) -> list[Change]:
        """What an update would change; paths that the program ignores do not count."""
        found = self._changes(self._state(outputs), self.config(inputs))
        patterns = [parsed(path) for path in ignored]
        return [one for one in found if not any(covers(pattern, one.path) for pattern in patterns)]

    def create(self, inputs: Properties, preview: bool, seconds: float = 0) -> dict[str, Any]:
        """The outputs of a new resource; in a preview nothing is made, and much is unknown.

        Raises:
            Halfway: something was made, but not all that was asked for; also when it took more than ``seconds``.
        """
        try:
            return self._change("create", NOTHING, self.config(inputs), preview, seconds)
        except Halfway as failure:
            failure.outputs[TAINTED] = True
            raise

    def update(self, outputs: Properties, inputs: Properties, preview: bool, seconds: float = 0) -> dict[str, Any]:
        """The outputs after a change in place.

        Raises:
            Halfway: the change failed, and the outputs say how far it went.
        """
        return self._change("update", self._state(outputs), self.config(inputs), preview, seconds)

    def delete(self, outputs: Properties, seconds: float = 0) -> None:
        """Delete the resource; returns when it is gone."""
        self._change("delete", self._state(outputs), None, preview=False, seconds=seconds)

    def read(self, outputs: Properties, inputs: Properties) -> Found | None:
        """The resource as it is now, or None when it is gone.

        Inputs that still describe it stay as the program gave them; others tell what is there.
        """
        state = self._read(self._state(outputs))
        if state.value is None:
            return None
        drifted = {str(one.path[0]) for one in self._changes(state, self.config(inputs))}
        now = to_pulumi(self.shape, inputs_of(self.shape, state.value))
        kept = {name: value for name, value in inputs.items() if name not in drifted}
        taint = {TAINTED: True} if outputs.get(TAINTED) else {}
        return Found(self._outputs(state) | taint, kept | {name: now[name] for name in drifted if name in now})

    def find(self, identity: str) -> Found | None:
        """A resource that another made, by the provider's id for it, or None when there is none."""
        state, diagnostics = self.client.import_state(self.name, identity)
        self.heed(diagnostics)
        state = self._read(state)
        if state.value is None:
            return None
        return Found(self._outputs(state), said(to_pulumi(self.shape, self._program(state))))

    def _program(self, state: State) -> Any:
        """The configuration that changes nothing; where only a digest is known, as of user data, it says nothing."""
        config = program(self.shape, state.value, self._objections)
        changed = {one.path[0] for one in self._changes(state, config)}
        return config | {
            field.name: None for name, field in self.shape.by_property.items() if name in changed and field.inferred
        }

    def _objections(self, config: Any) -> list[Steps]:
        return [one.path for one in self.client.validate(self.name, config) if one.is_error]

    def _read(self, state: State) -> State:
        if state.value is None:
            return state
        found, diagnostics = self.client.read(self.name, state)
        self.heed(diagnostics)
        return found

    def _changes(self, prior: State, config: Any) -> list[Change]:
        plan = self._plan(prior, config)
        replacing = [translated(self.shape, steps) for steps in plan.replaces]
        return changes(self.shape, prior.value, plan.planned.value, config, replacing)

    def _change(self, operation: Operation, prior: State, config: Any, preview: bool, seconds: float) -> dict[str, Any]:
        planned = self._limited(self._plan(prior, config).planned, operation, seconds)
        if preview:
            # A plan's notes hold what the provider will apply, such as user data with its secrets: they stay here.
            return self.shown(planned.value)
        state, diagnostics = self.client.apply(self.name, prior, planned, config)
        try:
            self.heed(diagnostics)
        except Refused as refused:
            if state.value is None or config is None:
                raise
            raise Halfway(str(refused), self._outputs(self._left(prior, state))) from refused
        return self._outputs(state)

    def _limited(self, planned: State, operation: Operation, seconds: float) -> State:
        """The plan, with a time-out for the operation unless it is 0."""
        if not seconds:
            return planned
        if not timeouts.settable(self.shape, operation):
            self.warn(f"the time-out for {operation} has no effect: the AWS provider has none for {self.name}")
            return planned
        return State(planned.value, timeouts.limited(planned.private, operation, seconds))

    def _left(self, prior: State, state: State) -> State:
        """What a failed change left: after an update, the provider's answer takes all that was asked for as done.

        Terraform looks at a resource again before it plans. Pulumi does not: the change would be forgotten.
        """
        if prior is NOTHING:
            return state
        try:
            found = self._read(state)
        except Refused:
            return prior
        return prior if found.value is None else found

    def _plan(self, prior: State, config: Any) -> Plan:
        wanted = proposed(self.shape, prior.value, config)
        plan, diagnostics = self.client.plan(self.name, prior, wanted, config)
        self.heed(diagnostics)
        return plan

    def _state(self, outputs: Properties) -> State:
        shown = {name: value for name, value in outputs.items() if name in self.shape.by_property}
        return State(to_provider(self.shape, shown), str(outputs.get(META, "")).encode())

    def _outputs(self, state: State) -> dict[str, Any]:
        return {} if state.value is None else self.shown(state.value) | {META: state.private.decode()}
