"""Which names somebody sees who sees only some teams: those that money of their teams stands on,
and what stands above these. Names only; the money comes from reports."""

from aicost.kernel.targets import DIMENSIONS, LEVELS
from attribution.models import CustomerUse, EntityAbove, Target
from attribution.reports.spec import Asker


def names_seen(asker: Asker, dimension: str) -> set[str] | None:
    """The names of this kind the asker sees, or None for all of them."""
    if asker.teams is None:
        return None
    if dimension not in DIMENSIONS:
        below = names_seen(asker, LEVELS[dimension]) or set()
        rows = EntityAbove.objects.filter(level=dimension, name__in=below)
        return set(rows.values_list("above", flat=True))
    rows = Target.objects.filter(team__in=asker.teams).exclude(**{dimension: ""})
    names = set(rows.values_list(dimension, flat=True))
    if dimension == "team":
        return names | set(asker.teams)
    if dimension == "model":
        bases = EntityAbove.objects.filter(level="base_model", name__in=names)
        return names | set(bases.values_list("above", flat=True))
    return names


def is_seen(asker: Asker, dimension: str, name: str) -> bool:
    names = names_seen(asker, dimension)
    return names is None or name in names


def is_customer_seen(asker: Asker, customer: str) -> bool:
    """Whether a call of the asker's teams named the customer. There may be 100,000 of them."""
    if asker.teams is None:
        return True
    calls = CustomerUse.objects.filter(grain="month", customer=customer, team__in=asker.teams)
    return calls.exists()
