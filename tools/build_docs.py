"""Writes the reference pages from what they describe: data dictionary, commands, settings, and a page a profile, in ``docs/``.

    python tools/build_docs.py [--check]

``--check`` writes nothing and fails with a sentence when a page is not what it would write.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import click
import profile_docs
import term_docs
from pydantic import BaseModel

from fhir_vitiligo.case import model as case_model
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import Fact, Model, Term
from fhir_vitiligo.cli import main as program
from fhir_vitiligo.cli.validate_rules import known_rules
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.declaration import Part
from fhir_vitiligo.mapping.groups import GroupCodec
from fhir_vitiligo.mapping.resources import PARTS
from fhir_vitiligo.server.settings import Settings

DOCS = Path(__file__).parent.parent / "docs"
MADE = "<!-- Made by tools/build_docs.py from the code: change that, then `make docs`. -->\n"


def pages() -> dict[str, str]:
    """File name -> text of every page made here."""
    return {
        "data-dictionary.md": data_dictionary(),
        "terms.md": term_docs.page(MADE),
        "commands.md": commands(),
        "rules.md": rules(),
        "settings.md": settings(),
        **profile_docs.pages(MADE),
    }


# The rules of the validator

RULES = """# Rules of the validator

Each issue has the stable id of the rule that was broken: in brackets behind the text, as `ruleId` in SARIF, as message id of
an OperationOutcome. `validate --ignore ID` (or a pattern such as `'dom-*'`) leaves a rule out; `validate --rules` prints this
list. An invariant is a rule too, by the key of its definition (`dom-6`, `vit-score-1`): what it asks for is in the issue.

| rule | what holds |
|---|---|
"""


def rules() -> str:
    return MADE + RULES + "".join(f"| `{name}` | {told} |\n" for name, told in known_rules().items())


# The data dictionary

INTRODUCTION = """# The case: data dictionary

A case is a YAML or JSON mapping. Every field of it, what it takes, and the FHIR element it becomes (R4; R5 where it differs).
`fhir-vitiligo schema` gives the same as JSON Schema for editors; `docs/examples.md` lists cases to copy from.

A **fact** is written plainly (`age: 19 a`) or, where there is more to say, in its long form:

```yaml
total: {raw: "7, 6", status: ambiguous, candidates: [{value: 7.6, method: decimal comma}]}
when:  {status: absent, reason: unknown}
setting: {value: clinic, status: derived, method: the text says "dermatology clinic"}
```

| part of a fact | meaning |
|---|---|
| `value` | the value as it was understood |
| `raw` | what was written |
| `status` | `stated` (default), `derived`, `ambiguous` (has `raw`, no value), `absent` (has a `reason`) |
| `reason` | why it is absent: `unknown`, `asked-unknown`, `not-asked`, `asked-declined`, `masked`, `not-applicable`, ... |
| `method` | how the value was made from what was written |
| `candidates` | readings that the written form allows; used only if you accept one |
| `span` | `[start, end]` in the source's text |

**Quantities** are `0.3 mL`, `>50 %`, `5.6`, with a point before the decimals; units are UCUM, and words such as `cc` or `years`
become it. **Terms** are any text (`cheek`, `milky white`), or `{concept, text, codes}`; what is in the [list of terms](terms.md)
is recognised and goes out with its codes. **Moments** are dates as precise as is known (`2024`, `2024-03`, `2024-03-05`,
`2024-03-05T10:30:00+07:00`), `1 mo before t0` where `t0` is the key of a time point, or an age, `19 a`; anything else stands as
words. **Schedules** are `2 per 1 d`, `1 per 2 wk for 9 mo`; anything else stands as words. **Keys** (letters, digits, dots,
hyphens) are names of your own by which one item refers to another.
"""


def data_dictionary() -> str:
    lines = [MADE, INTRODUCTION]
    for model, title in models():
        lines += [
            "",
            f"## {title}",
            "",
            _first_paragraph(model),
            "",
            "| field | takes | meaning | FHIR |",
            "|---|---|---|---|",
        ]
        for name, field in model.model_fields.items():
            takes = _takes(field.annotation)
            where = "<br>".join(dict.fromkeys(_elements(model, name)))
            needed = " (required)" if field.is_required() else ""
            lines.append(f"| `{name}`{needed} | {takes} | {field.description or ''} | {where} |")
    return "\n".join(lines) + "\n"


def models() -> Iterator[tuple[type[BaseModel], str]]:
    """Every model of the case that has fields of its own, from the case down."""
    seen: list[type[BaseModel]] = []
    queue: list[type[BaseModel]] = [Case]
    while queue:
        model = queue.pop(0)
        if model in seen:
            continue
        seen.append(model)
        for field in model.model_fields.values():
            queue += [one for one in _models(field.annotation) if one not in seen]
    for model in seen:
        yield model, model.__name__


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        if issubclass(annotation, Fact):
            yield from _models(annotation.__pydantic_generic_metadata__["args"][0])
        elif annotation.__name__ in case_model.__all__:
            yield annotation
        return
    for argument in get_args(annotation):
        yield from _models(argument)


def _first_paragraph(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").strip().partition("\n\n")[0].split())


def _takes(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if issubclass(annotation, Fact):
            return f"fact: {_takes(annotation.__pydantic_generic_metadata__['args'][0])}"
        if issubclass(annotation, Term):
            kind = annotation.category
            return f"term ([{kind}](terms.md#{kind}))" if kind in term_docs.categories() else "term"
        return annotation.__name__
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    if get_origin(annotation) is tuple:
        return f"list of {_takes(arguments[0])}"
    if arguments and all(isinstance(argument, str) for argument in arguments):
        return " / ".join(f"`{argument}`" for argument in arguments)
    if arguments:
        return _takes(arguments[0])
    return {"str": "text", "bool": "true or false", "int": "whole number", "Decimal": "number"}.get(
        getattr(annotation, "__name__", ""), str(getattr(annotation, "__name__", annotation))
    )


def _elements(model: type[BaseModel], name: str) -> Iterator[str]:
    for part in PARTS:
        if part.model is model:
            for field in part.fields:
                if field.case.partition(".")[0] == name:
                    yield from _places(part, field.fhir, field.releases)
            if name == "date" and part.effective is not None:
                yield from _places(part, part.effective.fhir, part.releases)
            if name == "identifiers" and not part.name and part.identifiers != "none":
                yield f"{part.resource}.identifier"
        else:
            for field in part.fields:
                if isinstance(field.codec, GroupCodec) and field.codec.model is model:
                    for inner in field.codec.fields:
                        if inner.case == name:
                            yield from _places(part, f"{field.fhir}.{inner.fhir}", field.releases)


def _places(part: Part, path: str, releases: frozenset[Release]) -> Iterator[str]:
    used = releases & part.releases
    r4 = f"{part.resource}.{_shown(path)}"
    r5 = f"{part.resource}.{_shown(differences.path(Release.R5, part.resource, path))}"
    if Release.R4 in used:
        yield r4
    if Release.R5 in used and (r5 != r4 or Release.R4 not in used):
        yield f"R5: {r5}"


def _shown(path: str) -> str:
    return path.replace("https://w3id.org/fhir-vitiligo/StructureDefinition/", "").replace(
        "http://hl7.org/fhir/StructureDefinition/", ""
    )


# The commands


def commands() -> str:
    lines = [MADE, "# Commands", "", _text(program)]
    for name, command in _commands(program):
        context = click.Context(command, info_name=f"fhir-vitiligo {name}")
        lines += [
            "",
            f"## {name}",
            "",
            f"`{command.get_usage(context).removeprefix('Usage: ')}`",
            "",
            _text(command),
        ]
        options = [one for one in command.params if isinstance(one, click.Option)]
        if options:
            lines += ["", "| option | meaning |", "|---|---|"]
        for option in options:
            record = option.get_help_record(context)
            if record is not None:
                names, meaning = (text.replace("|", "/") for text in record)
                lines.append(f"| `{names}` | {meaning} |")
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, around: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its name, those of a group after the group."""
    for name, command in group.commands.items():
        yield around + name, command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{around}{name} ")


def _text(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "").replace("\b\n", "").strip()


# The settings


def settings() -> str:
    lines = [
        MADE,
        "# Settings of the server",
        "",
        _first_paragraph(Settings),
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        lines.append(
            f"| `{name}` | `{field.get_default(call_default_factory=True)!r}` | {' '.join((field.description or '').split())} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the pages, or with ``--check`` say which are not what they should be."""
    stale = [
        name
        for name, text in pages().items()
        if not (DOCS / name).exists() or (DOCS / name).read_text() != text
    ]
    if "--check" in sys.argv[1:]:
        if stale:
            sys.exit(
                f"{', '.join(stale)}: not what the code says. Run `make docs` and look at the difference."
            )
        return
    known = {f"profiles/{path.name}" for path in (DOCS / "profiles").glob("*.md")}
    for name in known - set(pages()):
        (DOCS / name).unlink()
    for name, text in pages().items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(text)


if __name__ == "__main__":
    main()
