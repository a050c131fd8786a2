"""The ways in which :mod:`tests.validation.mutations` breaks a resource."""

from __future__ import annotations

from tests.validation.mutations import mutated, mutations


def test_each_way_changes_the_resource_and_only_a_copy_of_it() -> None:
    patient = {
        "resourceType": "Patient",
        "active": True,
        "name": [{"use": "usual", "family": "Chalmers"}, {"given": ["Jim"]}],
        "deceasedBoolean": False,
    }
    before = repr(patient)
    found = [mutated(patient, kind, path) for kind, path in mutations(patient)]
    assert repr(patient) == before
    assert all(one.resource != patient for one in found)
    ways = {one.kind for one in found}
    assert ways >= {"dropped", "doubled", "retyped", "emptied", "renamed", "recoded", "resliced", "extended"}
    assert "deceasedString" in next(one.resource for one in found if one.kind == "chosen")
