"""Worked examples of a page, as tables of a fenced block: what comes in, and where it stands.

A block holds tables parted by blank lines. The first cell of a table's head says what it is, the
others what its columns hold; lines below a head are its rows. `…=…` pairs of a cell named `what`
are further fields. `stands` is the ledger that has to come out, every row, in the columns named.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
import re

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.models import AllocatedCharge, AllocationRule
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import (
    Alias,
    ChangedDay,
    ChargeSeries,
    PodHour,
    Price,
    StorageAge,
    StorageMap,
)
from ingest.partitions import ensure_partitions
from tests.attribution.ledger import (
    DAY,
    calls,
    charge,
    delivery,
    gpu_hours,
    node_map,
    source,
    workload_map,
)

_BLOCK = re.compile(r"^#+ (?P<title>.+?)\n(?P<text>.*?)(?=^#|\Z)", re.M | re.S)
_EXAMPLE = re.compile(r"^```example\n(.*?)^```$", re.M | re.S)
NUMBERS = ("requests", "successes", "attempts")


@dataclass(frozen=True)
class Table:
    """`what` the table is, and its rows: column -> text."""

    what: str
    rows: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Example:
    title: str
    tables: tuple[Table, ...]


def examples(page: Path) -> list[Example]:
    """Every example of the page, named by its heading."""
    text = page.read_text(encoding="utf-8")
    found = []
    for section in _BLOCK.finditer(text):
        blocks = _EXAMPLE.findall(section["text"])
        for nth, block in enumerate(blocks, start=1):
            title = section["title"] + (f", {nth}" if len(blocks) > 1 else "")
            found.append(Example(title, tuple(map(_table, re.split(r"\n\s*\n", block.strip())))))
    return found


def _table(text: str) -> Table:
    lines = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    head, rows = lines[0], [line for line in lines[1:] if not set("".join(line)) <= set("-+ ")]
    assert all(len(row) == len(head) for row in rows), f"a row is longer or shorter: {text}"
    names = ["name", *head[1:]]
    return Table(head[0], tuple(dict(zip(names, row, strict=True)) for row in rows))


def run_example(example: Example, home: Path) -> None:
    """Build the world of an example, attribute it, and compare what it says has to come out. Own
    words go into `home`, an empty AICOST_HOME."""
    expected, names = [], {}
    for table in example.tables:
        if table.what in ("stands", "table"):
            expected.append(table)
        else:
            if table.what == "units":
                _units(home, table)
                continue
            for row in table.rows:
                told = _BUILD[table.what](dict(row))
                if table.what == "bill":
                    names[told] = row["name"]
    attribute()
    assert expected, "an example says where its money stands"
    for table in expected:
        _EXPECT[table.what](table, names)


def _pairs(text: str) -> dict[str, str]:
    return dict(one.split("=", 1) for one in re.split(r",\s*", text) if one)


def _bill(row: dict) -> int:
    row.pop("name")
    row |= _pairs(row.pop("what", ""))
    of = source(row.pop("source", "bill"))
    tags = {key[4:]: row.pop(key) for key in list(row) if key.startswith("tag:")}
    extras = {key[6:]: row.pop(key) for key in list(row) if key.startswith("extra:")}
    until = row.pop("until", None)
    day = date.fromisoformat(row.pop("day", DAY.isoformat()))
    known = {field.attname for field in ChargeSeries._meta.fields} | {"consumed", "list"}
    amounts = row.pop("billed", None) or row["cost"], row.pop("cost")
    assert row.keys() <= known, f"no field {row.keys() - known}"
    more = {key: value for key, value in row.items() if value}
    if extras:
        more["extras"] = extras
    long = f"{until}T00:00:00Z" if until else None
    return charge(*amounts, of=of, day=day, long_until=long, tags=tags, **more)


def _telemetry(row: dict) -> None:
    first, last = map(int, row["hours"].split("-"))
    for device in row["name"].split():
        gpu_hours(
            device,
            range(first, last),
            node=row.get("node") or "node-a",
            pod=row.get("pod", ""),
            held=int(row.get("held") or 0),
            empty=int(row.get("empty") or 0),
            fraction=row.get("fraction") or "1",
        )


def _held(row: dict) -> None:
    """A pod's requests in each hour of the day, or, as `-`, what the node could give."""
    of = source("kube", "telemetry")
    ensure_partitions("ingest_podhour", [DAY])
    pod = row["name"].strip("-")
    cores, memory = int(row["cores"]) * 3_600_000, int(row["GB"]) * 1024 * 3_600_000
    names = ("requested", "used") if pod else ("capacity",)
    told = {f"cpu_{name}_ms": cores for name in names}
    told |= {f"memory_{name}_ms": memory for name in names}
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    PodHour.objects.bulk_create(
        PodHour(source=of, delivery=delivery(of), hour=midnight + timedelta(hours=hour), pod=pod,
                node=row["node"], observed_ms=3_600_000, **told)
        for hour in range(24)
    )  # fmt: skip
    ChangedDay.objects.create(source=of, day=DAY, what="telemetry")


def _calls(row: dict) -> None:
    model = row.pop("name")
    numbers = {k: int(v.replace(",", "")) for k, v in row.items()
               if v and (k in NUMBERS or k.endswith("_tokens"))}  # fmt: skip
    texts = {key: value for key, value in row.items() if value and key not in numbers}
    calls(model, numbers.pop("requests", 0), **numbers, **texts)


def _rule(row: dict) -> None:
    """`when`: "field op value; …"; `assigns` and `fallback`: pairs."""
    conditions = []
    for text in filter(None, re.split(r";\s*", row.get("when", ""))):
        name, op, *value = text.split(" ", 2)
        one = {"field": name, "op": op}
        if value:
            one["value"] = value[0].split("/") if op == "one_of" else value[0]
        conditions.append(one)
    AllocationRule.objects.create(
        key=row["name"],
        version=1,
        position=int(row["position"]),
        title=row["name"],
        method=row["method"],
        conditions=conditions,
        assigns=_pairs(row.get("assigns", "")),
        then=row.get("then") or "nothing",
        fallback=_pairs(row.get("fallback", "")),
    )


def _alias(row: dict) -> None:
    Alias.objects.create(dimension=row["dimension"], raw=row["name"], canonical=row["stands for"])


def _price(row: dict) -> None:
    Price.objects.create(
        model=row["name"],
        token_class=row["class"],
        price=Decimal(row["per million"]),
        currency="USD",
        basis="list",
        valid_from=date(2026, 1, 1),
    )


def _stored(row: dict) -> None:
    of = source("inventory", "storage")
    StorageAge.objects.create(
        source=of,
        delivery=delivery(of),
        day=DAY,
        bucket=row["bucket"],
        prefix=row["name"],
        age_days_min=0,
        objects_count=1,
        bytes=int(row["bytes"].replace(",", "")),
    )


def _units(home: Path, table: Table) -> None:
    """Own words: what a unit of provisioned throughput serves."""
    names = ["provider", "model", "unit", "input_tokens_per_minute", "output_tokens_per_minute"]
    lines = [",".join(names)]
    lines += [",".join(row.get(n, "") for n in ("name", *names[1:])) for row in table.rows]
    (home / "data").mkdir()
    (home / "data" / "provisioned_units.csv").write_text("\n".join(lines) + "\n")


def _prefix(row: dict) -> None:
    StorageMap.objects.create(pattern=row.pop("name"), **{k: v for k, v in row.items() if v})


_BUILD = {
    "bill": _bill,
    "telemetry": _telemetry,
    "held": _held,
    "calls": _calls,
    "rule": _rule,
    "node": lambda row: node_map(row["name"], row["resource"]),
    "pods": lambda row: workload_map(row.pop("name"), **{k: v for k, v in row.items() if v}),
    "alias": _alias,
    "price": _price,
    "stored": _stored,
    "prefix": _prefix,
}


def _stands(table: Table, names: dict[int, str]) -> None:
    """Every row of the ledger, summed by nothing: one row a charge and target."""
    asked = table.rows[0].keys()
    parts = AllocatedCharge.objects.select_related("target")
    got = sorted(_shown(part, names, asked) for part in parts)
    want = sorted(tuple(_number(row[name]) for name in asked) for row in table.rows)
    assert got == want


def _shown(part: AllocatedCharge, names: dict[int, str], asked) -> tuple:
    target = part.target
    told = {
        "name": names[part.charge_id],
        "stands as": f"{target.kind} / {target.state}",
        "cost": part.effective_cost,
        "billed": part.billed_cost,
        "weight": Decimal(part.weight),
        "then": "" if part.weight2 is None else Decimal(part.weight2),
        "evidence": part.evidence,
    }
    found = (told[name] if name in told else getattr(target, name) for name in asked)
    return tuple(_text(value) for value in found)


def _number(text: str) -> str:
    try:
        return _text(Decimal(text.replace(",", "")))
    except ArithmeticError:
        return text


def _text(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _report(table: Table, names: dict[int, str]) -> None:
    """The table of report `cost` by the first column, idle and shared spread."""
    asked = list(table.rows[0])[1:]
    by = "feature"
    spec = Spec("cost", Period(DAY, DAY.replace(day=2)), Asker("admin"), group_by=(by,),
                idle="spread", shared="spread", estimates="left_out")  # fmt: skip
    got = [(row[by] or row["line"], *(_text(row[name]) for name in asked))
           for row in run(spec).rows]  # fmt: skip
    want = [(row["name"], *(_number(row[name]) for name in asked)) for row in table.rows]
    assert got == want


_EXPECT = {"stands": _stands, "table": _report}
