"""JSON Patch (RFC 6902) and JSON merge patch (RFC 7396) on resources; the resource given is never changed.

https://hl7.org/fhir/R4/http.html#patch. The only home of the library for JSON Patch.
"""

from __future__ import annotations

import copy
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import Json

MOST_OPERATIONS = 1000


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
    try:
        found = jsonpatch.JsonPatch(operations).apply(resource)
    except jsonpatch.JsonPatchTestFailed as error:
        raise InputError(f"a test of the patch failed: {_short(error)}", code="conflict") from None
    except (jsonpatch.InvalidJsonPatch, jsonpatch.JsonPointerException) as error:
        raise InputError(f"this is no JSON Patch: {_short(error)}", code="structure") from None
    except (
        jsonpatch.JsonPatchException,
        jsonpointer.JsonPointerException,
        TypeError,
        KeyError,
        IndexError,
    ) as error:
        raise InputError(f"the patch does not fit the resource: {_short(error)}", code="processing") from None
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


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:197] + "..."
