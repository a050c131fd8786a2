"""An expression ready to run: :func:`compile_expression` gives it, once for each text and release."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fhir_vitiligo.fhir.fhirpath.code import Code, Scalar, Test
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler
from fhir_vitiligo.fhir.fhirpath.faults import FHIRPathError
from fhir_vitiligo.fhir.fhirpath.model import Type, model_of
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Node
from fhir_vitiligo.fhir.fhirpath.parser import parse
from fhir_vitiligo.fhir.release import Release

BoundTest = Callable[[Any, Any, Environment], bool]


def compile_expression(text: str, release: Release, *, strict: bool = False) -> Expression:
    """The expression, compiled; :class:`FHIRPathError` says what is wrong with it and at which column.

    ``strict`` refuses what the specification refuses but core's own R4 invariants do (``as`` on many items).
    """
    return _cached(text, release, strict)


@lru_cache(maxsize=8192)
def _cached(text: str, release: Release, strict: bool) -> Expression:
    return Expression(text, release, strict)


class Expression:
    """A compiled expression; threads may share it, each with an environment of its own."""

    def __init__(self, text: str, release: Release, strict: bool = False) -> None:
        self.text = text
        self.release = release
        self.strict = strict
        self._model = model_of(release)
        self._code = self._compiled(None)
        self._test = _tester(self._code)
        self._bound: dict[str, BoundTest] = {}

    def __repr__(self) -> str:
        return f"Expression({self.text!r}, {self.release})"

    def __reduce__(self) -> tuple[object, ...]:
        # The text is the shortest form, and reading it takes microseconds.
        return (_cached, (self.text, self.release, self.strict))

    def evaluate(self, node: Node, env: Environment | None = None) -> Collection:
        """The collection the expression selects, as a new list of nodes and System values.

        :class:`FHIRPathError` of kind ``semantic`` or ``execution`` where it has no answer for this data, ``limit``
        where it would take too long.
        """
        found: Collection = self._run(self._code.run, node, env or Environment())
        return list(found)

    def test(self, node: Node, env: Environment | None = None) -> bool:
        """Whether an invariant holds: the expression is true, or selects something that is no Boolean.

        Nothing is false, as HL7's engine has it. Errors as in :meth:`evaluate`.
        """
        return bool(self._run(self._test, node, env or Environment()))

    def bind(self, path: str) -> BoundTest:
        """:meth:`test` for elements of a known type: ``bind("Patient.contact")(value, companion, env)``.

        ``path`` as in :meth:`fhir_vitiligo.fhir.fhirpath.model.Model.type`; :class:`KeyError` when it is none. What
        the type tells is looked up now, so that this is several times as fast.
        """
        found = self._bound.get(path)
        if found is None:
            kind = self._model.type(path)
            code, run = self._compiled(kind), self._run
            test = _tester(code)
            holds: Scalar = test if code.scalar is None or code.static != "Boolean" else code.scalar

            def bound(value: Any, companion: Any, env: Environment) -> bool:
                node = Node(value, kind, companion)
                if env.context is not None:
                    return bool(run(test, node, env))
                env.context = node
                env.steps = env.budget
                try:
                    return holds(node, env) is True
                except RecursionError:
                    raise self._too_deep() from None
                finally:
                    env.context = None

            found = self._bound[path] = bound
        return found

    def _compiled(self, focus: Type | None) -> Code:
        try:
            return Compiler(self.text, self._model, focus, self.strict).compile(parse(self.text))
        except RecursionError:
            raise self._too_deep() from None

    def _run(self, code: Callable[[Node, Environment], Any], node: Node, env: Environment) -> Any:
        # What the environment answers may evaluate another expression in the midst of this one.
        outer = env.context, env.steps, env.index, env.total, env.defined
        env.context, env.steps, env.defined = node, env.budget, {}
        try:
            return code(node, env)
        except RecursionError:
            raise self._too_deep() from None
        finally:
            env.context, env.steps, env.index, env.total, env.defined = outer

    def _too_deep(self) -> FHIRPathError:
        return FHIRPathError("the data or the expression nest too deep", "limit", self.text, 0)


def _tester(code: Code) -> Test:
    """What :meth:`Expression.test` asks."""
    truth = code.scalar
    if truth is not None and code.static == "Boolean":
        return lambda this, env: truth(this, env) is True
    run = code.run

    def test(this: Any, env: Environment) -> bool:
        items = run(this, env)
        if len(items) == 1:
            item = items[0]
            value = item.system() if type(item) is Node else item
            if value is True or value is False:
                return bool(value)
        return bool(items)

    return test
