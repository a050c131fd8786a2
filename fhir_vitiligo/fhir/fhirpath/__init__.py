"""FHIRPath: an expression is parsed once, compiled to closures, and asked of many resources.

http://hl7.org/fhirpath/N1/ with what FHIR adds (https://hl7.org/fhir/R4/fhirpath.html), for R4, R4B and R5::

    expression = compile_expression("name.given.first()", Release.R4)
    expression.evaluate(root(patient, Release.R4))

Layers: ``syntax`` and ``parser`` give the tree, ``compiler`` with ``paths``, ``operators``, ``arithmetic`` and
``functions`` make closures of it, which work on ``node``, typed by ``model``, and on the System values of
``temporal``, ``quantity`` and ``values``.
"""

from fhir_vitiligo.fhir.fhirpath.expression import BoundTest, Expression, compile_expression
from fhir_vitiligo.fhir.fhirpath.faults import FHIRPathError
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Node, element, root
from fhir_vitiligo.fhir.fhirpath.parser import parse

__all__ = [
    "BoundTest",
    "Collection",
    "Environment",
    "Expression",
    "FHIRPathError",
    "Node",
    "compile_expression",
    "element",
    "parse",
    "root",
]
