"""Names & owners: every name that money stands on or somebody registered, of one kind at a time."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from django.http import HttpRequest, HttpResponse

from aicost.accounts.audit import EXPORT, record
from aicost.accounts.scope import may_edit_names
from aicost.web import numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.budgeted import Held, held
from aicost.web.filters import label
from aicost.web.names import (
    CONSISTS_OF,
    cost_after,
    entities,
    last_day,
    may_see_plans,
    parents_on,
    target_url,
)
from aicost.web.parts import RESIDUAL_LATER, STAMP, against, cost_blocks, why_url
from aicost.web.picks import hidden_pairs
from aicost.web.shell import Page, Panel, for_people, refuse
from aicost.web.sizes import is_large
from aicost.web.sorting import Sorting, growth_of, part_of
from aicost.web.tables import Line
from attribution.entities.files import export_targets
from attribution.entities.seen import names_seen
from attribution.models import Entity
from attribution.models.entities import RETIRED, STATUSES
from attribution.reports.columns import TEXT
from attribution.reports.sheets import Column, Sheet, sheet_of

ZERO = Decimal(0)
ROWS_MAX = 100
UNREGISTERED, UNOWNED = "unregistered", "unowned"
WORDS = {"": "Any", "active": "Active", RETIRED: "Retired", UNREGISTERED: "Not registered",
         UNOWNED: "Without owner"}  # fmt: skip

SORTS = Sorting(
    {
        "name": "name",
        "owner": "entity.owner",
        "cost": "line.cost",
        "change_percent": "line.growth",
        "budget_used": "budget.part",
    },
    "cost",
    ("name", "owner"),
    data={"change_percent": growth_of, "budget_used": part_of},
)


@dataclass
class Named:
    """One row of the table: the line of the report with what is said of its name."""

    line: Line
    name: str
    entity: Entity | None
    parents: list
    budget: Held | None
    late: list
    silent: bool = False  # no money of it: nothing to ask why
    url: str = ""

    @property
    def title(self) -> str:
        """The title where it says more than the name."""
        title = self.entity.title if self.entity else ""
        return "" if _folded(title) == _folded(self.name) else title

    @property
    def owned(self) -> bool:
        return self.line.line == "owned"

    def is_of(self, status: str) -> bool:
        if status == UNREGISTERED:
            return self.entity is None
        if status == UNOWNED:
            return self.entity is None or not self.entity.owner
        return not status or (self.entity is not None and self.entity.status == status)

    def has(self, asked: str) -> bool:
        texts = [self.name, *(row.parent for row in self.parents)]
        if self.entity is not None:
            texts += [self.entity.title, self.entity.owner]
        return not asked or any(asked.casefold() in text.casefold() for text in texts)


@dataclass
class Table:
    """The rows of one currency; `hidden` are not what was asked for, or too many."""

    currency: str
    rows: list[Named]
    below: list[Named]
    total: Line
    hidden: int = 0

    @property
    def every(self) -> list[Named]:
        total = Named(self.total, "", None, [], None, [])
        return [*self.rows, *self.below, *([total] if self.currency else [])]


def _folded(text: str) -> str:
    return text.casefold().replace("-", " ").replace("_", " ")


def kind_asked(ask: Ask) -> str:
    first = ask.view.group_by[0]
    return first if first in CONSISTS_OF else "feature"


def tables(ask: Ask) -> list[Table]:
    """All rows of the kind, one table a currency; registered names without money stand in the
    first."""
    kind = kind_asked(ask)
    known, day = entities(kind), last_day(ask)
    seen = names_seen(ask.asker, kind)
    above = parents_on(kind, day)
    budgets = held(ask, kind) if may_see_plans(ask.asker, kind) else {}
    late = cost_after(ask, kind, known.values())

    def named(line: Line) -> Named:
        name = line.key[1] if line.line == "owned" else ""
        entity = known.get(name)
        return Named(
            line,
            name or line.names[0],
            entity,
            above.get(name, []),
            budgets.get(name),
            late.get(name, []),
        )

    found = []
    for block in cost_blocks(ask, (kind,)):
        rows = [named(line) for line in block.lines]
        owned, below = [r for r in rows if r.owned], [r for r in rows if not r.owned]
        found.append(Table(block.currency, owned, below, block.total))
    with_money = {row.name for table in found for row in table.rows}
    silent = sorted(n for n in known if n not in with_money and (seen is None or n in seen))
    if silent and not found:
        found.append(Table("", [], [], Line(("total",), ("Total",), "total")))
    for name in silent:
        line = Line(("owned", name), (name,), "owned", cost=ZERO, previous=None)
        found[0].rows.append(replace(named(line), silent=True))
    return found


def lead(ask: Ask) -> dict:
    kind, found = kind_asked(ask), ask.once(tables)
    rows = [row for table in found for row in table.rows]
    many = numbers.plural(len({r.name for r in rows}), *plural_of(kind))
    if not rows:
        told = f"No {label(kind).lower()} is named in this period, and none is registered."
        return {"parts": [(told, True)]}
    parts = [(many, True)]
    if found[0].currency:
        owned = sum((row.line.cost for row in found[0].rows), ZERO)
        cost = numbers.money(owned, found[0].currency)
        parts += [(" cost ", False), (cost, True)]
        parts.append((f" over {numbers.period(ask.period, year=True)}", False))
    lacking = len({r.name for r in rows if r.is_of(UNOWNED)})
    said = f"{numbers.count(lacking)} of them have no owner" if lacking else "all have an owner"
    parts.append((f"; {said}", False))
    for row in rows:
        for currency, cost in row.late[:1]:
            told = f"{row.name} is retired and still costs {numbers.money(cost, currency)}"
            parts += [("; ", False), (told, True)]
    return {"parts": [*parts, (".", False)]}


def plural_of(kind: str) -> tuple[str, str]:
    one = label(kind).lower()
    return one, f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"


def table(ask: Ask, asked: str, status: str, rows_max: int | None = ROWS_MAX) -> dict:
    """The dearest `rows_max` of those asked for (None: all); the box finds the others."""
    kind, found = kind_asked(ask), []
    for one in ask.once(tables):
        rows = [row for row in one.rows if row.has(asked) and row.is_of(status)]
        rows = SORTS.rows(ask.view, rows)
        hidden = len(one.rows) - len(rows[:rows_max])
        found.append(replace(one, rows=rows[:rows_max], hidden=hidden))
        _add_addresses(ask, kind, found[-1])
    return {
        "tables": found,
        "kind": kind,
        "kind_label": label(kind),
        "tabs": [
            (label(name), ask.view.query(group_by=(name,)), name == kind) for name in CONSISTS_OF
        ],
        "pairs": hidden_pairs(ask.view),
        "asked": asked,
        "status": status,
        "statuses": list(WORDS.items()),
        "filtered": bool(asked or status),
        "period": numbers.period(ask.period),
        "against": against(ask),
        "may_import": may_edit_names(ask.user),
    }


def _add_addresses(ask: Ask, kind: str, table: Table) -> None:
    """Where the rows that are shown lead to: of many names most are not."""
    for row in table.every:
        if not row.silent:
            row.line.why = why_url(ask, row.line, (kind,), table.currency)
        if row.owned:
            row.url = target_url(ask, kind, row.name)


def table_data(ask: Ask, asked: str = "", status: str = "") -> Sheet:
    """The rows that the page shows, as data; the total has those too that were not asked for."""
    answer = ask.report("cost", group_by=(kind_asked(ask),))
    found = table(ask, asked, status, rows_max=None)
    columns = ("kind_of_name", "name", "title", "owner", "parents", "line", "currency")
    texts = tuple(Column(name, TEXT) for name in columns)
    numbers = ("cost", "previous", "change", "budget", "budget_used", Column("status", TEXT))
    rows = [_data(found["kind"], one, row) for one in found["tables"] for row in one.every]
    return sheet_of("Names & owners", answer, (*texts, *numbers), rows)


def _data(kind: str, table: Table, row: Named) -> dict:
    said = {} if row.entity is None else {
        "title": row.entity.title, "owner": row.entity.owner, "status": row.entity.status,
    }  # fmt: skip
    return said | {
        "kind_of_name": kind,
        "name": row.name if row.owned else "",
        "parents": ", ".join(one.parent for one in row.parents),
        "line": row.line.line,
        "currency": table.currency,
        "cost": row.line.cost if table.currency else None,
        "previous": row.line.previous,
        "change": row.line.delta,
        "budget": row.budget.amount if row.budget else None,
        "budget_used": row.budget.used if row.budget else None,
    }


def read(request: HttpRequest) -> tuple[Page, Ask]:
    """The kind is the view's group; `q` and `status` narrow the rows and not the total."""
    asked = request.GET.get("q", "").strip()[:100]
    status = request.GET.get("status", "")
    status = status if status in (*STATUSES, UNREGISTERED, UNOWNED) else ""
    narrowed = {"asked": asked, "status": status}
    panels = tuple(
        replace(one, build=partial(table, **narrowed), table=partial(table_data, **narrowed))
        if one.slug == "table"
        else one
        for one in TARGETS.panels
    )
    return replace(TARGETS, panels=panels), ask_of(request)


TARGETS = Page(
    slug="targets",
    title="Names & owners",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead, title="What they cost", lazy=is_large, size="low"),
        Panel(
            "table",
            "parts/targets_table.html",
            partial(table, asked="", status=""),
            table=table_data,
            title="Names & owners",
            lazy=is_large,
            size="tall",
            sorting=SORTS,
        ),
        RESIDUAL_LATER,
    ),
    picks=("period", "compare", "basis", "currency"),
    filters=(),
    own=("q", "status"),
    reads=read,
)


@for_people
def csv(request: HttpRequest) -> HttpResponse:
    """targets.csv as the import takes it, for those who see the whole company."""
    if ask_of(request).asker.teams is not None:
        return refuse(request, "targets.csv")
    record(request.user, EXPORT, "targets", {})
    answer = HttpResponse(export_targets(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="targets.csv"'
    return answer
