"""Faults strike where and as often as they were armed for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.localcloud.cloud.faults import Fault, Faults


def test_it_strikes_only_its_kind_and_place() -> None:
    """A fault for one zone leaves the others alone."""
    faults = Faults()
    faults.arm(Fault("capacity", "us-east-1a"))
    assert [faults.strikes("capacity", zone) for zone in ("us-east-1a", "us-east-1b")] == [True, False]
    assert not faults.strikes("vcpu-limit", "us-east-1a")


def test_it_strikes_everywhere_when_it_names_no_place() -> None:
    """Until it is cleared."""
    faults = Faults()
    faults.arm(Fault("capacity"))
    assert all(faults.strikes("capacity", zone) for zone in ("us-east-1a", "us-east-1b", "us-east-1a"))
    faults.clear()
    assert not faults.strikes("capacity", "us-east-1a")


def test_it_strikes_so_many_times() -> None:
    """And is gone then."""
    faults = Faults()
    faults.arm(Fault("throttling", times=2))
    assert [faults.strikes("throttling") for _ in range(3)] == [True, True, False]
    assert faults.armed() == []


def test_waiting_ends_when_it_is_cleared() -> None:
    """A stuck volume goes on then."""
    faults = Faults()
    faults.arm(Fault("detaching"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(faults.wait_while, "detaching", "vol-1")
        assert not waiting.done()
        faults.clear()
        waiting.result(timeout=30)


@pytest.mark.parametrize("fault", [Fault("flood"), Fault("throttling", times=0)])
def test_what_is_no_fault_is_refused(fault: Fault) -> None:
    """With what there is."""
    with pytest.raises(ValueError, match=r"There is no fault|once or more"):
        Faults().arm(fault)
