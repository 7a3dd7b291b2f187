"""How a call of the API waits for a machine, or does not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.ec2.exceptions import EC2ClientError


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong with a machine or a disk is the answer to the call, as an error of the API."""
    try:
        yield
    except Exception as error:
        logging.exception("a machine or a disk failed")
        raise EC2ClientError("InternalError", str(error)) from error


def in_background(work: Callable[..., None], *about: Any) -> None:
    """Begin ``work``; nobody waits for it, so an error in it goes to the daemon's log."""

    def logged() -> None:
        try:
            work(*about)
        except Exception:
            logging.exception("a machine or a disk failed")

    threading.Thread(target=logged, name=f"background {work.__name__}", daemon=True).start()
