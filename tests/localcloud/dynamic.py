"""Runs the project's dynamic providers for the engine, as long as that lives; the SDK's own server does the work."""

from __future__ import annotations

import os
import runpy

from tests.localcloud.serving import end_with

if __name__ == "__main__":
    end_with(os.getppid())
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
