"""What single datatypes ask for beyond their invariants, a function a type
(https://hl7.org/fhir/R4/datatypes.html, narrative.html).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.schema import ObjectSchema
from fhir_vitiligo.terminology.systems import LOINC, SNOMED_CT, UCUM
from fhir_vitiligo.terminology.value_sets import Verdict
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules import narrative
from fhir_vitiligo.validation.rules.place import Rule
from fhir_vitiligo.validation.rules.system import is_named

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
# Any URI is a code of this system, and an identifier of it.
_URIS = "urn:ietf:rfc:3986"
# Addresses that people write for a value set in the place of a system's.
_VALUE_SET = "/ValueSet/"


def make(schema: ObjectSchema, _: Library) -> Rule | None:
    check = _BY_TYPE.get(schema.path)
    if check is None:
        return None

    def rule(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        return check(value, context)

    return rule


def _extension(value: dict[str, Any], context: Context) -> Iterable[Fault]:
    """ext-1: an extension has a value or extensions of its own, not both."""
    nested = "extension" in value
    if nested != any(key.startswith(("value", "_value")) for key in value if isinstance(key, str)):
        return ()
    found = "both a value and extensions" if nested else "neither a value nor extensions"
    return (Fault("ext-1", "invariant", f"The extension has {found}: it needs exactly one of them."),)


def _coding(value: dict[str, Any], context: Context) -> Iterable[Fault]:
    """A code is one of its system's, and its display one of the code's."""
    system, code = value.get("system"), value.get("code")
    if type(system) is not str or type(code) is not str:
        return ()
    display = value.get("display")
    verdict = _verdict(system, code, display, value, context)
    if (
        verdict.kind == "in"
        and verdict.display_is_right is not False
        and not verdict.inactive
        and verdict.status != "deprecated"
        and system != _URIS
    ):
        return ()
    return _coding_faults(verdict, system, code, display, context)


def _verdict(system: str, code: str, display: Any, value: dict[str, Any], context: Context) -> Verdict:
    language = context.language
    return context.library.check_code(
        system, code, display, value.get("version"), language if isinstance(language, str) else "en"
    )


def _is_supplement(system: str, context: Context) -> bool:
    found = context.library.resolve(system, "CodeSystem")
    return found is not None and found.get("content") == "supplement"


_CHECK_DIGITS = frozenset({SNOMED_CT, LOINC})
# HL7's own code systems are all known.
_KNOWN_SPACE = ("http://hl7.org/fhir", "http://terminology.hl7.org")


def _coding_faults(
    verdict: Verdict, system: str, code: str, display: Any, context: Context
) -> Iterator[Fault]:
    gap = verdict.gap
    if system == _URIS and ":" not in code:
        text = f"`code` is {shown(code)}: in the system {_URIS} it is a URI."
        yield Fault("code-unknown", "code-invalid", text, steps=["code"])
    elif verdict.kind == "unknown-code":
        why = verdict.fault or f"it is not a code of {system}."
        # Neither is on board, and HL7's engine does not look at their check digits: likely mistyped, not surely.
        severity: Severity = "warning" if system in _CHECK_DIGITS else "error"
        yield Fault("code-unknown", "code-invalid", f"`code` is {shown(code)}: {why}", severity, ["code"])
    elif verdict.display_is_right is False:
        right = " or ".join(shown(one) for one in verdict.displays[:3])
        text = f"`display` is {shown(display)}; {system} calls {shown(code)} {right}."
        yield Fault("display", "code-invalid", text, steps=["display"])
    elif _is_supplement(system, context):
        text = (
            f"`system` is {shown(system)}: that only adds to another code system, which is the one to name."
        )
        yield Fault("system-supplement", "business-rule", text, steps=["system"])
    elif verdict.inactive or verdict.status == "deprecated":
        how = "no longer in use" if verdict.inactive else "deprecated: it should no longer be used"
        text = f"`code` is {shown(code)}, which is {how} in {system}."
        yield Fault("code-status", "business-rule", text, severity="warning", steps=["code"])
    elif gap is not None and gap.reason == "system" and system.startswith(_KNOWN_SPACE):
        text = f"`system` is {shown(system)}: no code system of that name is known here."
        yield Fault("system-unknown", "not-found", text, "information", steps=["system"])
    elif _VALUE_SET in system and context.library.terminology.value_set(system) is not None:
        text = f"`system` is {shown(system)}, which is a value set: name the code system of the code."
        yield Fault("system-value-set", "code-invalid", text)


def _quantity(value: dict[str, Any], context: Context) -> Iterable[Fault]:
    """The unit of a quantity is a code of its system."""
    system, code = value.get("system"), value.get("code")
    if type(system) is not str or type(code) is not str:
        return ()
    verdict = context.library.check_code(system, code)
    if verdict.kind != "unknown-code":
        return ()
    why = verdict.fault or f"it is not a code of {system}."
    text = f"`code` is {shown(code)}: {why}"
    # HL7's engine leaves units of measure alone where no value set is asked of them.
    severity: Severity = "warning" if system == UCUM or system in _CHECK_DIGITS else "error"
    return (Fault("code-unknown", "code-invalid", text, severity, ["code"]),)


def _measured(value: dict[str, Any], context: Context) -> Iterator[Fault]:
    """Age, Duration and the like are in units of measure, which their invariants ask for."""
    for fault in _quantity(value, context):
        yield replace(fault, severity="warning")


def _attachment(value: dict[str, Any], context: Context) -> Iterable[Fault]:
    """The data and the hash can be decoded, and size is that of what comes out."""
    size, data, digest = value.get("size"), value.get("data"), value.get("hash")
    if isinstance(digest, str) and digest and _NOT_BASE64.search(digest) is not None:
        return (
            Fault("attachment-data", "structure", f"`hash` is {shown(digest)}, which cannot be decoded."),
        )
    if isinstance(data, str) and data and (_NOT_BASE64.search(data) is not None):
        return (Fault("attachment-data", "structure", f"`data` is {shown(data)}, which cannot be decoded."),)
    if isinstance(size, str) and size.startswith("-"):
        return (
            Fault(
                "attachment-size", "structure", f"`size` is {shown(size)}: nothing has fewer than no bytes."
            ),
        )
    if isinstance(data, str) and isinstance(told := value.get("hash"), str) and not _is_hash(told, data):
        text = f"`hash` is {shown(told)}, which is not the SHA-1 of `data` in base64."
        return (Fault("attachment-hash", "structure", text),)
    if not isinstance(data, str) or "size" not in value:
        return ()
    packed = "".join(data.split())
    count = len(packed) // 4 * 3 - packed[-2:].count("=")
    stated = int(size) if isinstance(size, str) and size.isdecimal() and len(size) < 20 else size
    if stated == count:
        return ()
    text = f"`size` is {shown(size)}, and `data` has {count} bytes."
    return (Fault("attachment-size", "structure", text),)


def _is_hash(told: str, data: str) -> bool:
    """https://hl7.org/fhir/R4/datatypes-definitions.html#Attachment.hash"""
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        return True  # told as what it is
    return told == base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def _identifier(value: dict[str, Any], context: Context) -> Iterable[Fault]:
    system = value.get("system")
    if system == _URIS and isinstance(name := value.get("value"), str) and ":" not in name:
        text = f"`value` is {shown(name)}: in the system {_URIS} it is a URI."
        return (Fault("identifier-value", "code-invalid", text),)
    if not isinstance(system, str) or is_named(system):
        return ()
    text = f"`system` is {shown(system)}: the address of an identifier system is absolute, a URL or a URN."
    return (Fault("system-relative", "code-invalid", text),)


def _meta(value: dict[str, Any], context: Context) -> Iterator[Fault]:
    """Tags and security labels stand once (https://hl7.org/fhir/R4/resource.html#simple-tags)."""
    labels = value.get("security")
    seen: set[tuple[str, str]] = set()
    for index, label in enumerate(labels if isinstance(labels, list) else ()):
        system, code = (label.get("system"), label.get("code")) if isinstance(label, dict) else (None, None)
        if not isinstance(system, str) or not isinstance(code, str):
            continue
        if (system, code) in seen:
            text = f"The security label {shown(code)} of {system} stands there twice."
            yield Fault("security-label", "duplicate", text, steps=[f"security[{index}]"])
        seen.add((system, code))


_BY_TYPE: Mapping[str, Callable[[dict[str, Any], Context], Iterable[Fault]]] = {
    "Extension": _extension,
    "Coding": _coding,
    "Quantity": _quantity,
    "SimpleQuantity": _quantity,
    "Age": _measured,
    "Duration": _measured,
    "Count": _measured,
    "Distance": _measured,
    "MoneyQuantity": _quantity,
    "Attachment": _attachment,
    "Identifier": _identifier,
    "Meta": _meta,
    "Narrative": narrative.check,
}
