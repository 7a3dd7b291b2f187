"""Values on their way between the provider and Pulumi."""

from __future__ import annotations

import json

import pytest
from pulumi.runtime.rpc import UNKNOWN as PULUMIS

from tests.localcloud.bridge.cty import UNKNOWN
from tests.localcloud.bridge.schema import Field, Many, Object, Scalar
from tests.localcloud.bridge.values import Misfit, to_provider, to_pulumi

TEXT = Scalar("string")
DOCUMENT = Scalar("string", document=True)
SINGLE = Object((Field("only", "only", Many("list", TEXT, flat=True), optional=True),))


@pytest.mark.parametrize(("written", "meant"), [(3, 3.0), (0.5, 0.5), ("3.4", 3.4)])
def test_a_number_is_a_number_however_it_is_written(written: object, meant: float) -> None:
    """The provider writes as text what no binary fraction hits."""
    assert to_pulumi(Scalar("number"), written) == meant


def test_a_document_may_be_an_object() -> None:
    """The provider gets it as JSON; a part that is not known yet makes all of it unknown. Other texts are texts."""
    assert (
        json.loads(to_provider(DOCUMENT, {"Version": "1", "Statement": [{"Sid": "a"}]}))["Statement"][0]["Sid"] == "a"
    )
    assert to_provider(DOCUMENT, "{}") == "{}"
    assert to_provider(DOCUMENT, {"Statement": [{"Resource": PULUMIS}]}) == UNKNOWN
    with pytest.raises(Misfit, match="a string is expected"):
        to_provider(TEXT, {"Version": "1"})


def test_a_list_that_may_have_one_element_is_the_element() -> None:
    """Both ways, also when it is empty or not known."""
    for ours, theirs in (({"only": "a"}, ["a"]), ({"only": PULUMIS}, UNKNOWN), ({}, None)):
        assert to_provider(SINGLE, ours) == {"only": theirs}
        assert to_pulumi(SINGLE, {"only": theirs}) == ours
    assert to_pulumi(SINGLE, {"only": []}) == {}
