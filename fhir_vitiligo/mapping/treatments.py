"""Codecs of treatments: the strength of a product, the period of a procedure, whether a medication is taken."""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.case.values import Fact
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.amounts import QuantityCodec
from fhir_vitiligo.mapping.codecs import Codec, Reading, ReferenceCodec, Writer, Writing, dicts
from fhir_vitiligo.mapping.facts import Json
from fhir_vitiligo.mapping.moments import InstantCodec
from fhir_vitiligo.terminology.systems import UCUM

_INSTANT = InstantCodec()


class StrengthCodec(QuantityCodec):
    """A strength: R4's Ratio wants a denominator, R5 takes the Quantity alone."""

    _ONE: Json = {"value": 1, "unit": "1", "system": UCUM, "code": "1"}  # noqa: RUF012 - copied at each use

    @property
    def straight(self) -> Codec | None:
        return None

    def writer(self, name: str) -> Writer:
        write_strength = super().writer(name)
        if name != "numerator":
            return write_strength

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            write_strength(parent, fact, to)
            parent["denominator"] = dict(self._ONE)

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        denominator = parent.get("denominator")
        if name == "numerator" and denominator != self._ONE and not self._is_one(denominator):
            return None
        fact = super().take(parent, name, fact_type, of)
        if fact is not None and isinstance(denominator, dict):
            for member in self._ONE:
                denominator.pop(member, None) if denominator.get(member) == self._ONE[member] else None
        return fact

    @staticmethod
    def _is_one(denominator: Any) -> bool:
        return (
            isinstance(denominator, dict)
            and denominator.get("value") == 1
            and denominator.get("code") in (None, "1")
            and denominator.get("unit") in (None, "1")
        )


class PeriodCodec(Codec):
    """Start or end of what was done, in R5: occurrencePeriod, or, where occurrence[x] is the schedule, an
    extension.
    """

    datatype = "Period"
    elsewhere = True

    def __init__(self, end: str) -> None:
        self.end = end

    def encode(self, value: Any, to: Writing) -> Any:
        raise NotImplementedError("written by its writer")  # pragma: no cover

    def decode(self, node: Any, of: Reading) -> Any:
        raise NotImplementedError("read by take")  # pragma: no cover

    @property
    def straight(self) -> Codec | None:
        return None

    def writer(self, name: str) -> Writer:
        write_end, url = _INSTANT.writer(self.end), urls.own("treatment-period")

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            if "occurrenceTiming" in parent:
                extensions_ = parent.setdefault("extension", [])
                holder = next((e for e in extensions_ if e["url"] == url), None)
                if holder is None:
                    holder = {"url": url, "valuePeriod": {}}
                    extensions_.append(holder)
                period = holder["valuePeriod"]
            else:
                period = parent.setdefault("occurrencePeriod", {})
            write_end(period, fact, to)

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        period = parent.get("occurrencePeriod")
        if isinstance(period, dict) and (fact := _INSTANT.take(period, self.end, fact_type, of)) is not None:
            return fact
        for extension in dicts(parent.get("extension")):
            period = extension.get("valuePeriod")
            if extension.get("url") == urls.own("treatment-period") and isinstance(period, dict):
                return _INSTANT.take(period, self.end, fact_type, of)
        return None


class AdherenceCodec(Codec):
    """R5's MedicationStatement.adherence.code: the R4 status, coded where the value set has the same."""

    remembered = True
    datatype = "CodeableConcept"
    SYSTEM = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
    _CODED = {"active": "taking", "on-hold": "on-hold", "stopped": "stopped", "not-done": "not-taking"}  # noqa: RUF012

    def __init__(self, statuses: dict[str, str]) -> None:
        self.statuses = statuses
        self.words = {status: word for word, status in statuses.items()}

    def encode(self, value: str, to: Writing) -> Json:
        node: Json = {}
        if value in self._CODED:
            node["coding"] = [{"system": self.SYSTEM, "code": self._CODED[value]}]
        node["text"] = self.statuses[value]
        return node

    def decode(self, node: Any, of: Reading) -> str | None:
        if not isinstance(node, dict):
            return None
        word = self.words.get(str(node.get("text")))
        for coding in dicts(node.get("coding")):
            same = next((w for w, code in self._CODED.items() if code == coding.get("code")), None)
            if coding.get("system") == self.SYSTEM and same is not None and word in (None, same):
                word = same
                del coding["system"], coding["code"]
        if word is not None and node.get("text") == self.statuses[word]:
            del node["text"]
        return word


class PartOfCodec(Codec):
    """Procedure.partOf, which may be another Procedure but no MedicationStatement: part of the use of a
    medication is an extension.
    """

    datatype = "Reference"
    elsewhere = True
    URL = urls.own("part-of-use")
    _INTERVENTION = ReferenceCodec("intervention")

    def encode(self, value: str, to: Writing) -> Json:
        return self._INTERVENTION.encode(value, to)

    def decode(self, node: Any, of: Reading) -> str | None:
        return self._INTERVENTION.decode(node, of)

    @property
    def straight(self) -> Codec | None:
        return None

    def plain_writer(self, name: str) -> Writer:
        def write(parent: Json, value: str, to: Writing) -> None:
            reference = self.encode(value, to)
            if to.is_use(value):
                parent.setdefault("extension", []).append({"url": self.URL, "valueReference": reference})
            else:
                parent.setdefault(name, []).append(reference)

        return write

    def take_plain(self, parent: Json, name: str, of: Reading) -> str | None:
        marked = [one for one in dicts(parent.get("extension")) if one.get("url") == self.URL]
        for node in (*dicts(parent.get(name)), *(one.get("valueReference") for one in marked)):
            found = self.decode(node, of)
            if found is not None:
                return found
        return None
