"""JSON Patch (RFC 6902) and JSON merge patch (RFC 7396) on resources; the resource given is never changed.

https://hl7.org/fhir/R4/http.html#patch. The only home of the library for JSON Patch.
"""

from __future__ import annotations

import copy
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json

MOST_OPERATIONS = 1000
_MOST_TOLD = 200  # characters


def json_patch(resource: Json, operations: Any) -> Json:
    """The resource after the operations, one after the other, all or none.

    :class:`InputError` with code ``structure`` for what is no patch; ``conflict`` where a ``test`` fails, ``processing`` where a
    path leads nowhere.
    """
    import jsonpatch
    import jsonpointer

    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise InputError("a JSON Patch is an array of operations", code="structure")
    if len(operations) > MOST_OPERATIONS:
        raise InputError(f"a JSON Patch has at most {MOST_OPERATIONS} operations", code="too-costly")
    found: Any = copy.deepcopy(resource)
    for number, operation in enumerate(operations, 1):
        told = " ".join(str(operation[name]) for name in ("op", "from", "path") if name in operation)
        which = f"operation {number} of {len(operations)} ({told[:_MOST_TOLD]})"
        try:
            found = jsonpatch.JsonPatch([operation]).apply(found, in_place=True)
        except jsonpatch.JsonPatchTestFailed:
            raise InputError(_failed_test(which, operation, found), code="conflict") from None
        except jsonpatch.InvalidJsonPatch as error:
            raise InputError(f"this is no JSON Patch: {which}: {_short(error)}", code="structure") from None
        except jsonpatch.JsonPatchConflict:
            text = f"the patch does not fit the resource: {which}: there is nothing at that place"
            raise InputError(text, code="processing") from None
        except (
            jsonpatch.JsonPatchException,
            jsonpointer.JsonPointerException,
            TypeError,
            KeyError,
            IndexError,
        ):
            text = f"the patch does not fit the resource: {which}: its path, or its from, leads to nothing"
            raise InputError(text, code="processing") from None
    if not isinstance(found, dict):
        raise InputError("the patch leaves no resource", code="processing")
    return found


def merge_patch(resource: Json, patch: Any) -> Json:
    """The resource with the members of the patch put over its own; null removes one."""
    if not isinstance(patch, dict):
        raise InputError("a merge patch is a JSON object", code="structure")
    merged = _merged(resource, patch)
    assert isinstance(merged, dict)
    return merged


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _merged(found.get(key), value)
    return found


def _failed_test(which: str, operation: Json, resource: Any) -> str:
    """What a test asked for, and what there is."""
    import jsonpointer

    try:
        there = json.dumps(jsonpointer.resolve_pointer(resource, operation["path"])).decode()
    except (jsonpointer.JsonPointerException, TypeError, KeyError, IndexError):
        there = "nothing"
    asked = json.dumps(operation.get("value")).decode()
    return f"a test of the patch failed: {which}: it asks for {_cut(asked)}, and there is {_cut(there)}"


def _short(error: Exception) -> str:
    return _cut(" ".join(str(error).split()))


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TOLD else text[: _MOST_TOLD - 3] + "..."
