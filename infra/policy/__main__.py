"""The policy pack: `pulumi preview --policy-pack infra/policy`, and the same with `up`."""

from __future__ import annotations

try:
    from pulumi_policy import EnforcementLevel, PolicyPack
except ModuleNotFoundError as error:
    raise SystemExit(
        "zagent's policy pack needs pulumi-policy: run scripts/setup, or pip install pulumi-policy"
    ) from error

from infra.policy import pack

if __name__ == "__main__":
    PolicyPack(pack.NAME, policies=pack.policies(), enforcement_level=EnforcementLevel.MANDATORY)
