"""Writes an example of every profile, and for each must-rule an instance that breaks it and nothing else.

    python tools/build_examples.py            # profiles/examples/<release>/<profile>.json, profiles/broken/<release>.ndjson
    python tools/build_examples.py --check    # fails when they are not what the packaged cases and the profiles give

All are made of what the mapping writes for the packaged cases. A line of ``broken`` is ``{id, profile, kind, element, expression,
resource}``: the rule, and the element at which a validator reports the error. A rule that no packaged case can show broken is
named and fails the build, unless ``NOT_SHOWN`` says why.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from profile_breaks import Break, Breaker
from profile_places import places
from profile_rules import Json, Profile, profiles_in

import fhir_vitiligo as fv
from fhir_vitiligo.fhir.json import dumps, dumps_pretty

ROOT = Path(__file__).resolve().parent.parent / "profiles"
PACKAGES = {"r4": ROOT / "package", "r5": ROOT / "package-r5"}
RECORDED = "2026-01-01T00:00:00Z"

NOT_SHOWN: dict[str, str] = {
    "vitiligo-stability_target_Observation.encounter": "how long a disease has been stable is told of no visit",
    "vitiligo-product_min_Medication.ingredient.item.concept": "an item without its concept is empty, which is another fault",
}
"""Rule name -> why no instance breaks it alone."""


def pool(release: str) -> dict[str, list[Json]]:
    """What the mapping writes for the packaged cases, by the profile that it declares."""
    found: dict[str, list[Json]] = {}
    for name in fv.examples():
        case = fv.example(name)
        for kind in ("collection", "transaction", "document"):
            bundle = fv.to_fhir(case, release, type=kind, recorded=RECORDED)
            for resource in (bundle, *(_standing_alone(bundle) if kind != "transaction" else ())):
                for url in resource.get("meta", {}).get("profile", ()):
                    if resource not in found.setdefault(url, []):
                        found[url].append(resource)
    return found


def _standing_alone(bundle: Json) -> Iterator[Json]:
    """The entries as a server gives them one by one: references by type and id instead of urn:uuid."""
    types = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}

    def literal(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: literal(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [literal(inner) for inner in value]
        if isinstance(value, str) and value in types:
            return f"{types[value]}/{value.removeprefix('urn:uuid:')}"
        return value

    for entry in bundle["entry"]:
        yield literal(entry["resource"])


def richest(profile: Profile, candidates: list[Json]) -> Json:
    """The instance that shows most elements of the profile, what it inherits included; the first of several."""
    names = [element["id"] for element in profile.definition["snapshot"]["element"]]
    return max(candidates, key=lambda one: sum(bool(places(profile, one, name)) for name in names))


def build(release: str) -> tuple[dict[str, bytes], list[str]]:
    """The files of a release by their path below ``profiles``, and what could not be made."""
    profiles = profiles_in(PACKAGES[release], fv.Release(release))
    pools = pool(release)
    seen = [resource for found in pools.values() for resource in found]
    breaker = Breaker(PACKAGES[release], fv.Release(release), profiles, seen)
    files: dict[str, bytes] = {}
    broken: list[bytes] = []
    missing: list[str] = []
    candidates: dict[str, list[Json]] = {}
    for profile in profiles.values():
        # What declares a child of a profile is an instance of it too.
        own = pools.get(profile.url, [])
        others = [one for url in _children(profiles, profile) for one in pools.get(url, ())]
        found = [one for some in (own, others) for one in sorted(some, key=lambda one: len(dumps(one)))]
        candidates[profile.url] = found
        if found:
            files[f"examples/{release}/{profile.id}.json"] = (
                dumps_pretty(richest(profile, own or others)) + b"\n"
            )
        else:
            missing.append(f"{profile.id}: no packaged case has an instance of it")
    # A reference is broken by a target that breaks its profile, so what has no reference comes first.
    for kinds in (("min", "max", "value"), ("min", "max", "value", "type", "target", "binding", "invariant")):
        broken.clear()
        for profile in profiles.values():
            for rule in profile.rules if candidates[profile.url] else ():
                made = breaker.broken(profile, rule, candidates[profile.url]) if rule.kind in kinds else None
                if made is not None:
                    made.instance.pop("text", None)
                    breaker.made.setdefault(profile.url, made.instance)
                    broken.append(_line(profile, made))
                elif len(kinds) > 3 and rule.name not in NOT_SHOWN:
                    missing.append(f"{rule.name}: no packaged case can be made to break it ({rule.detail})")
    files[f"broken/{release}.ndjson"] = b"".join(broken)
    return files, missing


def _line(profile: Profile, made: Break) -> bytes:
    told = {
        "id": made.rule.name,
        "profile": profile.url,
        "kind": made.rule.kind,
        "element": made.rule.element,
        "expression": made.expression,
        "resource": made.instance,
    }
    return dumps(told) + b"\n"


def _children(profiles: dict[str, Profile], profile: Profile) -> Iterator[str]:
    for url, other in profiles.items():
        if other.definition.get("baseDefinition") == profile.url:
            yield url
            yield from _children(profiles, other)


def main() -> int:
    """Write the files, or with ``--check`` compare; what is missing is told either way."""
    wrong: list[str] = []
    for release in PACKAGES:
        files, missing = build(release)
        wrong += [f"{release}: {one}" for one in missing]
        known = {
            str(path.relative_to(ROOT))
            for path in [*ROOT.glob(f"examples/{release}/*.json"), *ROOT.glob(f"broken/{release}.*")]
        }
        if "--check" in sys.argv[1:]:
            stale = {
                name
                for name, data in files.items()
                if not (ROOT / name).exists() or (ROOT / name).read_bytes() != data
            }
            wrong += [
                f"profiles/{name} is not what the cases give: run tools/build_examples.py"
                for name in sorted(stale | (known - set(files)))
            ]
            continue
        for name in known - set(files):
            (ROOT / name).unlink()
        for name, data in files.items():
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_bytes(data)
        count = files[f"broken/{release}.ndjson"].count(b"\n")
        print(f"{release}: {len(files) - 1} examples, {count} broken instances")
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
