"""A month closed or reopened, said to programs in the transaction that does it."""

from aicost.happenings.tell import happened
from attribution.models import MonthClose


def tell_closed(close: MonthClose) -> None:
    data = _about(close) | {
        "by": close.closed_by.get_username(),
        "anyway": close.why_anyway,
        "blockers": len(close.blockers),
        "totals": [
            {
                "currency": currency,
                "billed_cost": told["billed"],
                "effective_cost": told["effective"],
            }
            for currency, told in sorted(close.pinned["totals"].items())
        ],
    }
    happened("month.closed", f"close {close.pk}", data, subject=_subject(close))


def tell_reopened(close: MonthClose) -> None:
    data = _about(close) | {"by": close.reopened_by.get_username(), "why": close.reason}
    happened("month.reopened", f"reopened {close.pk}", data, subject=_subject(close))


def _about(close: MonthClose) -> dict:
    return {"month": f"{close.month:%Y-%m}", "edition": close.edition}


def _subject(close: MonthClose) -> str:
    return f"month {close.month:%Y-%m}"
