"""One question has one answer: on the page, in its CSV, over REST, on the command line, in SQL, to
a language model and in the daily files. Nobody is shown a team that is not theirs."""

import csv
from dataclasses import replace
from decimal import Decimal
from html import unescape
import io
import json
import os
from pathlib import Path
import random

from django.core.management import call_command
from django.test import Client
import pytest

from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.accounts.tokens import READ, make_token
from aicost.api.mcp.base import Reader
from aicost.api.mcp.server import call
from aicost.web import numbers
from aicost.web.filters import View
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.bi.sight import seen_by, select
from tests.bi.test_sql_is_reports import Query, asked

pytestmark = pytest.mark.django_db
CASES = int(os.environ.get("AICOST_SURFACE_CASES", "60"))
ZERO = Decimal(0)
Sums = dict[str, Decimal]
TEAMS = {"a", "b"}


def summed(rows, cost: str = "cost") -> Sums:
    """currency -> sum, without currencies of nothing."""
    found: Sums = {}
    for row in rows:
        found[row["currency"]] = found.get(row["currency"], ZERO) + Decimal(row[cost])
    return {currency: amount for currency, amount in found.items() if amount}


def question(chosen: random.Random) -> Spec:
    """What every surface can be asked: a page knows two groups, SQL joins rates of single costs."""
    while True:
        spec = asked(chosen)
        spreads = "spread" in (spec.idle, spec.shared)
        if len(spec.group_by) < 3 and not (spec.in_currency and spreads):
            return replace(spec, asker=Asker("engineer", spec.asker.teams))


def view_of(spec: Spec) -> View:
    return View(spec.period, group_by=spec.group_by or ("feature",), filters=spec.filters,
                basis=spec.basis, idle=spec.idle, shared=spec.shared, compare="none",
                step="" if spec.granularity == "total" else spec.granularity,
                in_currency=spec.in_currency)  # fmt: skip


class Surfaces:
    """Each method asks one surface in the name of one person: (sums by currency, teams named)."""

    def __init__(self, user: User, root: Path):
        self.user, self.asker, self.root = user, asker_of(user), root
        self.pages = Client()
        self.pages.force_login(user)
        _, text = make_token(user, "test", [READ])
        self.bearer = {"Authorization": f"Bearer {text}"}

    def page_csv(self, spec: Spec) -> tuple[Sums, set]:
        answer = self.pages.get(f"/explore.csv?{view_of(spec).query()}")
        assert answer.status_code == 200, answer.content
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        return summed(rows), named(rows)

    def rest(self, spec: Spec) -> tuple[Sums, set]:
        told = {"from": spec.period.start, "to": spec.period.end, "basis": spec.basis,
                "idle": spec.idle, "shared": spec.shared, "granularity": spec.granularity,
                "limit": "all"}  # fmt: skip
        told |= {"group_by": ",".join(spec.group_by)} if spec.group_by else {}
        told |= {"in_currency": spec.in_currency} if spec.in_currency else {}
        told |= {f"filter[{name}]": list(values) for name, values in spec.filters.items()}
        answer = self.pages.get("/api/v1/reports/cost", told, headers=self.bearer)
        body = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200, body
        rows = json.loads(body)["rows"]
        return summed(rows), named(rows)

    def command(self, spec: Spec) -> tuple[Sums, set]:
        file = self.root / "told.csv"
        told = ["cost", "--from", f"{spec.period.start}", "--to", f"{spec.period.end}",
                "--granularity", spec.granularity, "--basis", spec.basis, "--idle", spec.idle,
                "--shared", spec.shared, "--group-by", ",".join(spec.group_by), "--role",
                self.asker.role, "--in-currency", spec.in_currency, "--format", "csv",
                "--output", str(file)]  # fmt: skip
        for name, values in spec.filters.items():
            told += [part for value in values for part in ("--filter", f"{name}={value}")]
        for team in self.asker.teams or ():
            told += ["--team", team]
        call_command("report", *told)
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        return summed(rows), named(rows)

    def sql(self, spec: Spec) -> tuple[Sums, set]:
        query = Query(spec)
        with seen_by(self.asker.role, self.asker.teams):
            found = select(query.text(), *query.values)
        names = ("period", *spec.group_by, "currency", "cost")
        rows = [dict(zip(names, row, strict=True)) for row in found]
        return summed(rows), named(rows)

    def model(self, spec: Spec) -> tuple[Sums, set]:
        """By day a model is told at most a hundred steps; the total is of all rows."""
        told = {"period": f"{spec.period.start}..{spec.period.end}", "basis": spec.basis,
                "group_by": list(spec.group_by), "spread_idle": spec.idle == "spread",
                "filters": {name: list(values) for name, values in spec.filters.items()},
                "spread_shared": spec.shared == "spread", "currency": spec.in_currency}  # fmt: skip
        said = call(lambda: Reader.of(self.user, self.asker), "query_costs", told)
        if said.is_error:  # a name without any row is refused; then there is nothing to tell
            assert "that you may see" in said.content[0].text, said
            return {}, set()
        made = said.structured_content
        total = [one | one.get("exact", {}) for one in made["total"]]
        return summed(total), named(made["rows"])

    def text(self, spec: Spec) -> str:
        """The page itself, with all of its panels, as somebody reads it."""
        answer = self.pages.get(f"/explore/?{view_of(spec).query()}&whole=1")
        assert answer.status_code == 200, answer.content
        return unescape(answer.content.decode())


def named(rows) -> set:
    """The teams that rows name, as a group."""
    return {row["team"] for row in rows if row.get("team")}


def shown(amount: Decimal, currency: str) -> tuple[str, ...]:
    """How a page writes a sum: with its cents, which a key figure sets apart."""
    text = numbers.money(amount, currency)
    return text, text.rpartition(".")[0] or text


def test_every_surface_gives_one_answer_and_nobody_sees_another_team(people, tmp_path):
    chosen, answered = random.Random(300), 0
    surfaces = {scope: Surfaces(user, tmp_path) for scope, user in people.items()}
    for nth in range(CASES):
        spec = question(chosen)
        asks = surfaces[spec.asker.teams]
        told = summed(run(spec).rows)
        for surface in (asks.page_csv, asks.rest, asks.command, asks.sql, asks.model):
            sums, teams = surface(spec)
            assert sums == told, (nth, surface.__name__, spec)
            assert teams <= set(spec.asker.teams or TEAMS), (nth, surface.__name__, spec)
        page = asks.text(spec)
        for currency, amount in told.items():
            assert any(one in page for one in shown(amount, currency)), (nth, amount, spec)
        answered += bool(told)
    assert answered > CASES // 2
