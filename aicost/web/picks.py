"""The filter bar: each pick is a list of links to the same page with one thing changed."""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.currencies import currencies_of
from aicost.web.filters import (
    A_YEAR,
    BASE,
    GROUPS_OFFERED,
    NOTHING,
    PREVIOUS,
    STEPS,
    View,
    label,
)
from aicost.web.spans import CUSTOM, ONE_DAY, PRESETS, preset_text
from aicost.web.tables import worded
from attribution.reports.patterns import ANY, PATTERN_DIMENSIONS, is_pattern
from attribution.reports.spec import SHOWN, SPREAD

NOT_SET = "not set"


@dataclass(frozen=True)
class Option:
    """`key` is the letter of the keyboard that follows this link."""

    text: str
    query: str
    current: bool = False
    note: str = ""
    key: str = ""


@dataclass(frozen=True)
class Dates:
    """A small form for two days, both included; the rest of the state goes along hidden."""

    names: tuple[str, str]
    first: str
    last: str
    hidden: list[tuple[str, str]]


@dataclass(frozen=True)
class Pick:
    """`parts` are lists of options with a ruler between them, or side by side if `split`.
    `earlier` and `later` are steps beside it, None at the end of time; a pick without `steps`
    has none."""

    name: str
    value: str
    parts: tuple[tuple[Option, ...], ...]
    dates: Dates | None = None
    split: bool = False
    steps: bool = False
    earlier: Option | None = None
    later: Option | None = None


def _period(view: View) -> Pick:
    presets = tuple(
        Option(preset_text(name, view.calendar), view.here(preset=name), view.preset == name)
        for name in PRESETS
    )
    return Pick(
        "Period",
        numbers.period(view.period, year=True),
        (presets[:5], presets[5:]),
        _dates(("from", "to"), view.period, _pairs(view, preset=view.calendar.preset)),
        steps=True,
        earlier=_step_to(view, -1, "Earlier"),
        later=_step_to(view, 1, "Later"),
    )


def _step_to(view: View, sign: int, word: str) -> Option | None:
    found = view.stepped(sign)
    if found is None:
        return None
    query = view.here(period=found.period, preset=found.preset)
    return Option(f"{word}: {numbers.period(found.period, year=True)}", query)


def _dates(names: tuple[str, str], span: Period, hidden: list[tuple[str, str]]) -> Dates:
    return Dates(names, span.start.isoformat(), (span.end - ONE_DAY).isoformat(), hidden)


def hidden_pairs(view: View) -> list[tuple[str, str]]:
    """The rest of the state for a form of the page, which sends its own keys itself."""
    return parse_qsl(view.query(), keep_blank_values=True)


def _pairs(view: View, **changes) -> list[tuple[str, str]]:
    """The rest of the state for a form of the bar that sends what it changes."""
    return parse_qsl(view.here(**changes), keep_blank_values=True)


def _compare(view: View) -> Pick:
    def option(text: str, compare: str, key: str = "") -> Option:
        span = replace(view, compare=compare).other
        note = numbers.period(span, year=True) if span else ""
        return Option(text, view.here(compare=compare), view.compare == compare, note, key)

    compared = view.other is not None
    options = (
        option("Period before", PREVIOUS, "" if compared else "c"),
        option("A year before", A_YEAR),
        option("Nothing", NOTHING, "c" if compared else ""),
    )
    base = view.other or replace(view, compare=PREVIOUS).other
    return Pick(
        "Compare",
        numbers.period(view.other, year=True) if view.other else "Nothing",
        (options,),
        _dates(BASE, base, _pairs(view, compare=CUSTOM, base=None)),
    )


def _step(view: View) -> Pick:
    options = tuple(
        Option(name.capitalize(), view.here(step=name), view.granularity == name, key=name[0])
        for name in STEPS
    )
    return Pick("Step", view.granularity.capitalize(), (options,))


def _group(view: View) -> Pick:
    first = view.group_by[0]
    firsts = tuple(
        Option(
            label(d),
            view.here(group_by=(d, *[g for g in view.group_by[1:] if g != d])),
            d == first,
        )
        for d in GROUPS_OFFERED
    )
    second = view.group_by[1] if len(view.group_by) > 1 else None
    seconds = (Option("and nothing else", view.here(group_by=(first,)), second is None),) + tuple(
        Option(
            f"and {label(d) if label(d).isupper() else label(d).lower()}",
            view.here(group_by=(first, d)),
            d == second,
        )
        for d in GROUPS_OFFERED
        if d != first
    )
    return Pick("Group", ", ".join(label(g) for g in view.group_by), (firsts, seconds), split=True)


def _basis(view: View) -> Pick:
    options = tuple(
        Option(name.capitalize(), view.here(basis=name), view.basis == name)
        for name in ("effective", "billed")
    )
    return Pick("Basis", view.basis.capitalize(), (options,))


_POOLS = (
    ("Shown", SHOWN, SHOWN),
    ("Idle spread", SPREAD, SHOWN),
    ("Shared spread", SHOWN, SPREAD),
    ("Both spread", SPREAD, SPREAD),
)


def _pools(view: View) -> Pick:
    options = tuple(
        Option(
            text, view.here(idle=idle, shared=shared), (view.idle, view.shared) == (idle, shared)
        )
        for text, idle, shared in _POOLS
    )
    value = next(option.text for option in options if option.current)
    return Pick("Idle and shared", value, (options,))


def _currency(view: View) -> Pick | None:
    """No choice where no rate is known; one that was made can be taken back."""
    codes = currencies_of(view.period)
    if not codes and not view.in_currency:
        return None
    options = tuple(
        Option(code or "As billed", view.here(in_currency=code), view.in_currency == code)
        for code in dict.fromkeys(("", *codes, view.in_currency))
    )
    return Pick("Currency", view.in_currency or "As billed", (options,))


PICKS = {
    "period": _period,
    "compare": _compare,
    "step": _step,
    "group": _group,
    "basis": _basis,
    "pools": _pools,
    "currency": _currency,
}


def picks(view: View, names: tuple[str, ...]) -> list[Pick]:
    found = (PICKS[name](view) for name in names)
    return [pick for pick in found if pick is not None]


def _told(dimension: str, value: str) -> str:
    if is_pattern(dimension, value):
        part = value.strip(ANY)
        return f"has “{part}”" if value.startswith(ANY) else f"begins with “{part}”"
    return worded(dimension, value) or NOT_SET


def chips(view: View) -> list[Option]:
    """One chip a filtered dimension; its link takes the filter away."""
    return [
        Option(
            f"{label(dimension)}: {', '.join(_told(dimension, value) for value in values)}",
            view.without_filter(dimension),
        )
        for dimension, values in view.filters.items()
    ]


@dataclass(frozen=True)
class Choice:
    """A box to tick; `value` '' is what has no value in this dimension."""

    text: str
    value: str
    ticked: bool


def filter_choices(ask: Ask, dimension: str, values_max: int = 40) -> list[Choice]:
    """Values of a dimension by cost in the period, from what this asker may see; those chosen
    first, and at the end that there is none."""
    rows = ask.report("cost", group_by=(dimension,), filters={}, idle=SHOWN, shared=SHOWN).rows
    values = ask.view.filters.get(dimension, ())
    chosen = [value for value in values if not is_pattern(dimension, value)]
    seen = dict.fromkeys(row[dimension] for row in rows if row[dimension])
    named = list(dict.fromkeys([value for value in chosen if value] + list(seen)[:values_max]))
    found = [Choice(worded(dimension, value), value, value in chosen) for value in named]
    return [*found, Choice(NOT_SET, "", "" in chosen)]


def part_asked(view: View, dimension: str) -> str | None:
    """What the form has as a part of a name, "chat" or "chat*"; None where none can be asked."""
    if dimension not in PATTERN_DIMENSIONS:
        return None
    values = view.filters.get(dimension, ())
    found = next((value for value in values if is_pattern(dimension, value)), "")
    return found.strip(ANY) if found.startswith(ANY) else found


def pairs_without(view: View, dimension: str) -> list[tuple[str, str]]:
    """The rest of the state for the form that chooses values of a dimension."""
    kept = {name: values for name, values in view.filters.items() if name != dimension}
    return _pairs(view, filters=kept)
