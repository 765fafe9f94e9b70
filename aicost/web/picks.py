"""The filter bar: each pick is a list of links to the same page with one thing changed."""

from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qsl

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.filters import DEFAULT_PRESET, GROUPS_OFFERED, PRESETS, View, label
from attribution.reports.spec import SHOWN, SPREAD

NOT_SET = "not set"


@dataclass(frozen=True)
class Option:
    text: str
    query: str
    current: bool = False


@dataclass(frozen=True)
class Pick:
    """`parts` are lists of options with a ruler between them, or side by side if `split`."""

    name: str
    value: str
    parts: tuple[tuple[Option, ...], ...]
    dates: dict | None = None
    split: bool = False


def _period(view: View) -> Pick:
    presets = tuple(
        Option(text, view.query(preset=name), view.preset == name)
        for name, (text, _) in PRESETS.items()
    )
    span = view.period
    before = replace(view, preset="custom", period=span.before())
    after = replace(
        view, preset="custom", period=type(span)(span.end, span.end + (span.end - span.start))
    )
    steps = (Option("Earlier", before.query()), Option("Later", after.query()))
    dates = {
        "from": span.start.isoformat(),
        "to": (span.end - timedelta(days=1)).isoformat(),
        "hidden": hidden_pairs(view),
    }
    return Pick("Period", numbers.period(span, year=True), (presets, steps), dates)


def hidden_pairs(view: View) -> list[tuple[str, str]]:
    """The rest of the state for a form that sends only the dates."""
    return parse_qsl(replace(view, preset=DEFAULT_PRESET).query(), keep_blank_values=True)


def _compare(view: View) -> Pick:
    other = replace(view, compare="previous").other
    options = (
        Option(
            numbers.period(other, year=True),
            view.query(compare="previous"),
            view.compare == "previous",
        ),
        Option("Nothing", view.query(compare="none"), view.compare == "none"),
    )
    value = numbers.period(other, year=True) if view.compare == "previous" else "Nothing"
    return Pick("Compare", value, (options,))


def _group(view: View) -> Pick:
    first = view.group_by[0]
    firsts = tuple(
        Option(
            label(d),
            view.query(group_by=(d, *[g for g in view.group_by[1:] if g != d])),
            d == first,
        )
        for d in GROUPS_OFFERED
    )
    second = view.group_by[1] if len(view.group_by) > 1 else None
    seconds = (Option("and nothing else", view.query(group_by=(first,)), second is None),) + tuple(
        Option(
            f"and {label(d) if label(d).isupper() else label(d).lower()}",
            view.query(group_by=(first, d)),
            d == second,
        )
        for d in GROUPS_OFFERED
        if d != first
    )
    return Pick("Group", ", ".join(label(g) for g in view.group_by), (firsts, seconds), split=True)


def _basis(view: View) -> Pick:
    options = tuple(
        Option(name.capitalize(), view.query(basis=name), view.basis == name)
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
            text, view.query(idle=idle, shared=shared), (view.idle, view.shared) == (idle, shared)
        )
        for text, idle, shared in _POOLS
    )
    value = next(option.text for option in options if option.current)
    return Pick("Idle and shared", value, (options,))


PICKS = {
    "period": _period,
    "compare": _compare,
    "group": _group,
    "basis": _basis,
    "pools": _pools,
}


def picks(view: View, names: tuple[str, ...]) -> list[Pick]:
    return [PICKS[name](view) for name in names]


def chips(view: View) -> list[Option]:
    """One chip a filtered dimension; its link takes the filter away."""
    return [
        Option(
            f"{label(dimension)}: {', '.join(value or NOT_SET for value in values)}",
            view.without_filter(dimension),
        )
        for dimension, values in view.filters.items()
    ]


def filter_values(ask: Ask, dimension: str, values_max: int = 40) -> list[Option]:
    """Values of a dimension by cost in the period, from what this asker may see."""
    rows = ask.report("cost", group_by=(dimension,), filters={}, idle=SHOWN, shared=SHOWN).rows
    seen = dict.fromkeys(row[dimension] or "" for row in rows)
    named = [value for value in seen if value][:values_max]
    missing = [""] if "" in seen else []
    return [Option(v or NOT_SET, ask.view.with_filter(dimension, v)) for v in named + missing]
