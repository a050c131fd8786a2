"""The text of a resource as it is stored: as received but for id, version and instant."""

from __future__ import annotations

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.storage.draft import draft, new_id


def stored(text: bytes, parameters: Parameters, id: str = "new") -> bytes:
    return draft(json.loads_object(text), parameters, id=id, members=json_text.members(text)).text(3, 0)


STAMP = b'"versionId":"3","lastUpdated":"1970-01-01T00:00:00.000000Z"'


@pytest.mark.parametrize(
    ("received", "kept"),
    [
        (
            b'{"resourceType":"Patient","gender":"male"}',
            b'{"resourceType":"Patient","id":"new","meta":{' + STAMP + b'},"gender":"male"}',
        ),
        (
            b'{"resourceType":"Patient","id":"old","x":[1.50, 1e3,0.010,-0.0]}',
            b'{"resourceType":"Patient","id":"new","meta":{' + STAMP + b'},"x":[1.50, 1e3,0.010,-0.0]}',
        ),
        (
            b'{"id":"old","name":"\\u00e9\\/","meta":{"profile":["p"],"versionId":"9","lastUpdated":"2001"},'
            b'"resourceType":"Patient"}',
            b'{"id":"new","name":"\\u00e9\\/","meta":{'
            + STAMP
            + b',"profile":["p"]},"resourceType":"Patient"}',
        ),
        (
            b'{"meta":{},"resourceType":"Patient","n":123456789012345678901234567890}',
            b'{"meta":{'
            + STAMP
            + b'},"resourceType":"Patient","id":"new","n":123456789012345678901234567890}',
        ),
        (
            b'{ "resourceType" : "Patient", "a" : { "b" :  [ 1 , 2 ] } }',
            b'{"resourceType":"Patient","id":"new","meta":{' + STAMP + b'},"a":{ "b" :  [ 1 , 2 ] }}',
        ),
    ],
)
def test_only_id_version_and_instant_change(received: bytes, kept: bytes, parameters: Parameters) -> None:
    assert stored(received, parameters) == kept


def test_a_resource_without_its_text_is_written_out_with_exact_decimals(parameters: Parameters) -> None:
    resource = json.loads_object(b'{"resourceType":"Observation","valueQuantity":{"value":12.50}}')
    text = draft(resource, parameters, id="o").text(1, 0)
    assert b'"valueQuantity":{"value":12.50}' in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b'{"id":"a"}', "a resource needs `resourceType`"),
        (b'{"resourceType":"Patientt"}', "'Patientt' is no resource type of this release of FHIR"),
        (b'{"resourceType":["Patient"]}', "a resource needs `resourceType`"),
        (b'{"resourceType":"Patient","id":5}', "an id is a string"),
        (b'{"resourceType":"Patient","meta":"x"}', "meta is an object"),
    ],
)
def test_what_is_no_resource_is_refused(text: bytes, sentence: str, parameters: Parameters) -> None:
    with pytest.raises(InputError) as caught:
        stored(text, parameters)
    assert sentence in str(caught.value)


def test_an_id_that_is_none_is_refused(parameters: Parameters) -> None:
    with pytest.raises(InputError, match="'a/b' is no id: it is 1 to 64 letters"):
        stored(b'{"resourceType":"Patient"}', parameters, id="a/b")


def test_new_ids_differ_and_are_version_7_uuids() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(len(id) == 36 and id[14] == "7" and id[19] in "89ab" for id in made)
