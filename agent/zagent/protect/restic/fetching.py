"""How restic itself is fetched: by the same ways as it will go, proxies and certificates, wherever those are named."""

from __future__ import annotations

import os
import ssl
import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from zagent.protect.restic import credentials
from zagent.protect.restic.credentials import PROXY

CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Whose certificates are believed, for OpenSSL and for Go alike."""


def opener() -> OpenerDirector:
    """What opens addresses as the environment and the file of variables say; the environment wins, as for restic.

    Raises:
        CredentialsRefused: that file can't be used.
        OSError: there are no certificates where it says so.
    """
    own = credentials.left(credentials.variables(), os.environ)
    return build_opener(_Proxies(proxies({**own, **os.environ})), HTTPSHandler(context=_believing(own)))


def proxies(given: Mapping[str, str]) -> dict[str, str]:
    """The proxy of each scheme, and under ``no`` what is reached without one. Pure.

    Capitals win unless they are empty, as in Go and so for restic; urllib has it the other way round.
    """
    named = sorted((name for name in given if name.lower().endswith(PROXY) and given[name]), reverse=True)
    return {name[: -len(PROXY)].lower(): given[name] for name in named}  # what has capitals comes last


def _believing(own: Mapping[str, str]) -> ssl.SSLContext:
    """Those that OpenSSL believes by itself and by its environment, and those that only the file names."""
    made = ssl.create_default_context()
    file, folder = (own.get(name) or None for name in CERTIFICATES)
    if file or folder:
        made.load_verify_locations(file, folder)
    return made


class _Proxies(ProxyHandler):
    """urllib's own looks into this process's environment alone for what is reached without a proxy."""

    proxies: Mapping[str, str]

    def proxy_open(self, req: Request, proxy: str, type: str) -> HTTPResponse | None:  # noqa: A002 (urllib's name)
        """The answer through the proxy; None where none is to be used."""
        bypassed = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed does not know it
        if req.host and bypassed(req.host, self.proxies):
            return None
        return super().proxy_open(req, proxy, type)
