"""What ``_include`` brings along, in the version that is referred to, which is what a versioned reference asks for
(https://hl7.org/fhir/R4/search.html#revinclude). Pure but for the reading.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

from fhir_vitiligo.storage.repository import Page, StoredVersion

_HISTORY = b"/_history/"
_REFERENCE = re.compile(
    rb'"reference"\s*:\s*"(?:[^"\\]*/)?([A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/(\d{1,18}))?"'
)

ReadVersion = Callable[[str, str, int], StoredVersion | None]


def with_named_versions(page: Page, read_version: ReadVersion) -> Page:
    """The page with what came along in each version that its resources refer to; in the present one where they name none, or
    one that is not here.
    """
    found = (*page.versions, *page.included)
    if not any(_HISTORY in (one.content or b"") for one in found):
        return page
    named: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in found:
        for kind, id, version in _REFERENCE.findall(one.content or b""):
            named[kind.decode(), id.decode()].add(int(version or 0))
    return replace(
        page,
        included=tuple(
            version
            for one in page.included
            for version in _versions(one, named.get((one.type, one.id), {0}), read_version)
        ),
    )


def _versions(current: StoredVersion, named: set[int], read_version: ReadVersion) -> Iterator[StoredVersion]:
    found = [
        read_version(current.type, current.id, number) for number in sorted(named - {0, current.version})
    ]
    there = [one for one in found if one is not None and one.content is not None]
    if not there or named & {0, current.version} or len(there) < len(found):
        yield current
    yield from there
