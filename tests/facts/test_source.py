"""Facts 28 and 29: the citation, and what the abstract says of vitiligo in general."""

from __future__ import annotations

import re

from .view import Json, View, leaves, texts

DOI = "10.33545/26649411.2024.v7.i2c.213"
AUTHORS = [
    "Cindy Christella Chandra", "Sukmawati Tansil Tan", "Winnia Tanely", "Cindy Christian", "Diana Heny",
]  # fmt: skip
GENERAL = (
    "chronic",
    "gold standard",
    "immunomodulatory",
    "self-confidence",
    "treatment choice",
    "Views",
    "Downloads",
)


def _source(view: View) -> Json:
    return view.one("Citation" if view.r5 else "DocumentReference")


def test_fact_28_the_citation(view: View) -> None:
    source = _source(view)
    if view.r5:
        artifact = source["citedArtifact"]
        (identifier,) = artifact["identifier"]
        authors = [entry["contributor"]["display"] for entry in artifact["contributorship"]["entry"]]
        title = artifact["title"][0]["text"]
        (form,) = artifact["publicationForm"]
        assert (form["volume"], form["issue"], form["pageString"]) == ("7", "2", "147-149")
    else:
        identifier = source["masterIdentifier"]
        authors = [author["display"] for author in source["author"]]
        title = source["content"][0]["attachment"]["title"]
        assert {"7", "2", "147-149"} <= {text for _, text in texts(source["extension"])}
    assert identifier["value"] == DOI  # whole, though the page breaks the line before it
    assert identifier["system"] == "https://doi.org"
    assert authors == AUTHORS
    assert title.endswith("for segmental vitiligo: A case report")
    assert "2024;7(2):147-149" in source["description"]
    assert "subject" not in source
    provenance = view.one("Provenance")
    (entity,) = provenance["entity"]
    assert entity["role"] == "source"
    assert view.get(entity["what"]) is source
    # Whoever wrote the report is not thereby whoever treated the patient.
    assert not {r["resourceType"] for r in view.resources} & {
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "RelatedPerson",
    }
    assert not [
        path
        for path, _ in leaves(view.bundle)
        if re.search(r"performer|participant|asserter|recorder|informationSource", path)
    ]
    named = {
        path.split(".")[0]
        for r in view.resources
        if r is not source
        for path, text in texts(r)
        if text in AUTHORS
    }
    assert named == set()


def test_fact_29_general_statements_are_kept_as_unmapped_and_said_of_nobody(view: View) -> None:
    provenance = view.one("Provenance")
    kept = {
        part["extension"][0]["valueString"]: part["extension"][1]["valueString"]
        for part in provenance["extension"]
        if part["url"].endswith("/unmapped-statement")
    }
    for words in GENERAL:
        (text,) = [text for text in kept if words in text]
        assert kept[text], f"{text!r} is kept without a reason"
    for resource in view.resources:
        if resource is provenance:
            continue
        for path, text in texts(resource):
            assert not [words for words in GENERAL if words in text], (
                f"{resource['resourceType']}.{path} says {text!r}"
            )
