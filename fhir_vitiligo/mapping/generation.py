"""Writers as Python source: a part, or a field, becomes one straight function (docs/adr/0008).

Where a field goes, what its codec writes and how it reads in the narrative are known when the maps are
compiled. The source made of that, once, does no more for a resource than what differs from one to the next.
"""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, cast

from fhir_vitiligo.mapping.codecs import Codec, Writer
from fhir_vitiligo.mapping.coded import concept_json
from fhir_vitiligo.mapping.facts import Json, extensions
from fhir_vitiligo.mapping.matching import component_concept
from fhir_vitiligo.mapping.narrative import EMPTY, words_of
from fhir_vitiligo.mapping.templates import source

if TYPE_CHECKING:
    from fhir_vitiligo.mapping.compiler import CompiledField, Shape, Step

Steps = tuple["Step", ...]
_TOLD = (
    "raw is not None or known['status'] != 'stated' "
    "or known['method'] is not None or known['span'] is not None"
)
"""Whether there is more to say of a fact than its value."""


class Function:
    """A function in the making: its lines, and the objects that its names stand for."""

    def __init__(self, title: str, parameters: str, fields: Iterable[CompiledField] = ()) -> None:
        self.title = title
        self._shared = Counter(
            field.steps[: end + 1] for field in fields for end in range(len(field.steps) - 1)
        )
        self._lines = [f"def write({parameters}):"]
        self._depth = 1
        self._names: dict[str, Any] = {**_HELPERS}

    def add(self, line: str) -> None:
        self._lines.append("    " * self._depth + line)

    @contextmanager
    def block(self, line: str) -> Iterator[None]:
        """Lines below another: an ``if``, a ``for``."""
        self.add(line)
        self._depth += 1
        yield
        self._depth -= 1

    def name(self, thing: Any) -> str:
        """A name for an object the source cannot spell."""
        name = f"_{len(self._names)}"
        self._names[name] = thing
        return name

    def template(self, tree: Any) -> str:
        """An expression that makes the tree anew."""
        return source(tree, self.name)

    def alone(self, path: Steps) -> bool:
        """Whether only one field of the function goes through a place."""
        return self._shared[path] == 1

    def made(self) -> Callable[..., Any]:
        text = "\n".join(self._lines) + "\n"
        place = f"<fhir_vitiligo {self.title}>"
        # The source is made of the declared maps alone, never of a case.
        exec(compile(text, place, "exec"), self._names)  # noqa: S102
        linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)  # for tracebacks
        return cast(Callable[..., Any], self._names["write"])


# The places of a path


def enter(code: Function, steps: Steps, parent: str, *, new: bool = False) -> str:
    """Lines to the container at a path, made where it is not there; the name it then has. In a ``new`` parent
    there is nothing yet.
    """
    for index, step in enumerate(steps):
        if step.argument is None and step.index is None:
            code.add(f"place = {parent}.setdefault({step.name!r}, {{}})")
        elif step.argument is None:
            code.add(f"place = {'another' if step.index == '[+]' else 'first'}({parent}, {step.name!r})")
        elif step.name == "component":
            # Each field that is a component has one of its own.
            concept = concept_json(*component_concept(step.argument))
            code.add(f"place = {{'code': {code.template(concept)}}}")
            code.add(f"{parent}.setdefault('component', []).append(place)")
        elif new or code.alone(steps[: index + 1]):
            code.add(f"made = {{'url': {step.argument!r}}}")
            code.add(f"{parent}.setdefault('extension', []).append(made)")
            code.add("place = made")
        else:
            code.add(f"place = extension({parent}, {step.argument!r})")
        parent = "place"
    return parent


def _first(parent: Json, name: str) -> Any:
    members = parent.setdefault(name, [])
    if not members:
        members.append({})
    return members[0]


def _another(parent: Json, name: str) -> Json:
    made: Json = {}
    parent.setdefault(name, []).append(made)
    return made


def _extension(parent: Json, url: str) -> Any:
    found = parent.setdefault("extension", [])
    for extension in found:
        if extension.get("url") == url:
            return extension
    made = {"url": url}
    found.append(made)
    return made


_HELPERS: dict[str, Any] = {
    "EMPTY": EMPTY, "another": _another, "escape": escape, "extension": _extension, "extensions": extensions,
    "first": _first,
}  # fmt: skip


# One field


def field_writer(field: CompiledField) -> Writer:
    """The function that writes the value of a field into a resource."""
    code = Function(field.case, "resource, value, to")
    if field.shape.fact is not None and not field.shape.many:
        _unfold(code, "value")
    _place(code, field)
    return code.made()


def group_writer(title: str, fields: Iterable[CompiledField]) -> Callable[[Any, Any], Json]:
    """The function that makes an element of a model's fields."""
    fields = tuple(fields)
    code = Function(title, "item, to", fields)
    code.add("values, resource = item.__dict__, {}")
    for field in fields:
        with code.block(_given(code, field)):
            if field.shape.fact is not None and not field.shape.many:
                _unfold(code, "value")
            _place(code, field)
    code.add("return resource")
    return code.made()


def _unfold(code: Function, variable: str) -> None:
    code.add(f"fact = {variable}")
    code.add("known = fact.__dict__")
    code.add("value, raw = known['value'], known['raw']")


def _place(code: Function, field: CompiledField) -> None:
    """Lines that write ``fact`` (with ``known``, ``value``, ``raw``) or ``value`` to where it goes."""
    steps, codec, shape = field.steps, field.codec, field.shape
    if not shape.many:
        *around, last = steps
        _put(code, codec, shape, enter(code, tuple(around), "resource"), last)
        return
    split = next(i for i, step in enumerate(steps) if step.index == "[*]")
    each, rest = steps[split], steps[split + 1 :]
    parent = enter(code, steps[:split], "resource")
    name = each.name if each.argument is None else "extension"
    code.add(f"members = {parent}.setdefault({name!r}, [])")
    with code.block("for value in value:"):
        if shape.fact is not None:
            _unfold(code, "value")
        if rest:
            code.add("place = {}" if each.argument is None else f"place = {{'url': {each.argument!r}}}")
            code.add("members.append(place)")
            *around, last = rest
            _put(code, codec, shape, enter(code, tuple(around), "place", new=True), last)
        elif each.argument is not None:
            code.add(f"members.append({{'url': {each.argument!r}, **{codec.source(code.name)}}})")
        elif shape.fact is None:
            code.add(f"members.append({codec.source(code.name)})")
        else:
            _in_list(code, codec, shape, "members")


def _put(code: Function, codec: Codec, shape: Shape, parent: str, step: Step) -> None:
    """Lines that write a value into a member of a parent."""
    if step.index == "[0]":
        code.add(f"members = {parent}.setdefault({step.name!r}, [])")
        _in_list(code, codec, shape, "members")
        return
    name = step.member
    if shape.fact is None:
        if codec.straight is None:
            code.add(f"{code.name(codec.plain_writer(name))}({parent}, value, to)")
        else:
            code.add(f"{parent}[{codec.member(name)!r}] = {codec.source(code.name)}")
        return
    write = f"{code.name(codec.writer(name))}({parent}, fact, to)"
    straight = codec.straight
    if straight is None:
        code.add(write)
        return
    member = straight.member(name)
    with code.block("if value is None:"):
        code.add(write)
    with code.block("else:"):
        if straight.primitive:
            code.add(f"{parent}[{member!r}] = {straight.source(code.name)}")
            with code.block(f"if {_TOLD}:"):
                code.add(f"{parent}[{'_' + member!r}] = {{'extension': extensions(fact)}}")
        else:
            code.add(f"node = {parent}[{member!r}] = {straight.source(code.name)}")
            with code.block(f"if {_TOLD}:"):
                code.add("told = extensions(fact)")
                code.add("node['extension'] = told + node['extension'] if 'extension' in node else told")


def _in_list(code: Function, codec: Codec, shape: Shape, members: str) -> None:
    if shape.fact is None and codec.straight is not None:
        code.add(f"{members}.append({codec.source(code.name)})")
        return
    write = codec.writer("x") if shape.fact is not None else codec.plain_writer("x")
    code.add("holder = {}")
    code.add(f"{code.name(write)}(holder, {'fact' if shape.fact is not None else 'value'}, to)")
    code.add(f"{members}.append(holder['x'])")


# The fields of a part


def add_field(code: Function, field: CompiledField) -> None:
    """Lines for a field of an item: into ``resource``, and into what is ``said`` in its narrative."""
    shape = field.shape
    words = words_of(shape.fact if shape.many and shape.fact else shape.type, many=shape.many)
    text = "value" if words is None else f"{code.name(words)}(value)"
    with code.block(_given(code, field)):
        if shape.fact is not None and not shape.many:
            _unfold(code, "value")
            with code.block("if value is None:"):
                code.add("text = str(fact)")
            with code.block("else:"):
                code.add(f"text = {text}")
                with code.block("if raw is not None and raw != text:"):
                    code.add("text = f'{text} (written: {raw})'")
        else:
            code.add(f"text = {text}")
        with code.block("if '&' in text or '<' in text or '>' in text:"):
            code.add("text = escape(text, quote=False)")
        code.add(f"said += f'<li>{field.label}: {{text}}</li>'")
        _place(code, field)


def _given(code: Function, field: CompiledField) -> str:
    """A line that gets the ``value`` of a field, and the condition that it says something."""
    if field.get is None:
        code.add(f"value = values[{field.case!r}]")
    else:
        code.add(f"value = {code.name(field.get)}(item)")
    many = field.shape.many or field.codec.whole
    return "if value is not None and value is not EMPTY:" if many else "if value is not None:"
