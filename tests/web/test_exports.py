"""What is taken away is what was shown: one table in three files, none of them a formula."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
import io
import json
import re

from django.utils.html import escape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import openpyxl
import pyarrow.parquet as pq
import pytest

from aicost.accounts.models import AuditEvent
from aicost.web import numbers
from aicost.web.pages.registry import PAGES
from attribution.reports.columns import COUNT, DAY, DECIMAL, TEXT, TIME
from attribution.reports.sheets import (
    PROVENANCE,
    WRITERS,
    Column,
    Sheet,
    csv_chunks,
    parquet_chunks,
    xlsx_chunks,
)
from tests.web.world import QUERY, TOTAL, query_of

COLUMNS = (
    Column("feature", TEXT),
    Column("day", DAY),
    Column("at", TIME),
    Column("requests", COUNT),
    Column("cost", DECIMAL),
)
TABLES = [
    (page, panel)
    for page in PAGES.values()
    for panel in page.panels
    if panel.table and page.slug != "alert"
]
some_cases = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
money = st.decimals(
    min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=18, allow_nan=False
)
hostile = st.tuples(
    st.sampled_from(["=", "+", "-", "@", "\t", "\0", "\r", "'", "", "=cmd|' /C calc'!A1"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
).map("".join)
moments = st.integers(0, 2**32).map(lambda s: datetime.fromtimestamp(s, UTC))
rows = st.lists(
    st.tuples(
        hostile,
        st.dates(date(1950, 1, 1), date(2200, 1, 1)) | st.none(),
        moments,
        st.integers(0, 2**50) | st.none(),
        money | st.none(),
    ),
    max_size=8,
)


def sheet(found) -> Sheet:
    return Sheet("A table", COLUMNS, found, date(2026, 9, 1), date(2026, 9, 2), "effective",
                 "final", datetime(2026, 9, 3, tzinfo=UTC), spec={"report": "cost"})  # fmt: skip


def read_csv(data: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def read_xlsx(data: bytes) -> list[tuple]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert all(cell.data_type != "f" for page in book for row in page for cell in row)
    return list(book["Table"].iter_rows(values_only=True))


def read_parquet(data: bytes) -> list[dict]:
    return pq.read_table(io.BytesIO(data)).to_pylist()


def taken(visit, who: str, address: str) -> bytes:
    response = visit(who, address)
    assert response.status_code == 200, address
    assert response["Content-Disposition"].startswith("attachment")
    return b"".join(response.streaming_content)


@some_cases
@given(rows)
def test_it_runs_no_text_and_changes_no_number(found):
    """Text that a spreadsheet would run is quoted; a credit of −12.5 stays −12.5 to all digits."""
    back = read_csv(b"".join(csv_chunks(sheet(found))))
    assert len(back) == len(found)
    for row, (feature, _, _, requests, cost) in zip(back, found, strict=True):
        risky = feature.startswith(("=", "+", "-", "@", "\t", "\r", "\0"))
        assert row["feature"] == ("'" + feature if risky else feature)
        assert row["requests"] == ("" if requests is None else str(requests))
        assert (Decimal(row["cost"]) if row["cost"] else None) == cost


@some_cases
@given(rows)
def test_it_keeps_every_digit_in_parquet(found):
    back = read_parquet(b"".join(parquet_chunks(sheet(found))))
    assert [tuple(row[column.name] for column in COLUMNS) for row in back] == found
    assert all(row["trust"] == "final" and row["basis"] == "effective" for row in back)


@some_cases
@given(st.lists(st.tuples(hostile, money | st.none()), max_size=8))
def test_it_writes_numbers_as_numbers_and_text_as_text_in_a_spreadsheet(found):
    """Openpyxl reads what XlsxWriter wrote: no cell is a formula, 15 digits of a number stand."""
    told = Sheet("A table", (COLUMNS[0], COLUMNS[4]), found, *sheet([]).provenance)
    back = read_xlsx(b"".join(xlsx_chunks(told)))[1:]
    for (feature, cost), row in zip(found, back, strict=True):
        assert unwritten(row[0]) == unwritten(feature)
        assert row[1] == (None if cost is None else in_double(cost))


def unwritten(text: str | None) -> str:
    """XML writes some characters as _x000D_ and has no NUL; what matters is that text is text."""
    return re.sub(r"_x[0-9A-F]{4}_|[\x00-\x1f\ufffe\uffff]", "", text or "")


def as_double(number: Decimal) -> float:
    digits = f"{number:.16G}"
    return float(digits)


def in_double(cost: Decimal) -> float | int:
    shown = as_double(cost)
    return int(shown) if shown == int(shown) else shown


def test_it_has_the_same_columns_without_rows():
    """A reader's types must not depend on whether there was anything to read."""
    full = sheet([("search", None, datetime(2026, 9, 1, tzinfo=UTC), 1, Decimal("0.1"))])
    schemas = [
        pq.read_schema(io.BytesIO(b"".join(parquet_chunks(one)))) for one in (sheet([]), full)
    ]
    assert schemas[0].equals(schemas[1])
    assert str(schemas[0].field("cost").type) == "decimal128(38, 18)"
    assert json.loads(schemas[0].metadata[b"aicost"])["report"] == "cost"
    assert [c.name for c in sheet([]).full_columns][-5:] == [c.name for c in PROVENANCE]


@pytest.mark.django_db
def test_it_takes_away_what_explore_shows(visit, costs):
    """search 140 + 20 idle of its own; idle 10, shared 6.50, unattributed 3: 255 in all."""
    address = "/export/explore/table.csv?" + QUERY
    back = read_csv(taken(visit, "viewer", address))
    costs_of = {(row["feature"], row["line"]): Decimal(row["cost"]) for row in back}
    assert costs_of == {
        ("search", "owned"): Decimal(160),
        ("answers", "owned"): Decimal("75.50"),
        ("", "shared"): Decimal("6.50"),
        ("", "idle"): Decimal(10),
        ("", "unattributed"): Decimal(3),
        ("", "total"): TOTAL,
    }
    search = back[0]
    assert (search["idle_cost"], search["measured_cost"]) == ("20", "160")
    assert (search["first_day"], search["last_day"]) == ("2026-09-01", "2026-09-02")
    assert (search["basis"], search["currency"], search["trust"]) == (
        "effective",
        "USD",
        "estimate",
    )
    event = AuditEvent.objects.get(action="export")
    assert event.subject == "explore/table"
    assert (event.detail["format"], event.detail["rows"]) == ("csv", 6)
    assert "from=2026-09-01" in event.detail["query"]
    filtered = read_csv(taken(visit, "viewer", f"{address}&feature=answers"))
    assert [row["cost"] for row in filtered] == ["75.5", "75.5"]
    book = taken(visit, "viewer", f"/export/explore/table.xlsx?{QUERY}&feature=answers")
    about = openpyxl.load_workbook(io.BytesIO(book))["About"].iter_rows(values_only=True)
    told = dict(about)
    assert told["Filter feature"] == "answers"
    assert told["Period"].startswith("2026-09-01 to 2026-09-02")


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "panel"), TABLES, ids=lambda one: one.slug)
def test_it_gives_three_files_with_the_same_rows(visit, costs, page, panel):
    """Every table of every page: the spreadsheet to 15 digits, the others exactly."""
    query = query_of(page.slug) if page.under else QUERY
    address = f"/export/{page.slug}/{panel.slug}"
    lines = read_csv(taken(visit, "admin", f"{address}.csv?{query}"))
    exact = read_parquet(taken(visit, "admin", f"{address}.parquet?{query}"))
    head, *cells = read_xlsx(taken(visit, "admin", f"{address}.xlsx?{query}"))
    assert len(lines) == len(exact) == len(cells)
    for line, row, cell in zip(lines, exact, cells, strict=True):
        assert list(line) == list(row)
        for name, shown in zip(head, cell, strict=True):
            if isinstance(row[name], Decimal):
                assert Decimal(line[name]) == row[name]
                assert float(shown) == as_double(row[name])
            else:
                empty = (row[name] in (None, ""), line[name] == "", shown in (None, ""))
                assert len(set(empty)) == 1, (name, row[name], line[name], shown)


@pytest.mark.django_db
def test_it_shows_on_the_page_what_the_file_holds(visit, costs):
    """Each amount of a table of cost stands on its page, rounded; none is made for the file."""
    for slug, panel, address in (("explore", "table", "/explore/"),
                                 ("targets", "table", "/targets/")):  # fmt: skip
        page = visit("admin", f"{address}?{QUERY}").content.decode()
        for row in read_csv(taken(visit, "admin", f"/export/{slug}/{panel}.csv?{QUERY}")):
            assert numbers.money(Decimal(row["cost"]), "USD") in page, row
        assert escape(f"/export/{slug}/{panel}.xlsx?{QUERY}") in page


@pytest.mark.django_db
def test_it_keeps_what_a_page_asks_of_itself(visit, costs):
    """Names & owners narrowed to "ans": one row and the total, on the page and in the file."""
    back = read_csv(taken(visit, "admin", f"/export/targets/table.csv?{QUERY}&q=ans"))
    assert [row["name"] for row in back if row["line"] == "owned"] == ["answers"]
    assert Decimal(back[-1]["cost"]) == TOTAL
    assert "q=ans" in visit("admin", f"/targets/?{QUERY}&q=ans").content.decode()


@pytest.mark.django_db
def test_it_lets_nobody_take_what_they_may_not_see(visit, costs):
    text = taken(visit, "scoped", f"/export/explore/table.csv?{QUERY}").decode()
    assert "relevance" not in text and "answers" not in text and "255" not in text
    for kind in WRITERS:
        assert visit("scoped", f"/export/health/sources.{kind}?{QUERY}").status_code == 403
    assert AuditEvent.objects.filter(action="denied").count() == 3


@pytest.mark.django_db
def test_it_says_what_it_cannot_make(visit, costs, monkeypatch):
    assert visit("admin", "/export/explore/nothing.csv").status_code == 404
    assert visit("admin", "/export/nowhere/table.csv").status_code == 404
    refused = visit("admin", "/export/explore/table.pdf")
    assert refused.status_code == 400
    assert "take one of csv, xlsx, parquet" in refused.content.decode()
    monkeypatch.setattr("attribution.reports.sheets.XLSX_ROWS_MAX", 2)
    refused = visit("admin", f"/export/explore/table.xlsx?{QUERY}")
    assert refused.status_code == 400
    assert "take CSV or Parquet" in refused.content.decode()
    monkeypatch.setattr("aicost.web.pages.explore.cost_blocks", lambda *args: 1 / 0)
    broken = visit("admin", f"/export/explore/table.csv?{QUERY}")
    assert broken.status_code == 500
    assert "This file could not be made" in broken.content.decode()
