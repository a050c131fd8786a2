"""The entries of a Bundle one by one, where the Bundle comes or goes in another form than JSON of the stored release.

In a batch no entry depends on another (https://hl7.org/fhir/R4/http.html#transaction): one that cannot be read in its form is
refused alone, and in the answer one that cannot be told in the form asked for is left out alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus

from fhir_vitiligo.errors import FhirVitiligoError, InputError, Issue
from fhir_vitiligo.fhir import bundles
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.server.errors import InvalidError, done_outcome

Refused = Mapping[int, FhirVitiligoError]
# (resource, what the fullUrls of its Bundle lead to): the resource in the other release.
Convert = Callable[[Json, Mapping[str, str]], Json]

_IN_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]\.resource(?=\.|$)")
_ANSWERS = ("batch-response", "transaction-response")


def is_batch(document: object) -> bool:
    return bundles.is_bundle(document) and isinstance(document, dict) and document.get("type") == "batch"


def is_answer(document: Json) -> bool:
    """Whether it is the answer to a batch or transaction."""
    return bundles.is_bundle(document) and document.get("type") in _ANSWERS


def refused_entries(document: Json, faults: Iterable[Issue]) -> Refused | None:
    """The faults of a batch by entry, each told of the entry's resource; None where one of them is about the Bundle itself."""
    by_entry: dict[int, list[Issue]] = defaultdict(list)
    entries = bundles.entries(document)
    for issue in faults:
        found = _IN_ENTRY.match(issue.expression)
        if found is None:
            return None
        index = int(found[1])
        resource = entries[index].get("resource") if index < len(entries) else None
        kind = str(resource.get("resourceType")) if isinstance(resource, dict) else "resource"
        by_entry[index].append(replace(issue, expression=kind + issue.expression[found.end() :]))
    return {index: InvalidError(issues) for index, issues in by_entry.items()}


def batch_taken_in(
    document: Json, refused: Refused, check: Callable[[Json], None], convert: Convert
) -> tuple[Json, Refused]:
    """A batch in the release that is stored, and which of its entries could not be: those are left without a resource."""
    types = _types(document)
    now_refused = dict(refused)
    converted: dict[int, Json] = {}
    shells: list[Json] = []
    for index, entry in enumerate(bundles.entries(document)):
        shell = dict(entry)
        resource = shell.pop("resource", None)
        shells.append(shell)
        if index in now_refused or not isinstance(resource, dict):
            continue
        try:
            if _method(entry) == "PATCH":
                raise InvalidError(
                    "a patch for another release than the one stored is not read: put the whole resource there",
                    code="not-supported",
                )
            check(resource)
            converted[index] = convert(resource, types)
        except InputError as error:
            now_refused[index] = InvalidError(error.issues)
    return _rejoined(document, shells, converted, types, convert), now_refused


def answer_given_out(document: Json, convert: Convert) -> Json:
    """The answer to a batch or transaction in another release. What was read and cannot be told there is a 406 of its own;
    of what was written only that it was done is told.
    """
    types = _types(document)
    shells: list[Json] = []
    converted: dict[int, Json] = {}
    for index, entry in enumerate(bundles.entries(document)):
        shell = dict(entry)
        resource = shell.pop("resource", None)
        if isinstance(resource, dict):
            try:
                converted[index] = convert(resource, types)
            except FhirVitiligoError as error:
                shell["response"] = _not_shown(shell.get("response", {}), error)
        shells.append(shell)
    return _rejoined(document, shells, converted, types, convert)


def _rejoined(
    document: Json,
    shells: list[Json],
    resources: Mapping[int, Json],
    types: Mapping[str, str],
    convert: Convert,
) -> Json:
    """The Bundle around the entries converted, and in it the resources, which were."""
    made = convert({**document, "entry": shells}, types) if shells else convert(document, types)
    for index, resource in resources.items():
        made["entry"][index]["resource"] = resource
    return made


def _not_shown(response: Json, error: FhirVitiligoError) -> Json:
    if "location" in response:
        return {**response, "outcome": done_outcome(error)}
    status = HTTPStatus.NOT_ACCEPTABLE
    return {"status": f"{status.value} {status.phrase}", "outcome": operation_outcome(error.issues)}


def _types(document: Json) -> Mapping[str, str]:
    return {
        entry["fullUrl"]: str(entry["resource"].get("resourceType"))
        for entry in bundles.entries(document)
        if isinstance(entry.get("fullUrl"), str) and isinstance(entry.get("resource"), dict)
    }


def _method(entry: Json) -> object:
    request = entry.get("request")
    return request.get("method") if isinstance(request, dict) else None
