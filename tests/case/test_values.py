"""A case is a value like any other: equal to another that says the same, and sent to another process."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.case.terms import DrugTerm, SiteTerm
from fhir_vitiligo.case.values import Candidate, Fact, Moment, Quantity, Text


@pytest.mark.parametrize("name", fv.examples())
def test_a_case_goes_through_pickle_and_is_what_it_was(name: str) -> None:
    case = fv.example(name)
    back = pickle.loads(pickle.dumps(case))
    assert back == case
    assert repr(back) == repr(case)
    assert copy.deepcopy(case) == case


def test_a_case_is_read_in_another_process() -> None:
    case = fv.example("dirty-registry-row")
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer).model_dump_json(), end='')"
    run = [sys.executable, "-c", program]
    told = subprocess.run(run, input=pickle.dumps(case), stdout=subprocess.PIPE, check=True)
    assert told.stdout.decode() == case.model_dump_json()


def test_what_comes_out_of_pickle_is_of_the_same_type() -> None:
    fact = Fact[Quantity](raw="7-8", status="ambiguous", candidates=({"value": "7"}, {"value": "8"}))
    back = pickle.loads(pickle.dumps(fact))
    assert type(back) is Fact[Quantity]
    assert type(back.candidates[0]) is Candidate[Quantity]
    with pytest.raises(ValueError, match="frozen"):
        back.raw = "7"


def test_facts_are_equal_when_they_say_the_same() -> None:
    assert Fact[Quantity](value="0.3 mL") == Fact[Quantity].of(Quantity(value="0.3", unit="mL"))
    assert Fact[Quantity](value="0.3 mL") != Fact[Quantity](value="0.4 mL")
    assert Fact[Text](value="x") != Fact[Text](value="x", raw="X")
    assert Fact[Moment](status="absent", reason="unknown") != Moment(text="unknown")
    assert SiteTerm(text="cheek") != DrugTerm(text="cheek")
    assert len({Fact[Text].of("x"), Fact[Text](value="x")}) == 1
