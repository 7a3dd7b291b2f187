"""Where the libraries below the engine may leave files."""

from __future__ import annotations

import os

import pytest
from zagent.weights.store import Store

from tests.generate.conftest import images

pytestmark = pytest.mark.engine


def test_libraries_are_given_the_resolved_hf_home(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """/etc/environment may say the services' folder to everyone: a person's process must not write there."""
    monkeypatch.setenv("HF_HOME", "/the/services/own")
    images(store)
    assert os.environ["HF_HOME"] == str(store.settings.hf_home)
    assert store.settings.hf_home.is_relative_to(store.settings.layout.home(store.settings.user))
