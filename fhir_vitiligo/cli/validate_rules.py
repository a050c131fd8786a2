"""The rules ``validate`` knows, by their stable ids: what ``--ignore`` takes and ``--rules`` lists."""

from __future__ import annotations

from collections.abc import Mapping

import click

from fhir_vitiligo.fhir.source_rules import READER_RULES


def known_rules() -> Mapping[str, str]:
    """Id to sentence, sorted. Invariants are rules too, by the key of their definition (``dom-6``); they are
    not listed.
    """
    from fhir_vitiligo.validation.rule_ids import RULE_IDS

    return dict(sorted({**READER_RULES, **RULE_IDS}.items()))


def sentence(rule: str) -> str | None:
    """What the rule asks for; ``None`` for an invariant, whose text is in each issue."""
    return known_rules().get(rule)


def check_ignored(rules: tuple[str, ...]) -> None:
    """:class:`click.UsageError` for what can be no rule's id, with what may have been meant."""
    from difflib import get_close_matches
    from fnmatch import fnmatchcase

    known = known_rules()
    for rule in rules:
        prefix, dash, number = rule.rpartition("-")
        # An invariant of any package may be meant; which keys there are, is known only when it is loaded.
        is_invariant = bool(prefix and dash) and (number.strip("*?") or "1").isalnum()
        if not is_invariant and not any(fnmatchcase(name, rule) for name in known):
            similar = get_close_matches(rule, known, n=1)
            hint = f"did you mean {similar[0]!r}?" if similar else "`validate --rules` lists them"
            raise click.UsageError(f"there is no rule {rule!r}: {hint}")


def list_rules() -> None:
    """Print the rules, a line each."""
    known = known_rules()
    width = max(map(len, known))
    for name, told in known.items():
        click.echo(f"{name:{width}}  {told}")
    click.echo(f"{'KEY':{width}}  An invariant, by the key of its definition, such as dom-6 or obs-7.")
