"""Elements of which FHIR demands something: that they are there, or that they have a code of its own.

A CodeableConcept of a required binding may not be without a code
(https://hl7.org/fhir/R4/terminologies.html#required), not even where an extension says why; what is known of
such an element without a code stands in an extension beside it.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.case.values import Fact
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.around import Around
from fhir_vitiligo.mapping.codecs import Codec, Reading, Writer, Writing, dicts
from fhir_vitiligo.mapping.declaration import ALL
from fhir_vitiligo.mapping.facts import Json, extensions, make_fact, read_meta
from fhir_vitiligo.mapping.templates import maker

NOT_STATED: Json = {"extension": [{"url": urls.DATA_ABSENT_REASON, "valueCode": "unknown"}]}
"""What stands in an element that FHIR demands and the case says nothing about."""


class Required(Around):
    """Around the codec of an element that FHIR demands: an absence that the case states differs from one it
    does not.
    """

    def __init__(
        self, inner: Codec, fallback: Json | None = None, releases: frozenset[Release] = ALL
    ) -> None:
        super().__init__(inner)
        self.elsewhere = inner.elsewhere
        self.fallback, self.releases = fallback or {}, releases

    def bind(self, resource: str, path: str, release: Release) -> Codec:
        inner = self.inner.bind(resource, path, release)
        return Required(inner, self.fallback) if release in self.releases else inner

    def writer(self, name: str) -> Writer:
        write_inner, member, fallback = self.inner.writer(name), self.member(name), maker(self.fallback)

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            if fact.value is not None:
                write_inner(parent, fact, to)
            else:
                parent[member] = {"extension": extensions(fact, explicit=True), **fallback()}

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        node = parent.get(self.member(name))
        meta = read_meta(node)
        if meta.reason is not None and (meta.status is None or self.fallback):
            return make_fact(fact_type, None, meta) if meta.status is not None else None
        return self.inner.take(parent, name, fact_type, of)


class RequiredBinding(Around):
    """Around the codec of a CodeableConcept that needs a code of FHIR's: a fact without a value goes into an
    extension.

    The extension has a part for each such element of the resource, by the element's name in R4.
    """

    elsewhere = True
    URL = urls.own("element-without-code")

    def __init__(self, inner: Codec, releases: frozenset[Release] = ALL, part: str = "") -> None:
        super().__init__(inner)
        self.releases, self.part = releases, part

    def bind(self, resource: str, path: str, release: Release) -> Codec:
        inner = self.inner.bind(resource, path, release)
        return RequiredBinding(inner, part=path.rpartition(".")[2]) if release in self.releases else inner

    def writer(self, name: str) -> Writer:
        write_inner = self.inner.writer(name)

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            if fact.value is not None:
                write_inner(parent, fact, to)
                return
            holder = next((e for e in dicts(parent.get("extension")) if e.get("url") == self.URL), None)
            if holder is None:
                holder = {"url": self.URL, "extension": []}
                parent.setdefault("extension", []).append(holder)
            holder["extension"].append(
                {"url": self.part, "valueCodeableConcept": {"extension": extensions(fact)}}
            )

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        fact = self.inner.take(parent, name, fact_type, of)
        if fact is not None:
            return fact
        for holder in dicts(parent.get("extension")):
            for part in dicts(holder.get("extension")) if holder.get("url") == self.URL else ():
                if part.get("url") != self.part:
                    continue
                fact = make_fact(fact_type, None, read_meta(part.get("valueCodeableConcept")))
                if fact is not None:
                    del part["url"]
                    if not any("url" in other for other in dicts(holder["extension"])):
                        del holder["url"]
                    return fact
        return None
