"""What the attributed series around an unattributed one stand on: its account, group, tags."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from attribution.ruling.names import NAMED

NEARLY_ALL = Decimal("0.95")
SERIES_MIN = 3
STRONG_SERIES = 5
STRONG_SHARE = Decimal("0.98")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Standing:
    """Where the attributed money of one account, group, tag or resource stands on one dimension:
    the name with most of it, its series and money, and all; `names` by money, the dearest first."""

    name: str
    series: int
    of_series: int
    share: Decimal
    names: tuple[tuple[str, Decimal], ...]

    @property
    def is_nearly_all(self) -> bool:
        return bool(self.name) and self.share >= NEARLY_ALL

    @property
    def is_enough(self) -> bool:
        return self.of_series >= SERIES_MIN

    @property
    def is_strong(self) -> bool:
        return self.series >= STRONG_SERIES and self.share >= STRONG_SHARE


def peer_keys(series: Mapping) -> list[tuple[str, str]]:
    """(field of a condition, value) of all that others may share with a series, nearest first.
    Tags and groups are told apart by account: `standings` keys them with it."""
    keys = []
    if series["resource_id"]:
        keys.append(("resource_id", series["resource_id"]))
    if group := (series["extras"] or {}).get("ResourceGroup"):
        keys.append(("extra:ResourceGroup", str(group)))
    if account := account_of(series):
        keys.append(("account", account))
    tags = (series["tags"] or {}).items()
    keys += [(f"tag:{key}", str(value)) for key, value in sorted(tags) if value]
    return keys


def account_of(series: Mapping) -> str:
    return series["sub_account_id"] or series["billing_account_id"]


class Peers:
    """Attributed series by what they share; rows are one series and target dimensions, with
    `cost`. Money of several currencies never meets: it is kept by currency."""

    def __init__(self, rows: Iterable[Mapping]):
        self._money: dict[tuple, dict[int, dict[tuple, Decimal]]] = defaultdict(dict)
        for row in rows:
            names = tuple(row[dimension] for dimension in NAMED)
            for field, value in peer_keys(row):
                by_series = self._money[_key(row, field, value)]
                by_names = by_series.setdefault(row["id"], {})
                by_names[names] = by_names.get(names, ZERO) + abs(row["cost"])

    def knows(self, series: Mapping, field: str, value: str) -> bool:
        """Whether anything that shares this is attributed."""
        return bool(self._money.get(_key(series, field, value)))

    def standing(self, series: Mapping, field: str, value: str, dimension: str) -> Standing | None:
        """None when nothing of it is attributed."""
        found = self._money.get(_key(series, field, value))
        if not found:
            return None
        at = NAMED.index(dimension)
        whole: dict[str, Decimal] = defaultdict(Decimal)
        leads: list[str] = []
        for by_names in found.values():
            own: dict[str, Decimal] = defaultdict(Decimal)
            for names, cost in by_names.items():
                own[names[at]] += cost
                whole[names[at]] += cost
            leads.append(max(own, key=lambda name: (own[name], name)))
        total = sum(whole.values(), ZERO)
        if not total:
            return None
        ordered = sorted(whole.items(), key=lambda item: (-item[1], item[0]))
        name, cost = ordered[0]
        return Standing(
            name=name,
            series=leads.count(name),
            of_series=len(leads),
            share=cost / total,
            names=tuple((one, part / total) for one, part in ordered),
        )


def _key(series: Mapping, field: str, value: str) -> tuple:
    """A tag or a group of one account says nothing of another account's."""
    near = "" if field in ("account", "resource_id") else account_of(series)
    return series["billing_currency"], near, field, value
