"""Addresses: canonical ones are absolute and lead to what they should, and none is only an example
(https://hl7.org/fhir/R4/datatypes.html#canonical, #uri).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.addresses import is_absolute
from fhir_vitiligo.fhir.definitions import CORE
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.narrative import has_id
from fhir_vitiligo.validation.rules.place import Place, Rule

_TYPES = frozenset({"uri", "url", "canonical"})
_EXAMPLE = re.compile(r"[a-z]+:/{2,}([\w.-]+\.)?(example\.org|acme\.com)(?=[/:?#|]|$)")
# No definition is at any address that is kept for examples (https://www.rfc-editor.org/rfc/rfc2606#section-3).
_EXAMPLE_DEFINITION = re.compile(
    r"[a-z]+:/{2,}([\w.-]+\.)?(example\.(org|com|net)|acme\.(com|org))(?=[/:?#|]|$)"
)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_HL7 = "http://hl7.org/fhir"
# Published with each release, and not on board as resources of an address: not looked into.
_DEFINED = (
    *(
        f"{_HL7}/{kind}/"
        for kind in (
            *("SearchParameter", "OperationDefinition", "CompartmentDefinition", "ConceptMap"),
            *("CapabilityStatement", "StructureMap"),
        )
    ),
    # Extensions for the elements of other releases: what they may be is told with the extension.
    *(f"{_HL7}/{release}/StructureDefinition/extension-" for release in ("1.0", "3.0", "4.0", "4.3", "5.0")),
)
# Patterns that resources follow (https://hl7.org/fhir/R4/patterns.html), which are no types.
_PATTERNS = frozenset(
    f"{CORE}{name}"
    for name in (
        *("Definition", "Event", "FiveWs", "Request", "MetadataResource", "CanonicalResource", "Shareable"),
        *("Participant", "ParticipantContactable", "ParticipantLiving", "Product", "Publishable"),
    )
)
_GUIDE = re.compile(rf"{_HL7}/[a-z]{{2}}/")
# Of the extensions of HL7's publishing tools, which no package on board defines: what is read here all the same, the
# name of a guide's page and the text of a binding, which published guides and definitions have.
_PUBLISHING = (
    f"{_HL7}/tools/StructureDefinition/additional-binding",
    f"{_HL7}/tools/StructureDefinition/ig-page-name",
    f"{_HL7}/build/StructureDefinition/definition",
    f"{_HL7}/build/StructureDefinition/binding-definition",
)
_UNCHECKED = (*_PUBLISHING, f"{_HL7}/test", f"{_HL7}/concept-properties", f"{_HL7}path/")
_SYSTEM = re.compile(
    r"us-(ssn|npi|medicare|mbi)|cvx|mvx|ndc|srt|imei|dsm5|eui-48/(bluetooth|ethernet)|passport-[A-Za-z]{3}"
    r"|icd-10(-(cm|am|vn|nl))?|icd-9(-cm)?|icpc-[12]|icpc-1-nl|icf(-nl)?|ca-hc-(din|npn)|ex-icd-10-procedures"
)
# No address that anything has to be found at.
_ELSEWHERE = frozenset({"StructureDefinition.mapping.uri"})
# What an entry is called: written right, and nothing more.
_ONLY_WRITTEN = frozenset({"Bundle.entry.fullUrl"})
# Where a local address that leads nowhere is an error though it is no canonical, and where it may be anything.
_LOCAL_SYSTEMS = frozenset({"ValueSet.compose.include.system", "ValueSet.compose.exclude.system"})
_OPAQUE = frozenset({"Meta.source"})
_CANONICAL = frozenset({"url", "version", "status"})


def make(place: Place) -> Rule | None:
    code, path = place.one.type.code, place.element.path
    if place.base is not None or code not in _TYPES or path in _ELSEWHERE:
        return None
    key = place.name
    own = _is_own(place)
    targets = frozenset(
        url.removeprefix(CORE)
        for kind in place.element.types
        if kind.code == "canonical"
        for url in kind.target_profiles
    )
    absolute = own or code == "canonical"
    examples = _EXAMPLE_DEFINITION if code == "canonical" else _EXAMPLE
    only_written = path in _ONLY_WRITTEN
    severity: Severity = "error" if code == "canonical" or path in _LOCAL_SYSTEMS else "warning"

    def check(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        if type(value) is not str:
            return ()
        if value.startswith("http") and not absolute and _EXAMPLE.match(value) is None:
            return () if not value.startswith(_HL7) else unknown(value, context)
        return faults(value, context)

    def unknown(value: str, context: Context) -> Iterable[Fault]:
        """HL7 publishes what stands below its own address, and all of that is known here."""
        value, _, _ = value.partition("#")
        if only_written or value.startswith(_UNCHECKED) or _is_published(value, context.library):
            return ()
        # A guide that is not loaded may well have it; and a page to read (a `url`) is no definition.
        if _GUIDE.match(value) or (code == "url" and value.endswith(".html")):
            return ()
        text = f"`{key}` is {shown(value)}: HL7 publishes nothing under this address that is known here."
        return (Fault("address-unknown", "invalid", text),)

    def faults(value: str, context: Context) -> Iterator[Fault]:
        if value.startswith(("oid:", "uuid:")):
            yield Fault(
                "address",
                "invalid",
                f"`{key}` is {shown(value)}: write urn:{value.partition(':')[0]}: in front.",
            )
        elif value.startswith("urn:oid:") and _OID.fullmatch(_plain(value, code)) is None:
            yield Fault("address", "invalid", f"`{key}` is {shown(value)}, which is no OID.")
        elif value.startswith("urn:uuid:") and _UUID.fullmatch(_plain(value, code)) is None:
            text = f"`{key}` is {shown(value)}: a UUID is 8-4-4-4-12 lower-case hexadecimal digits."
            yield Fault("address", "invalid", text)
        elif absolute and not is_absolute(value) and (own or not value.startswith("#")):
            yield Fault(
                "address-relative", "invalid", f"`{key}` is {shown(value)}: a canonical address is absolute."
            )
        elif only_written:
            return
        elif value.startswith("#"):
            if value != "#" and path not in _OPAQUE and not has_id(value[1:], context):
                text = f"`{key}` is {shown(value)}, which is not in this resource."
                yield Fault("address-target", "not-found", text, severity=severity)
            elif code == "canonical" and (text := _local_type(value, context)):
                yield Fault("address-type", "invalid", f"`{key}` leads to a {text}.")
        elif not own and examples.match(value) and _is_refused(value, context):
            text = f"`{key}` is {shown(value)}: such an address is for examples only."
            told: Severity = "warning" if context.options.examples else "error"
            yield Fault("address-example", "invalid", text, severity=told)
        elif targets and targets.isdisjoint(_ANY):
            found = context.library.kinds(value)
            if found and targets.isdisjoint(found):
                text = f"`{key}` leads to a {' and a '.join(sorted(found))}: it has to be {' or '.join(sorted(targets))}."
                yield Fault("address-type", "invalid", text)

    def _local_type(value: str, context: Context) -> str:
        """What a contained resource is, and what it has to be; empty where it is that."""
        found = {str(one.get("resourceType")) for one in context.candidates(value)}
        if not found or not targets or not targets.isdisjoint((*_ANY, *found)):
            return ""
        return f"{' and a '.join(sorted(found))}: it has to be {' or '.join(sorted(targets))}"

    return check


def _is_refused(value: str, context: Context) -> bool:
    """Whether an address for examples stands for nothing: a package that is loaded may define what is there."""
    return not context.options.examples or not context.library.kinds(value)


def _plain(value: str, code: str) -> str:
    """Without the fragment, and without the version that a canonical may have."""
    value, _, _ = value.partition("#")
    return value.partition("|")[0] if code == "canonical" else value


def _is_published(value: str, library: Library) -> bool:
    name = value.removeprefix(f"{_HL7}/")
    # The identifier and code systems that HL7 names for others (https://hl7.org/fhir/R4/identifier-registry.html).
    if name.startswith("sid/"):
        return _SYSTEM.fullmatch(name[4:]) is not None
    return (
        value.startswith(_DEFINED)
        or value in _PATTERNS
        or library.profile(value) is not None
        or bool(library.kinds(value))
    )


_ANY = frozenset({"Resource", "CanonicalResource", "MetadataResource"})


def _is_own(place: Place) -> bool:
    """Whether the element is what a canonical resource is called itself."""
    head, _, tail = place.element.path.partition(".")
    if tail != "url":
        return False
    structure = place.library.definitions.structure(head)
    return structure.kind == "resource" and {one.name for one in structure.children(head)} >= _CANONICAL
