"""What expressions select, on what they run, and what they may ask."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any

import pytest

from fhir_vitiligo.fhir.fhirpath import Environment, FHIRPathError, Node, compile_expression, element, root
from fhir_vitiligo.fhir.release import Release

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "birthDate": "1974-12-25",
    "_birthDate": {"extension": [{"url": "http://x.org/time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
    "name": [
        {
            "use": "official",
            "given": ["Peter", None],
            "_given": [None, {"extension": [{"url": "http://x.org/nick"}]}],
        },
        {"use": "usual", "family": "Windsor"},
    ],
    "contact": [{"name": {"family": "du Marché"}, "gender": "female"}],
    "generalPractitioner": [{"reference": "#doc"}, {"reference": "Organization/1"}],
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Practitioner", "id": "doc", "name": [{"family": "Careful"}]}],
}


def _evaluated(
    expression: str, resource: Any = PATIENT, release: Release = Release.R4, **options: Any
) -> list[Any]:
    node = root(resource, release)
    found = compile_expression(expression, release).evaluate(node, Environment(node, **options))
    return [item.value if isinstance(item, Node) else item for item in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name.given", ["Peter", None]),
        ("name.given.hasValue()", [False]),
        ("name.given.where(hasValue())", ["Peter"]),
        ("name.given.extension.url", ["http://x.org/nick"]),
        ("birthDate.extension('http://x.org/time').value", ["1974-12-25T14:35:45-05:00"]),
        ("multipleBirth", [2]),
        ("multipleBirth.ofType(integer) + 1", [3]),
        ("multipleBirthInteger", []),
        ("multipleBirth is boolean", [False]),
        ("contact.gender.value", ["female"]),
        ("contained.ofType(Practitioner).name.family", ["Careful"]),
        ("contained.as(Patient)", []),
        ("contained[0] is DomainResource", [True]),
        ("generalPractitioner.resolve().name.family", ["Careful"]),
        ("generalPractitioner[0].resolve() is Practitioner", [True]),
        ("Patient.id | Resource.id", ["p1"]),
        ("HumanName", []),
        ("%resource.id & '/' & %context.id & '/' & %rootResource.id", ["p1/p1/p1"]),
        ("name.select(iif(use = 'usual', family, given.first()))", ["Peter", "Windsor"]),
        ("active and name.exists()", [True]),
        ("active.type().name", ["boolean"]),
        ("contact.type().name", ["Patient.contact"]),
        ("1.5 + 2", [Decimal("3.5")]),
        ("name.trace('x', family).count()", [2]),
        ("name.use contains 'usual'", [True]),
        ("('usual' | 'other') in name.use", [False]),
        ("name.family.matches('^[A-Z]\\\\w+$')", [True]),
        ("'mg'.replaceMatches('(m)(g)', '$2$1\\\\$')", ["gm$"]),
        ("(1 'kg' + 1 'g').toString()", ["1001 'g'"]),
        ("37 'Cel' = 310.15 'K'", [True]),
        ("1 'kg' > 1 'm'", []),
        ("@2020-02-29 + 1 year = @2021-02-28", [True]),
        ("@2020 + 18 months", None),
        ("now() = now() and today() <= today()", [True]),
    ],
)
def test_what_is_selected(expression: str, expected: list[Any] | None) -> None:
    before = copy.deepcopy(PATIENT)
    found = _evaluated(expression)
    assert found == expected or (expected is None and [str(one) for one in found] == ["2021"])
    assert before == PATIENT


@pytest.mark.parametrize(
    ("expression", "kind", "column", "reason"),
    [
        ("name.frobnicate()", "semantic", 6, "there is no function frobnicate()"),
        ("name.first(1)", "semantic", 6, "first() takes 0 arguments, here are 1"),
        ("name.substring()", "semantic", 6, "substring() takes 1 to 2 arguments, here are 0"),
        ("name.ofType(Frog)", "semantic", 6, "there is no type Frog in FHIR R4"),
        ("name.single()", "execution", 6, "single() is for one item, here are 2"),
        ("name.use > 'a'", "execution", 10, "2 items where before > only one may be"),
        ("active > 1", "execution", 8, "System.Boolean and System.Integer cannot be compared"),
        ("name.startsWith('a')", "execution", 6, "2 items where before startsWith() only one may be"),
        ("contact.startsWith('a')", "semantic", 9, "startsWith() is for a String, here is a Patient.contact"),
        ("name.skip('a')", "execution", 11, "System.String where a Integer is needed"),
        ("%nothing", "execution", 1, "there is no constant %nothing"),
        ("conformsTo('http://x.org/p')", "execution", 1, "the profile http://x.org/p is not known here"),
        (
            "slice('http://x.org/p', 'a')",
            "execution",
            1,
            "slice() needs a profile's definition, which is not at hand here",
        ),
        ("'a'.encode('rot13')", "execution", 5, "encode() knows base64, hex, urlbase64, not 'rot13'"),
    ],
)
def test_what_has_no_answer_is_told(expression: str, kind: str, column: int, reason: str) -> None:
    with pytest.raises(FHIRPathError) as caught:
        _evaluated(expression)
    error = caught.value
    assert (error.reason, error.kind, error.column) == (
        reason.replace("a Integer", "an Integer"),
        kind,
        column,
    )
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.column) == (str(error), column)


def test_what_is_strict() -> None:
    """R4's own dom-3 and tim-9 ask what the specification refuses."""
    node = root(PATIENT, Release.R4)
    for expression in ("name as HumanName", "name.use in ('usual' | 'official')"):
        compile_expression(expression, Release.R4B).evaluate(node)
        with pytest.raises(FHIRPathError, match="2 items where"):
            compile_expression(expression, Release.R4, strict=True).evaluate(node)
    assert _evaluated("name.use in ('usual' | 'official')") == [True]
    # What profiles before R5 write, and HL7's engine lets pass there.
    assert _evaluated("(name[0].given[0] as String) = 'Peter'") == [True]
    assert _evaluated("(name[0].given[0] as String) = 'Peter'", release=Release.R5) == []
    with pytest.raises(FHIRPathError, match="2 items where before `as`"):
        _evaluated("name as HumanName", release=Release.R5)


def test_a_node_knows_its_place_and_type() -> None:
    node = root(PATIENT, Release.R4)
    found = compile_expression("descendants().where($this is dateTime or $this is id)", Release.R4).evaluate(
        node
    )
    assert {item.path: item.type.path for item in found} == {
        "Patient.id": "id",
        "Patient.contained[0].id": "id",
        "Patient.birthDate.extension[0].value": "dateTime",
    }


@pytest.mark.parametrize("release", Release)
def test_bound_and_unbound_agree(release: Release) -> None:
    contact = {"name": {"family": "x"}, "_gender": {"id": "g"}, "telecom": [{"system": "phone"}]}
    for text, expected in {
        "name.exists() and telecom.exists()": True,
        "gender.exists()": True,
        "gender.hasValue()": False,
        "gender = 'male'": False,
        "telecom.count() = 1 and telecom.system = 'phone'": True,
        "telecom.all(value.exists() or system.exists())": True,
        "organization.exists() or period.empty().not()": False,
        "Patient.contact.exists()": False,
        "nothing.exists()": False,
        "name.family": True,
    }.items():
        compiled, environment = compile_expression(text, release), Environment()
        assert compiled.test(element(contact, "Patient.contact", release), environment) is expected, text
        assert compiled.bind("Patient.contact")(contact, None, environment) is expected, text


def test_the_environment_answers() -> None:
    other = {"resourceType": "Organization", "id": "1", "name": "Clinic"}
    asked: list[tuple[str, str]] = []

    def resolve(reference: str, node: Node) -> Any:
        asked.append((reference, node.path))
        return other if reference == "Organization/1" else None

    assert _evaluated("generalPractitioner.resolve().ofType(Organization).name", resolve=resolve) == [
        "Clinic"
    ]
    assert asked == [
        ("#doc", "Patient.generalPractitioner[0]"),
        ("Organization/1", "Patient.generalPractitioner[1]"),
    ]
    assert _evaluated(
        "name[0].use.memberOf('u')", member_of=lambda node, url: (node.value, url) == ("official", "u")
    ) == [True]
    assert _evaluated("name[0].use.memberOf('u')") == []
    assert _evaluated("conformsTo('u')", conforms_to=lambda node, url: node.type.path == "Patient") == [True]
    assert _evaluated("%mine.name", variables={"mine": [root(other, Release.R4)]}) == ["Clinic"]


def test_an_answer_may_evaluate_in_between() -> None:
    inner = compile_expression("name.where($index = 1).exists()", Release.R4)
    node = root(PATIENT, Release.R4)
    environment = Environment(node)
    environment.conforms_to = lambda item, url: inner.test(node, environment)
    outer = compile_expression(
        "contact.select($index.toString() & conformsTo('u').toString() & $index.toString() & %context.id)",
        Release.R4,
    )
    assert outer.evaluate(node, environment) == ["0true0p1"]
    assert environment.context is None


def test_an_error_leaves_the_environment_as_it_was() -> None:
    node = root(PATIENT, Release.R4)
    environment = Environment(node)
    bound = compile_expression("name.where(given.single().exists())", Release.R4).bind("Patient")
    with pytest.raises(FHIRPathError):
        bound(PATIENT, None, environment)
    assert environment.context is None
    assert compile_expression("%context is Patient", Release.R4).bind("Patient")(PATIENT, None, environment)


def test_expressions_are_shared_and_travel() -> None:
    expression = compile_expression("name.given", Release.R4)
    assert compile_expression("name.given", Release.R4) is expression
    assert pickle.loads(pickle.dumps(expression)) is expression
    with pytest.raises(KeyError, match="Frog is not a type of FHIR R4"):
        expression.bind("Frog")


def test_decimals_stay_as_written() -> None:
    resource = {"resourceType": "Observation", "valueQuantity": {"value": Decimal("0.010")}}
    assert _evaluated("value.value.toString()", resource) == ["0.010"]
    assert _evaluated("value.value.precision()", resource) == [3]
    assert _evaluated("(0.1 + 0.2 = 0.3) and (1.10 * 3 = 3.3)", resource) == [True]


def test_modifiers_and_narrative() -> None:
    resource = {
        "resourceType": "Patient",
        "modifierExtension": [{"url": "http://x.org/m", "valueBoolean": True}],
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>',
        },
    }
    assert _evaluated("checkModifiers('http://x.org/m').exists()", resource) == [True]
    with pytest.raises(
        FHIRPathError, match=r"the modifier extension http://x\.org/m is not among those expected"
    ):
        _evaluated("checkModifiers('http://x.org/other')", resource)
    assert _evaluated("text.div.htmlChecks()", resource) == [False]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("defineVariable('first', name.first()).name.where($this = %first).use", ["official"]),
        ("name.defineVariable('all').where(use = 'usual').select(%all.count())", [2]),
        ("name.defineVariable('first', first()).select(%first.use)", ["official", "official"]),
        ("name.defineVariable('n', given.count() + 1)[0].select(%n)", [3]),
        ("name.select(defineVariable('u', use).select(%u))", ["official", "usual"]),
        ("defineVariable('a', 1).select(%a) | defineVariable('a', 2).select(%a)", [1, 2]),
        (
            "defineVariable('a', name.use.defineVariable('b', first()).select(%b)).select(%a.first())",
            ["official"],
        ),
    ],
)
def test_a_variable_is_known_in_the_rest_of_its_path(expression: str, expected: list[Any]) -> None:
    assert _evaluated(expression) == expected


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("defineVariable('a', 1) | %a", "there is no constant %a"),
        ("name.where(defineVariable('x', given).exists()).select(%x)", "there is no constant %x"),
        ("defineVariable('a', 1).defineVariable('a', 2)", "%a has a meaning here already"),
        ("defineVariable('resource', 1)", "%resource has a meaning here already"),
        ("defineVariable(id, 1)", "takes the name as a literal string"),
    ],
)
def test_a_variable_has_one_meaning_and_a_scope(expression: str, told: str) -> None:
    with pytest.raises(FHIRPathError, match=told):
        _evaluated(expression)


def test_a_variable_outlives_what_is_evaluated_in_its_midst() -> None:
    node = root(PATIENT, Release.R4)
    environment = Environment(node)
    inner = compile_expression("defineVariable('n', 2).select(%n) = 2", Release.R4)

    def conforms(item: Any, url: str) -> bool:
        return inner.test(item, environment)

    environment.conforms_to = conforms
    outer = compile_expression(
        "defineVariable('n', 1).where(conformsTo('http://x.org/p')).select(%n)", Release.R4
    )
    assert outer.evaluate(node, environment) == [1]
