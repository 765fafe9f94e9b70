"""Alerts that stand and are told: how many, and what they are worth."""

from collections.abc import Sequence
from decimal import Decimal

from aicost.web import numbers
from aicost.web.alerted import Shown, alert_url, shown
from aicost.web.ask import Ask
from attribution.models.alerts import STANDING
from attribution.reports.alerts import YES

Parts = list[tuple[str, bool]]
ZERO = Decimal(0)


def own(alerts: Sequence[Shown]) -> list[Shown]:
    """Without those whose money another one tells."""
    above = {alert.alert_id for alert in alerts if alert.parent_id is None}
    return [a for a in alerts if a.parent_id is None or a.parent_id not in above]


def told_now(alerts: Sequence[Shown]) -> list[Shown]:
    return [one for one in own(alerts) if one.state in STANDING and one.told == YES]


def worth(told: Sequence[Shown]) -> Parts:
    """ "3 alerts stand, worth $1,234 in 30 days": of the dearest one's currency, what rose."""
    parts = [(numbers.plural(len(told), "alert"), True)]
    parts.append((" stands" if len(told) == 1 else " stand", False))
    up = [one for one in told if one.monthly is not None and one.monthly > 0]
    currency = up[0].currency if up else ""
    total = sum((one.monthly for one in up if one.currency == currency), ZERO)
    if total:
        parts += [(", worth ", False), (numbers.money(total, currency, 0), True),
                  (" in 30 days", False)]  # fmt: skip
    return parts


def standing(ask: Ask) -> dict:
    """One line for Overview, and the dearest. Alerts are of everything: behind filters the page is
    about something else, and nothing is said."""
    if ask.view.filters:
        return {}
    told = told_now(shown(ask))
    if not told:
        return {}
    first = told[0]
    return {"parts": worth(told), "title": first.title, "url": alert_url(first.alert_id)}
