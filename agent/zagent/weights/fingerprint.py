"""The model fingerprint: what a project writes down so that it can prove later which weights it used. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Literal

from zagent import text
from zagent.weights.manifest import Manifest

Format = Literal["markdown", "json", "sha256sum"]


def fingerprint(manifest: Manifest, form: Format) -> str:
    """The fingerprint of ``manifest``; the sha256sum form is read by ``sha256sum -c`` in the snapshot folder."""
    return {"markdown": _markdown, "json": _json, "sha256sum": _sha256sum}[form](manifest)


def _sha256sum(manifest: Manifest) -> str:
    return "".join(f"{one.sha256}  {one.path}\n" for one in manifest.files)


def _json(manifest: Manifest) -> str:
    return json.dumps({**asdict(manifest), "set_digest": manifest.set_digest}, indent=2) + "\n"


def _markdown(manifest: Manifest) -> str:
    head = [
        f"# Model fingerprint: {manifest.model}",
        "",
        f"- revision: {manifest.revision} (commit {manifest.commit or 'not told by the hub'})",
        f"- source: {manifest.source}",
        f"- files: {len(manifest.files)}, {manifest.size} bytes ({text.size(manifest.size)})",
        f"- set digest: `{manifest.set_digest}`",
        f"- hashes confirmed by the hub: {len(manifest.files) - len(manifest.unconfirmed)} of {len(manifest.files)}",
        "",
        "| file | bytes | SHA-256 |",
        "|---|---:|---|",
    ]
    rows = [f"| {one.path} | {one.size} | `{one.sha256}` |" for one in manifest.files]
    return "\n".join([*head, *rows]) + "\n"
