"""What figures follow from the rows of reports.

A page may add up rows, follow them through time, compare two periods, set one column against
another of the same row, and divide money by a count; it may invent nothing. `Derivable` holds all
that follows so from the rows of some answers, exactly.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import accumulate, combinations, product

from aicost.web import numbers
from attribution.reports.classed import CLASS
from attribution.reports.columns import COUNT, DECIMAL, MEASURE, kind_of
from tests.web.written import meant, written

ZERO = Decimal(0)
NUMBERED = ("weekday", "hour")  # keys, though they are numbers
SAID = ("currency", "against")  # of each row, and no key of it
KEYS_MAX = 7
NEIGHBOURS_MAX = 4
NAMED_MAX = 12  # rows of which a sentence may add two
MONTH = len("2026-09")
DAY = len("2026-09-01")
# Tables of GPU time show their dearest rows and the rest as one: by these names.
FOLDED_BY = {
    "gpu": (("node", "resource", "cluster"), ("workload", "experiment", "team")),
    "gpu_consumption": (("workload", "team"),),
}
PER = (1, 1_000, 1_000_000)
Sums = dict[tuple, dict[tuple, dict[str, Decimal]]]


class Derivable:
    """Built from (spec, rows) of reports, rows as the command writes them: numbers as text."""

    def __init__(self, answers: Iterable[tuple]):
        self.values: dict[str, set[Decimal]] = defaultdict(set)
        self.units: dict[str, set[Decimal]] = defaultdict(set)
        # What somebody typed, less each value that followed before, follows too.
        self.less: dict[str, set[Decimal]] = defaultdict(set)
        self.before: dict[str, set[Decimal]] = defaultdict(set)
        self.measures: set[Decimal] = set()
        by_shape: dict[tuple, list[Sums]] = defaultdict(list)
        answers = list(answers)
        self._classed(answers)
        for spec, rows in answers:
            sums = _summed(rows)
            self._take(sums)
            self.measures.update(_measures(rows))
            self._take(_summed([row | {"line": "owned"} for row in rows if _owned(row)]))
            for quantity in ("requests", "tokens", "gpu_hours"):
                self._take(_summed([row for row in rows if _costed(row, quantity)]))
            self._idle(rows)
            for keys in FOLDED_BY.get(spec.report, ()):
                self._folded(rows, keys)
            if spec.report == "run_cost":
                for name in ("period", "status"):
                    self._take(_summed(_runs_by(name, rows, spec.period.start)))
            shape = (spec.report, spec.group_by, spec.granularity)
            by_shape[shape].append(sums)
        for alike in by_shape.values():
            for one, other in combinations(alike, 2):
                self._differences(one, other)
        self._totals(by_shape)

    def _take(self, sums: Sums) -> None:
        for keys, groups in sums.items():
            for (currency, *_), columns in groups.items():
                self._columns(currency, columns)
            self._in_order(keys, groups)

    def _idle(self, rows: Sequence[dict]) -> None:
        """All idle of an answer: what stands in the rows of its owners, and the lines Idle."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            column = "cost" if row.get("line") == "idle" else "idle_cost" if _owned(row) else ""
            found[row.get("currency") or ""] += _decimal(row.get(column)) or ZERO
        for currency, amount in found.items():
            self.values[currency].add(amount)

    def _folded(self, rows: Sequence[dict], keys: tuple[str, ...]) -> None:
        """What the last rows of a table come to, whose first ones have most idle (or consumed)
        money; rows on which two views agree are one."""
        if not rows or not rows[0].keys() >= set(keys):
            return
        agreed = {False: [], True: []}
        for row in rows:
            agreed[_decimal(row.get("difference", 1)) == 0].append(row)
        for alike in agreed.values():
            by_currency: dict[str, list[dict[str, Decimal]]] = defaultdict(list)
            for (currency, *_), columns in _grouped(alike, keys).items():
                by_currency[currency].append(columns)
            for currency, found in by_currency.items():
                rest: dict[str, Decimal] = defaultdict(Decimal)
                for columns in sorted(found, key=_dearness):
                    for name, amount in columns.items():
                        rest[name] += amount
                    self._columns(currency, rest)

    def _classed(self, answers: Sequence[tuple]) -> None:
        """What customers leave by the cost classes of finance: revenue less a class, cost less it,
        and both in per cent of revenue."""
        classes: dict[tuple, list[Decimal]] = defaultdict(list)
        for spec, rows in answers:
            if spec.report == "customers" and CLASS in spec.group_by:
                for row in rows:
                    classes[_of_customer(row)].append(Decimal(row["cost"]))
        for spec, rows in answers:
            if spec.report != "customer_margin":
                continue
            for row in rows:
                revenue, cost = _decimal(row["revenue"]), _decimal(row["cost"])
                if not row["customer"] or revenue is None or cost is None:
                    continue
                for part in {ZERO, cost, *classes[_of_customer(row)]}:
                    self.values[row["currency"]].update((revenue - part, cost - part))
                    if revenue > 0:
                        self.measures.add((revenue - part) / revenue * 100)

    def _columns(self, currency: str, columns: dict[str, Decimal]) -> None:
        """Each column, two of them together or against each other, some neighbours together, and
        money per count or hour."""
        values = self.values[currency]
        values.update(columns.values())
        money = [v for k, v in columns.items() if kind_of(k) == DECIMAL]
        for one, other in combinations(money, 2):
            values.update((one + other, one - other))
        for n in range(len(money)):
            values.update(accumulate(money[n : n + NEIGHBOURS_MAX]))
        if columns.get("revenue"):
            whole = columns["revenue"]
            self.measures.update(part / whole * 100 for part in _parts_of(money, whole))
        counts = [v for k, v in columns.items() if _counts(k) and v > 0]
        for amount in money:
            self.units[currency].update(amount / n * per for n in counts for per in PER)
            self.units[currency].update(amount * per for per in PER)

    def _in_order(self, keys: tuple, groups: dict) -> None:
        """Sums along the periods from either end, and within a month; what is left below the
        largest of a group."""
        series: dict[tuple, list[tuple]] = defaultdict(list)
        for key, columns in groups.items():
            named = dict(zip(("currency", *keys), key, strict=True))
            when = named.pop("period", "")
            series[tuple(named.values())].append((when, columns))
            series[*named.values(), when[:MONTH]].append((when, columns))
        names = {name for columns in groups.values() for name in columns}
        for (currency, *_), steps in series.items():
            for name in names:
                ordered = [columns.get(name, ZERO) for _, columns in sorted(steps, key=_first)]
                self.values[currency].update(accumulate(ordered))
                self.values[currency].update(accumulate(reversed(ordered)))
        self._indexed(series)
        by_line: dict[tuple, list[Decimal]] = defaultdict(list)
        for (currency, *rest), columns in groups.items():
            line = dict(zip(keys, rest, strict=True)).get("line")
            for name, amount in columns.items():
                by_line[currency, line, name].append(amount)
        for (currency, *_), amounts in by_line.items():
            self.values[currency].update(accumulate(sorted(amounts)))
            if len(amounts) <= NAMED_MAX:
                self.values[currency].update(one + other for one, other in combinations(amounts, 2))

    def _indexed(self, series: dict[tuple, list[tuple]]) -> None:
        """Unit costs along the periods, the first of them being 100."""
        for steps in series.values():
            ordered = [columns for _, columns in sorted(steps, key=_first)]
            names = {name for columns in ordered for name in columns if "per_" in name}
            for one in ordered[:-1]:
                for name in names & {name for name, amount in one.items() if amount}:
                    self.measures.update(
                        columns[name] / one[name] * 100 for columns in ordered if name in columns
                    )

    def _differences(self, one: Sums, other: Sums) -> None:
        """What a group moved by between two answers to one question, or came to in both; the
        absent is nothing."""
        for keys in one.keys() & other.keys():
            now, was = one[keys], other[keys]
            for key in now.keys() | was.keys():
                columns, old = now.get(key, {}), was.get(key, {})
                for name in columns.keys() | old.keys():
                    a, b = columns.get(name, ZERO), old.get(name, ZERO)
                    self.values[key[0]].update((a - b, a + b))

    def _totals(self, by_shape: dict[tuple, list[Sums]]) -> None:
        """What is left of a report's total below one or two others, however it was grouped."""
        found: dict[tuple, set[Decimal]] = defaultdict(set)
        for (report, *_), alike in by_shape.items():
            for sums in alike:
                for (currency, *_), columns in sums.get((), {}).items():
                    for name, amount in columns.items():
                        found[report, currency, name].add(amount)
        for (_, currency, _), totals in found.items():
            for one, other, third in product(totals, totals, {ZERO, *totals}):
                self.values[currency].add(one - other - third)

    def typed(
        self, amounts: Iterable[Decimal], currency: str, gone: Decimal, view: Decimal
    ) -> None:
        """Amounts that somebody typed for a month, and what pages say of them: what is left, what
        falls on the part of the month that is gone or on the months of the view, and where
        spending ends at the pace so far."""
        values = set(self.values[currency])
        paces = {value / gone for value in values}
        self.values[currency] |= paces
        self.before[currency] = values | paces
        for amount in amounts:
            self.values[currency].update((amount, amount * gone, amount * view))
            self.less[currency].add(amount)

    def strangers(self, texts: Iterable[str]) -> list[str]:
        """The amounts that follow from no row, in any way in which a page may write them."""
        return [text for text in texts if not self._follows(text.lstrip("−+"))]

    def _follows(self, text: str) -> bool:
        currency, low, high = meant(text)
        found = _between(self._ordered["values", currency], low, high)
        if any(text in written(abs(value), currency) for value in found):
            return True
        found = _between(self._ordered["units", currency], low, high)
        if any(text == numbers.unit_money(abs(value), currency) for value in found):
            return True
        before = self._ordered["before", currency]
        return any(
            text in written(abs(amount - value), currency)
            for amount in self.less[currency]
            for ends in ((amount - high, amount - low), (amount + low, amount + high))
            for value in _between(before, *ends)
        )

    @cached_property
    def _ordered(self) -> dict[tuple[str, str], list[Decimal]]:
        """What follows, sorted, once all of it is told."""
        found: dict = defaultdict(list)
        for currency, values in self.values.items():
            found["values", currency] = sorted(map(abs, values))
            found["before", currency] = sorted(self.before[currency])
        for currency, values in self.units.items():
            found["units", currency] = sorted(map(abs, values))
        return found

    def strange_marks(self, figure: dict) -> list[str]:
        """The numbers of a chart that are neither exact results nor rounded measures."""
        marks = [ends for trace in figure["data"] for ends in _marks(trace)]
        strange = [ends for ends in marks if not any(map(self._is_exact, ends))]
        return [str(one) for one, *_ in strange if round(one, 9) not in self._rounded]

    def _is_exact(self, mark: Decimal) -> bool:
        if abs(mark) in self._exact:
            return True
        return any(
            amount - one in self.before[currency]
            for currency, amounts in self.less.items()
            for amount in amounts
            for one in (mark, -mark)
        )

    @cached_property
    def _rounded(self) -> set[Decimal]:
        return {round(one, places) for one in self.measures for places in (0, 1, 2, 9)}

    @cached_property
    def _exact(self) -> set[Decimal]:
        exact = set().union(*self.values.values(), *self.units.values(), self._rounded)
        return {ZERO, *map(abs, exact)}


def _between(ordered: Sequence[Decimal], low: Decimal, high: Decimal) -> Sequence[Decimal]:
    return ordered[bisect_left(ordered, low) : bisect_right(ordered, high)]


def _marks(trace: dict) -> Iterator[tuple[Decimal, ...]]:
    """What a bar, line or cell is as long, as high or as dark as; a bar that does not begin at
    zero has its other end beside its length."""
    marks = list(trace.get("x" if trace.get("orientation") == "h" else "y") or ())
    begins = trace.get("base") or [None] * len(marks)
    cells = [(cell, None) for row in trace.get("z") or () for cell in row]
    pairs = [*zip(marks, begins, strict=True), *cells]
    for mark, begin in pairs:
        length, base = _decimal(mark), _decimal(begin)
        if length is not None:
            yield (length,) if base is None else (length, base + length)


def _grouped(rows: Sequence[dict], keys: Sequence[str]) -> dict[tuple, dict[str, Decimal]]:
    """(currency, *key) -> column -> sum."""
    names = [n for n in (rows[0] if rows else ()) if kind_of(n) in (DECIMAL, COUNT)]
    found: dict[tuple, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        group = found[(row["currency"], *(row[name] for name in keys))]
        for name in names:
            group[name] += _decimal(row[name]) or ZERO
    return found


def _dearness(columns: dict[str, Decimal]) -> tuple[Decimal, Decimal]:
    idle = ("held_idle_cost", "empty_idle_cost", "unreserved_cost")
    first = columns.get("consumption_cost", sum((columns.get(x, ZERO) for x in idle), ZERO))
    return first, columns.get("cost", ZERO)


def _of_customer(row: dict) -> tuple:
    return row["period"], row["customer"], row["currency"]


def _measures(rows: Sequence[dict]) -> Iterator[Decimal]:
    names = [name for name in (rows[0] if rows else ()) if kind_of(name) == MEASURE]
    yield from (Decimal(str(row[name])) for row in rows for name in names if row[name] is not None)


def _parts_of(money: Sequence[Decimal], whole: Decimal) -> Iterator[Decimal]:
    """Each amount, and what it leaves of the whole."""
    for amount in money:
        yield amount
        yield whole - amount


def _first(item: Sequence) -> object:
    return item[0]


def _summed(rows: Sequence[dict]) -> Sums:
    """names of keys -> (currency, *key) -> column -> sum: the rows by every part of their keys,
    of which there are at most KEYS_MAX; answers with more are taken row by row."""
    if not rows:
        return {}
    kinds = {name: kind_of(name) for name in rows[0]}
    amounts = [
        name for name, kind in kinds.items() if kind in (DECIMAL, COUNT) and name not in NUMBERED
    ]
    keys = [n for n in kinds if n not in (*amounts, *SAID) and _varies(rows, n)]
    parts = [tuple(keys)]
    if len(keys) <= KEYS_MAX:
        parts = [part for n in range(len(keys) + 1) for part in combinations(keys, n)]
    found: Sums = {}
    for part in parts:
        groups: dict[tuple, dict[str, Decimal]] = defaultdict(dict)
        for row in rows:
            group = groups[(row.get("currency") or "", *(row[name] or "" for name in part))]
            for name in amounts:
                amount = _decimal(row[name])
                if amount is not None:
                    group[name] = group.get(name, ZERO) + amount
        found[part] = dict(groups)
    return found


def _runs_by(name: str, rows: Sequence[dict], first: date) -> list[dict]:
    """Runs that have a cost by the day they began, or by how they ended: a page adds them up and
    says what one costs on average."""
    found = []
    for row in rows:
        if row["run_cost"] is not None:
            began = max(row["started_at"][:DAY], first.isoformat())
            key = began if name == "period" else row[name]
            found.append({name: key, "currency": row["currency"], "run_cost": row["run_cost"],
                          "runs": "1"})  # fmt: skip
    return found


def _owned(row: dict) -> bool:
    """Whether money has an owner: with a name in the group, or as work without one."""
    return row.get("line") in ("owned", "workload")


def _costed(row: dict, quantity: str) -> bool:
    """Whether a row has this quantity and, where the report tells it, a marginal cost of it."""
    return bool(_decimal(row.get(quantity)) and _decimal(row.get("marginal_cost", 1)))


def _counts(name: str) -> bool:
    return kind_of(name) == COUNT or name.endswith("_hours")


def _varies(rows: Sequence[dict], name: str) -> bool:
    return name == "line" or len({str(row[name]) for row in rows}) > 1


def _decimal(text: object) -> Decimal | None:
    try:
        return None if text in (None, "") else Decimal(str(text))
    except InvalidOperation:
        return None
