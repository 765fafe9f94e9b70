"""From arguments to a report's question, and what all answers about money have in common."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from aicost.api.mcp.base import Reader, Refused
from aicost.api.mcp.names import check_dimensions, checked_filters
from aicost.api.mcp.said import BYTES_ASKED_MAX, BYTES_MAX, money
from aicost.kernel.periods import Period
from aicost.web import numbers
from attribution.reports import named
from attribution.reports.spec import Answer, Spec

STEPS_MAX = 100
ZERO = Decimal(0)


def spec_of(
    caller: Reader,
    report: str,
    period: Period,
    group_by: Sequence[str] = (),
    filters: Mapping[str, Sequence[str]] | None = None,
    **more,
) -> Spec:
    """The checked question. Raises Refused naming the part and its cure."""
    check_groups(report, group_by)
    kept = checked_filters(caller, report, filters or {}, period)
    return Spec(report, period, caller.asker, group_by=tuple(group_by), filters=kept, **more)


def check_groups(report: str, group_by: Sequence[str]) -> None:
    known = named(report)
    check_dimensions("group_by", group_by, known.groups)
    if len(set(group_by)) < len(group_by) or len(group_by) > known.groups_max:
        raise Refused("group_by", f"{len(group_by)} dimensions",
                      f"Name at most {known.groups_max}, each once")  # fmt: skip


def bytes_for(rows_max: int, default: int) -> int:
    """An answer is short unless more rows are asked for than usual."""
    return BYTES_ASKED_MAX if rows_max > default else BYTES_MAX


def check_steps(rows: Sequence[Mapping]) -> None:
    """A course of time is never folded: it would no longer be one."""
    steps = {row["period"] for row in rows}
    if len(steps) > STEPS_MAX:
        raise Refused("granularity", f"{len(steps)} steps are more than {STEPS_MAX}",
                      "Ask for a shorter period, or by week or month")  # fmt: skip


def of_whom(spec: Spec) -> str:
    """ "of team search, model gpt-4o", as far as it is filtered."""
    told = [
        f"{name.replace('_', ' ')} {' or '.join(v or 'not set' for v in values)}"
        for name, values in spec.filters.items()
    ]
    return f" of {', '.join(told)}" if told else ""


def in_words(period: Period) -> str:
    return numbers.period(period, year=True).replace(numbers.NO_BREAK, " ")


def state_of(answer: Answer) -> str:
    return "final" if answer.final else "not final: bills of these days are still arriving"


def sums_told(total: Sequence[Mapping], column: str) -> str:
    """ "$1,234.50", or by currency; nothing stands there."""
    told = [money(one[column], one["currency"]) for one in total if one[column] is not None]
    return " and ".join(told)


def missing_rates(answer: Answer) -> tuple[str, ...]:
    return tuple(
        f"no rate from {source} to {target} for {month:%B %Y}: that money stays as billed"
        for month, source, target in answer.missing_rates
    )


def scope_note(caller: Reader) -> tuple[str, ...]:
    """What an asker who sees some teams should know, once an answer."""
    if caller.asker.teams is None:
        return ()
    mine = ", ".join(caller.asker.teams) or "none"
    return (f"only money of the teams you see is in this answer: {mine}",)
