"""Hermetic tests of pure code: no network, no root, seconds."""
