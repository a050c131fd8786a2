"""A page for each profile: what it demands, the case field an element comes from, its codes, an example, what is still open.

Read off the compiled package, the mapping's declarations and the example instances, so that none of it can be out of date.
``tools/build_docs.py`` writes the pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profile_places import contains, pattern, places
from profile_rules import Json, Profile, profiles_in

from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.json import dumps, loads
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles as declared
from fhir_vitiligo.mapping.coded import concept_json
from fhir_vitiligo.mapping.compiler import Step, parse
from fhir_vitiligo.mapping.declaration import Part
from fhir_vitiligo.mapping.matching import component_concept
from fhir_vitiligo.mapping.resources import PARTS

ROOT = Path(__file__).resolve().parent.parent / "profiles"
_SHOWN = 60  # characters of an example's value


@dataclass(frozen=True, slots=True)
class Row:
    element: str
    must: str
    case: str
    values: str
    example: str
    meaning: str
    question: str

    def __str__(self) -> str:
        cells = (
            f"`{self.element}`",
            self.must,
            self.case,
            self.values,
            self.example,
            self.meaning,
            self.question,
        )
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def pages(made: str) -> dict[str, str]:
    """``profiles/<id>.md`` -> text, and ``profiles/README.md`` that lists them; ``made`` is the line that says so."""
    known = profiles_in(ROOT / "package", Release.R4)
    in_r5 = profiles_in(ROOT / "package-r5", Release.R5)
    only_r5 = {url: one for url, one in in_r5.items() if url not in known}
    found = {
        f"profiles/{one.id}.md": made + _page(one, known | only_r5, "r5" if one.url in only_r5 else "r4")
        for one in (known | only_r5).values()
    }
    return {"profiles/README.md": made + _index(known | only_r5), **found}


def _index(profiles: dict[str, Profile]) -> str:
    lines = [
        "\n# Profiles\n",
        "Each profile says what valid means for one kind of resource of a vitiligo record.\n",
    ]
    lines += ["| profile | resource | what it is |", "|---|---|---|"]
    for one in sorted(profiles.values(), key=lambda one: (one.type, one.id)):
        about = " ".join(one.definition.get("description", "").split())
        lines.append(f"| [{one.definition['title']}]({one.id}.md) | {one.type} | {about} |")
    return "\n".join(lines) + "\n"


def _page(profile: Profile, profiles: dict[str, Profile], release: str) -> str:
    about = profile.definition
    parent = profiles.get(about["baseDefinition"])
    base = f"[{parent.definition['title']}]({parent.id}.md)" if parent else f"FHIR {profile.type}"
    path = ROOT / "examples" / release / f"{profile.id}.json"
    example = loads(path.read_bytes())
    lines = [
        f"\n# {about['title']}\n",
        " ".join(about["description"].split()) + "\n",
        f"- canonical: `{profile.url}`",
        f"- built on: {base}" + (" (R5 only)" if release == "r5" else ""),
        f"- made from: {_sources(profile, profiles)}",
        f"- [example](../../profiles/examples/{release}/{profile.id}.json)\n",
        "| element | must | case field | values | example | meaning | open question |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [str(row) for row in _rows(profile, profiles, example, Release(release))]
    lines.append("\nEvery value can also say why it is absent, what was written, and how it was read.")
    stated = profile.definition["differential"]["element"]
    rules = {one["key"]: one for element in stated for one in element.get("constraint", ())}.values()
    if rules:
        lines += ["\n| rule | severity | says |", "|---|---|---|"]
        lines += [f"| `{one['key']}` | {one['severity']} | {one['human']} |" for one in rules]
    return "\n".join(lines) + "\n"


def _family(profile: Profile, profiles: dict[str, Profile]) -> set[str]:
    """The profile, and those built on it."""
    found = {profile.id}
    for other in profiles.values():
        if other.definition["baseDefinition"] == profile.url:
            found |= _family(other, profiles)
    return found


def _parts(profile: Profile, profiles: dict[str, Profile]) -> Iterator[Part]:
    family = _family(profile, profiles)
    for part in PARTS:
        if part.profile is not None and not family.isdisjoint(declared.ids(part.profile)):
            yield part


def _sources(profile: Profile, profiles: dict[str, Profile]) -> str:
    names = dict.fromkeys(part.model.__name__ for part in _parts(profile, profiles))
    if not names:
        return "the whole case"
    return ", ".join(f"[{name}](../data-dictionary.md#{name.lower()})" for name in names)


def _rows(profile: Profile, profiles: dict[str, Profile], example: Json, release: Release) -> Iterator[Row]:
    fields = [
        (parse(differences.path(release, part.resource, field.fhir)), f"{part.kind}.{field.case}")
        for part in _parts(profile, profiles)
        for field in part.fields
        if release in field.releases
    ]
    told = {one["id"]: one for one in profile.definition["differential"]["element"]}
    for name, stated in told.items():
        if "." not in name or profile.is_discriminator(name) or _is_machinery(name):
            continue
        # What an extension or a component holds is told with it.
        inner = f"{name}.value[x]" if ":" in name.rpartition(".")[2] else name
        if name.endswith(".value[x]") and name.removesuffix(".value[x]") in told:
            continue
        comment = stated.get("comment") or told.get(inner, {}).get("comment", "")
        yield Row(
            name.partition(".")[2],
            _must(stated, profile.elements[name]),
            ", ".join(dict.fromkeys(f"`{case}`" for steps, case in fields if _fits(profile, name, steps))),
            _values(told.get(inner, stated), profile.elements[inner if inner in told else name]),
            _shown(next((place.value for place in places(profile, example, inner)), None)),
            " ".join(stated.get("short", "").split()),
            comment.removeprefix("Open question:").strip() if comment.startswith("Open question:") else "",
        )


def _is_machinery(name: str) -> bool:
    """The extensions that say of any value how it was read: the same everywhere, so told once at the foot of the page."""
    last = name.rpartition(".")[2]
    return last == "extension" or last in ("extension:absent", "extension:originalText", "extension:reading")


def _must(stated: Json, element: Json) -> str:
    told = [f"{element['min']}..{element['max']}"] if "min" in stated or "max" in stated else []
    if stated.get("mustSupport"):
        told.append("support")
    return ", ".join(told)


def _values(stated: Json, element: Json) -> str:
    for key, value in stated.items():
        if key.startswith(("fixed", "pattern")):
            return f"always {_shown(value)}"
    if "binding" in stated:
        binding = stated["binding"]
        return f"{binding['valueSet'].rpartition('/')[2]} ({binding['strength']})"
    if "type" in stated:
        return " or ".join(dict.fromkeys(_type(one) for one in element["type"]))
    return ""


def _type(kind: Json) -> str:
    inner = [url.rpartition("/")[2] for url in (*kind.get("targetProfile", ()), *kind.get("profile", ()))]
    return (
        f"{kind['code']}({', '.join(inner)})" if inner and kind["code"] != "Extension" else str(kind["code"])
    )


def _fits(profile: Profile, element: str, steps: tuple[Step, ...]) -> bool:
    """Whether a field of the mapping is written at the element, below it, or holds it."""
    at = element.partition(".")[0]
    for told, step in zip(element.split(".")[1:], steps, strict=False):
        at = f"{at}.{told}"
        name, _, slice_name = told.partition(":")
        plain, is_choice = name.removesuffix("[x]"), name.endswith("[x]")
        if plain != step.name and not (is_choice and step.name.startswith(plain)):
            return False
        if slice_name and not is_choice and step.argument is not None and not _same_slice(profile, at, step):
            return False
        if step.argument is not None and not slice_name:
            return False
        if slice_name and not is_choice and step.argument is None and step.index != "[*]":
            return False
    return True


def _same_slice(profile: Profile, element: str, step: Step) -> bool:
    if step.name == "extension":
        return any(
            step.argument in kind.get("profile", ()) for kind in profile.elements[element].get("type", ())
        )
    code = pattern(profile, f"{element}.code")
    return code is not None and contains(code, concept_json(*component_concept(step.argument or "")))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        coding = next(
            iter(value.get("coding", ())),
            value if "system" in value and "code" in value and "value" not in value else {},
        )
        if "value" in value:
            return f"{value['value']} {value.get('unit', '')}".strip()
        if code := coding.get("code"):
            display = coding.get("display") or value.get("text") or ""
            return f"{display} (`{code}`)".strip()
        if text := value.get("text") or value.get("reference") or value.get("display"):
            return _cut(str(text))
    if isinstance(value, str):
        return _cut(value)
    return "" if isinstance(value, dict | list) else f"`{_cut(dumps(value).decode())}`"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
