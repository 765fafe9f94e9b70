"""Whether all the data of a period is there, and what is said of it."""

from dataclasses import dataclass
from datetime import timedelta

from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.parts import estimate_from
from attribution.reports.spec import Answer, Freshness

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Readiness:
    """`late` are bill sources without the last day of the period. One that has brought nothing of
    the period or of the one before has ended, and nothing waits for it."""

    late: tuple[Freshness, ...]
    known: bool

    @property
    def complete(self) -> bool:
        return self.known and not self.late


def readiness(answer: Answer, period: Period, before: Period) -> Readiness:
    last = period.end - ONE_DAY
    bills = [one for one in answer.freshness if one.kind == "bill" and one.through]
    going = [one for one in bills if one.through >= before.start]
    return Readiness(tuple(one for one in going if one.through < last), bool(going))


def words(answer: Answer, ask, ready: Readiness) -> list[str]:
    """Whether the figures are final, and how far each bill reaches."""
    first = estimate_from(ask)
    if not ready.known:
        told = ["No bill covers this period or the one before."]
    elif first is None:
        told = ["All figures are final."]
    elif first < ask.period.end:
        open_days = numbers.period(Period(first, ask.period.end))
        told = [f"Estimate: bills of {open_days} may still change."]
    else:
        told = ["Estimate: some days wait to be attributed anew."]
    if ready.late:
        named = ", ".join(f"{one.source} ends on {numbers.day(one.through)}" for one in ready.late)
        told.insert(0, f"Partial: sent before all bills were there. {named}.")
    bills = [one for one in answer.freshness if one.kind == "bill"]
    reach = "; ".join(
        f"{one.source} through {numbers.day(one.through)},"
        f" loaded {numbers.moment_zone(one.loaded_at)}"
        for one in bills
    )
    return [*told, f"Bills: {reach}."] if reach else told
