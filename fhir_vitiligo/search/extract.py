"""Index values of a resource: for every search parameter of its type, the rows its values give. Pure."""

from __future__ import annotations

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.search.parameters import Parameter, TypeParameters
from fhir_vitiligo.search.types.base import Row

# Raise it when a search type or the path compiler gives other rows than before: stores rebuild their index
# then.
VERSION = 4

IndexRows = dict[Parameter, frozenset[Row]]

# Stands for a value that is there but holds nothing to compare, so that ``:missing`` tells the truth about it.
PRESENT: Row = ()
_NOTHING: frozenset[Row] = frozenset((PRESENT,))


def index_rows(resource: Json, parameters: TypeParameters) -> IndexRows:
    """The rows of every parameter that the resource has a value for, without doubles, and of its companions.

    Whatever JSON the resource is, this neither raises nor takes more than one walk per parameter. A value
    that gives nothing to compare gives :data:`PRESENT`.
    """
    found: IndexRows = {}
    for parameter in parameters.concerned(resource):
        values = parameter.values(resource)
        if values:
            rows = parameter.type.rows
            found[parameter] = frozenset([row for value in values for row in rows(value)]) or _NOTHING
            if not parameter.companions or not isinstance(values[0], (dict, tuple)):
                continue
            for companion in parameter.companions.values():
                rows = companion.type.rows
                beside = [row for value in values for row in rows(value)]
                if beside:
                    found[companion] = frozenset(beside)
    return found
