"""Tables in the order one asks for: by value, on the server, the file like the page."""

from dataclasses import replace
from decimal import Decimal
import re

from django.test import Client, RequestFactory
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from aicost.web.filters import View
from aicost.web.pages.registry import PAGES
from aicost.web.sorting import LINES, Sorting, in_order
from tests.web.page_text import rows_of
from tests.web.test_bar import views
from tests.web.test_figures_are_reports import OF_ONE
from tests.web.world import QUERY

some_cases = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOTHING = (None, "", ())
NAMED = re.compile(r"<tr[^>]*>\s*<th scope=\"row\".*?</th>", re.S)
# The second half of the demo company's days, against the first.
COMPARED = "from=2026-11-01&to=2026-11-04&compare=custom&base_from=2026-10-28&base_to=2026-10-31"
# The page adds up what its file has row by row.
SUMMED = {("health", "quarantine")}


@some_cases
@given(st.lists(st.tuples(st.integers(0, 3) | st.none(), st.integers())), st.booleans())
def test_numbers_by_value_equal_ones_as_they_were_and_nothing_last(rows, up):
    found = in_order(rows, lambda row: row[0], up)
    known = [row for row in rows if row[0] is not None]
    assert found[len(known) :] == [row for row in rows if row[0] is None]
    assert found[: len(known)] == sorted(known, key=lambda row: row[0] if up else -row[0])


def test_words_and_exact_amounts_are_compared_as_what_they_are():
    amounts = [Decimal("9.5"), Decimal(-12), Decimal(10)]
    assert in_order(amounts, abs, up=True) == [Decimal("9.5"), Decimal(10), Decimal(-12)]
    assert in_order(["zeta", "Alpha", "", "beta"], str, up=True) == ["Alpha", "beta", "zeta", ""]


@some_cases
@given(views(), st.sampled_from(["cost", "-cost", "change", "-name"]))
def test_a_head_leads_to_its_order_and_then_to_the_other_way(view, sort):
    """From any state: the largest first, then the smallest first, then the largest first again.
    The rest of the address stays, and the order a table has anyway is not said."""
    view = replace(view, sort=sort, own=(("rows", "60"),))
    name = sort.removeprefix("-")
    head = LINES.head(view, name)
    back = LINES.head(replace(view, sort=re.sub("^--", "", f"-{sort}")), name)
    assert head.order and back.order and head.order != back.order
    other = {"cost": "-cost", "-cost": "", "change": "-change", "-name": "name"}[sort]
    assert head.href.split("#")[0] == f"?{view.here(sort=other)}"
    assert "rows=60" in head.href


def test_a_table_asks_by_its_own_name():
    runs = Sorting({"hours": "hours"}, table="runs", words=())
    view = View(period=None, preset="month", sort="-runs.hours")
    rows = [{"hours": 2}, {"hours": None}, {"hours": 1}]
    assert [row["hours"] for row in runs.rows(view, rows)] == [1, 2, None]
    assert not LINES.knows(view.sort) and LINES.rows(view, rows) == rows
    assert runs.head(replace(view, sort=""), "hours").order == ""
    assert runs.head(view, "cost") is None


@pytest.mark.django_db
def test_explore_by_change_on_the_page_and_in_the_file(visit, costs):
    """1 Sep: search 60, answers 30; 2 Sep: search 100, answers 45.50. Without JavaScript: links."""
    query = "from=2026-09-02&to=2026-09-02"
    shown = visit("finance", f"/explore/?{query}").content.decode()
    link = re.search(r'aria-sort="descending"><a class="sort" href="\?([^"#]*)#', shown)
    assert "sort=-cost" in link[1]
    for sort, order in (("", "search answers"), ("-cost", "answers search"),
                        ("-change", "answers search"), ("name", "answers search")):  # fmt: skip
        address = f"{query}&sort={sort}" if sort else query
        page = rows_of(
            visit("finance", f"/explore/?{address}").content.decode(), "Settings", "search details"
        )
        named = [name for name in page if name.split()[0] in ("search", "answers")]
        assert " ".join(name.split()[0] for name in named) == order, sort
        file = visit("finance", f"/export/explore/table.csv?{address}")
        text = b"".join(file.streaming_content).decode()
        first, second = (text.index(f"\n{name},") for name in order.split())
        assert first < second < text.index("shared")
    odd = visit("finance", f"/explore/?{query}&sort=no_such_column").content.decode()
    assert not [link for link in re.findall(r'href="([^"]*)"', odd) if "no_such" in link]
    assert visit("finance", f"/explore/?{query}&sort=a b").status_code == 400


@pytest.mark.django_db
def test_what_is_asked_of_a_table_is_no_matter_of_other_pages(visit, costs):
    page = visit("finance", f"/explore/?{QUERY}&sort=-cost").content.decode()
    nav = page[page.index('aria-label="Pages"') : page.index("</nav>")]
    assert "sort=" not in nav and "from=2026-09-01" in nav
    assert "sort=" not in re.findall(r'href="(/why/[^"]*)"', page)[0]


def test_every_table_stands_as_its_file_does(demo):
    """Each table of each page by each of its columns, both ways: the values its file has for the
    rows in the order of the page never turn back, and those of nothing come last; so do the rows
    of the file itself."""
    client, finance, checked, wrong = Client(), demo.people()["finance"], 0, []
    client.force_login(finance)
    for page in PAGES.values():
        for panel in page.panels:
            if panel.sorting is None or panel.table is None or (page.slug, panel.slug) in SUMMED:
                continue
            for name in panel.sorting.columns:
                for sort in (name, f"-{name}"):
                    told = f"{panel.sorting.table}." if panel.sorting.table else ""
                    sort = sort.replace(name, f"{told}{name}")
                    told = _stands(client, finance, page, panel, name, sort)
                    if isinstance(told, str):
                        wrong.append(told)
                    checked += told == 1
    assert wrong == []
    assert checked > 100


def _stands(client, user, page, panel, name: str, sort: str) -> int | str:
    """1 when the column was there to compare; what is wrong."""
    of = OF_ONE.get(page.slug, {})
    one = [f"{of.get('kind', page.slug)}={of['name']}"] if of else []
    query = "&".join([COMPARED, f"sort={sort}", *one])
    where = f"{page.slug} {panel.slug} by {sort}"
    address = reverse("panel", args=[page.slug, panel.slug])
    html = client.get(f"{address}?{query}", headers={"HX-Request": "true"}).content.decode()
    if "could not be filled" in html:
        return f"{where}: failed"
    anchor = panel.sorting.head(View(period=None, preset="month"), name).anchor
    if f'id="{anchor}"' not in html:
        return 0
    request = RequestFactory().get(f"{address}?{query}")
    request.user = user
    shown, ask = page.asked(request)
    sheet = panel.sorting.sheet(ask.view, shown.panel(panel.slug).table(ask))
    value = panel.sorting._reader_of(sheet, name)
    if value is None:
        return f"{where}: the file has no such column"
    columns = [column.name for column in sheet.columns]
    rows = [dict(zip(columns, row, strict=True)) for row in sheet.rows]
    owned = [row for row in rows if row.get("line", "owned") == "owned"]
    up = (name in panel.sorting.words) != sort.startswith("-")
    for currency in {row.get("currency") for row in owned} if "line" in columns else {None}:
        of_it = [r for r in owned if "line" not in columns or r.get("currency") == currency]
        if said := _turns([value(row) for row in of_it], up):
            return f"file of {where}: {said}"
    if page.slug == "margin" and panel.slug == "table":
        # Features of which nobody says that they earn stand below, in the same order.
        owned = [row for row in owned if row["revenue"] is not None]
    # Names that stand once, in the order of the page.
    named = [_text(cell) for cell in NAMED.findall(html)]
    by_name: dict[str, list] = {}
    for row in owned:
        for text in {str(v) for v in row.values() if isinstance(v, str) and v}:
            by_name.setdefault(text, []).append(value(row))
    values = [by_name[n][0] for n in named if named.count(n) == 1 and len(by_name.get(n, ())) == 1]
    said = _turns(values, up)
    return f"{where}: {said}" if said else int(len(values) > 1)


def _text(cell: str) -> str:
    bare = re.sub(r'<(span|small|a) class="(note|thin|reason)[^>]*>.*?</\1>', "", cell, flags=re.S)
    return re.sub(r"<[^>]*>", "", bare).strip()


def _turns(values: list, up: bool) -> str:
    """Where the values turn back, or what is nothing does not stand last."""
    known = [v for v in values if v not in NOTHING]
    if values != known + [v for v in values if v in NOTHING]:
        return f"nothing stands before something: {values}"
    folded = [v.casefold() if isinstance(v, str) else v for v in known]
    return "" if folded == sorted(folded, reverse=not up) else str(folded[:6])
