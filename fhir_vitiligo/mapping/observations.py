"""The value of an Observation or of one of its components (https://hl7.org/fhir/R4/observation.html, obs-6).

What was written but could not be read goes out as ``valueString`` with its reading; a value that is not there
as ``dataAbsentReason``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from fhir_vitiligo.case.values import Fact, Quantity
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.amounts import QuantityCodec
from fhir_vitiligo.mapping.around import Around
from fhir_vitiligo.mapping.codecs import Reading, StringCodec, Writer, Writing
from fhir_vitiligo.mapping.coded import ConceptCodec
from fhir_vitiligo.mapping.facts import ABSENT_REASONS, Json, extensions, make_fact, read_meta


class ValueCodec(Around):
    """``value[x]`` or ``dataAbsentReason``, around the codec of the value."""

    primitive = True
    elsewhere = True

    def writer(self, name: str) -> Writer:
        write_inner = self.inner.writer(name)

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            if fact.value is not None:
                write_inner(parent, fact, to)
            elif fact.status == "ambiguous":
                parent["valueString"] = fact.raw
                parent["_valueString"] = {"extension": extensions(fact, raw=False)}
            else:
                reason: Json = {"coding": [{"system": urls.ABSENT_REASONS, "code": fact.reason}]}
                said = extensions(fact, reason=False)
                parent["dataAbsentReason"] = {"extension": said, **reason} if said else reason

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        text = parent.get("valueString")
        if isinstance(text, str) and "_valueString" in parent:
            meta = read_meta(parent["_valueString"])
            if meta.status == "ambiguous":
                fact = make_fact(fact_type, None, meta, raw=text)
                if fact is not None:
                    del parent["valueString"]
                return fact
        fact = self.inner.take(parent, name, fact_type, of) or self._foreign(parent, fact_type, of)
        return fact or self._absent(parent, fact_type)

    def _absent(self, parent: Json, fact_type: type[Fact[Any]]) -> Fact[Any] | None:
        node = parent.get("dataAbsentReason")
        codings = node.get("coding") if isinstance(node, dict) else None
        for coding in codings if isinstance(codings, list) else ():
            match coding:
                case {"system": urls.ABSENT_REASONS, "code": str(reason)} if reason in ABSENT_REASONS:
                    fact = make_fact(fact_type, None, replace(read_meta(node), reason=reason))
                    if fact is not None:
                        del coding["system"], coding["code"]
                    return fact
        return None

    def _foreign(self, parent: Json, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        """What other systems write in place of the type we would: a number as text, a coded yes."""
        if isinstance(self.inner, QuantityCodec):
            return _number_elsewhere(parent, fact_type)
        if isinstance(self.inner, StringCodec):
            node = parent.get("valueCodeableConcept")
            text = node.get("text") if isinstance(node, dict) else None
            if (
                isinstance(node, dict)
                and isinstance(text, str)
                and (fact := make_fact(fact_type, text, read_meta(node)))
            ):
                del node["text"]
                return fact
        if isinstance(self.inner, ConceptCodec) and isinstance(parent.get("valueBoolean"), bool):
            word = "present" if parent["valueBoolean"] else "absent"
            if self.inner.category == "presence" and (
                fact := make_fact(fact_type, word, read_meta(parent.get("_valueBoolean")))
            ):
                del parent["valueBoolean"]
                return fact
        return None


def _number_elsewhere(parent: Json, fact_type: type[Fact[Any]]) -> Fact[Any] | None:
    for member in ("valueInteger", "valueString"):
        written = parent.get(member)
        if (
            isinstance(written, bool)
            or not isinstance(written, int | str)
            or (isinstance(written, str) and not written.strip())
        ):
            continue
        try:
            value, raw = Quantity.model_validate(written), None
        except ValidationError:
            value, raw = None, str(written)
        fact = make_fact(fact_type, value, read_meta(parent.get("_" + member)), raw=raw)
        if fact is not None:
            del parent[member]
            return fact
    return None
