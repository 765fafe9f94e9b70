"""Zero, unknown and not applicable are words: no cell of a figure is empty, none is a dash."""

from html.parser import HTMLParser
from pathlib import Path
import re

from django.test import Client
from django.urls import reverse
import pytest

from aicost.web.pages.registry import PAGES
from tests.web.addresses import pages
from tests.web.demo_world import VIEW
from tests.web.furnished import DAYS, furnish
from tests.web.test_figures_are_reports import OF_ONE

DASHES = {"-", "–", "—", "−"}
TEMPLATES = Path(__file__).parents[2] / "templates"
# A value that is missing becomes nothing at all, or a dash.
BARE = re.compile(r"""\|default(?:_if_none)?:["'][-–—−]?["']\s*\}\}|>\s*[-–—−]\s*<""")
NUM = re.compile(r'<t[dh] class="[^"]*\bnum\b[^"]*">(.*?)</t[dh]>', re.S)


class Tables(HTMLParser):
    """`blank`: (head of the column, name of the row) of each cell of a figure without a word."""

    def __init__(self) -> None:
        super().__init__()
        self.blank: list[tuple[str, str]] = []
        self._heads: list[list] = []
        self._row: list[dict] | None = None
        self._cell: dict | None = None
        self._in_head = self._foot = self._summed = False

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag == "table":
            self._heads = []
        elif tag in ("thead", "tbody", "tfoot"):
            self._in_head, self._foot = tag == "thead", tag == "tfoot"
        elif tag == "tr":
            self._row = []
            self._summed = "total" in (told.get("class") or "") or self._foot
        elif tag in ("td", "th") and self._row is not None:
            classes = (told.get("class") or "").split()
            self._cell = {"css": classes, "text": "", "span": int(told.get("colspan", 1))}
            self._row.append(self._cell)
        elif tag in ("svg", "input", "select", "button", "form") and self._cell is not None:
            self._cell["text"] += "drawn"

    def handle_data(self, data):
        if self._cell is not None:
            self._cell["text"] += data.strip()

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = None
        elif tag == "tr" and self._row is not None:
            self._ended(self._row)
            self._row = None

    def _ended(self, row: list[dict]) -> None:
        if self._in_head:
            self._heads = [(cell["text"], "num" in cell["css"]) for cell in row]
            return
        at, name = 0, row[0]["text"] if row else ""
        for cell in row:
            head, is_figure = self._heads[at] if at < len(self._heads) else ("", False)
            at += cell["span"]
            blank = not cell["text"] or cell["text"] in DASHES
            if is_figure and head and blank and not self._summed and cell["span"] == 1:
                self.blank.append((head, name))


def blanks(html: str) -> list[tuple[str, str]]:
    reader = Tables()
    reader.feed(html)
    return reader.blank


def test_it_sees_a_blank_figure_and_a_dash():
    table = ("<table><thead><tr><th>Name</th><th class='num'>Cost</th><th class='num'>Calls</th>"
             "</tr></thead><tbody><tr><th>a</th><td class='num'> </td><td>–</td></tr><tr><th>b</th>"
             "<td>$0.00</td><td>unknown</td></tr></tbody></table>")  # fmt: skip
    assert blanks(table) == [("Cost", "a"), ("Calls", "a")]


def test_no_template_prints_a_dash_or_nothing_for_a_figure():
    """Whatever cell of a figure says what a missing value is: unknown, n/a, not set …"""
    found = [
        f"{file.relative_to(TEMPLATES)}: {cell.strip()[:90]}"
        for file in sorted(TEMPLATES.rglob("*.html"))
        for cell in NUM.findall(file.read_text(encoding="utf-8"))
        if BARE.search(f">{cell}<")
    ]
    assert found == []


@pytest.mark.django_db
def test_no_figure_of_the_furnished_company_is_blank():
    client = Client()
    client.force_login(furnish()["admin"])
    found = []
    for address in pages(client):
        told = f"{address}{'&' if '?' in address else '?'}{DAYS}&whole=1"
        answer = client.get(told)
        if answer.status_code == 200 and not answer.streaming:
            found += [(address, *one) for one in blanks(answer.content.decode())]
    assert found == []


def test_no_figure_of_the_demo_company_is_blank(demo):
    found, client, people = [], Client(), demo.people()
    for who in ("finance", "scoped"):
        client.force_login(people[who])
        for address in pages_of_the_demo():
            answer = client.get(f"{address}?{VIEW}&compare=previous&whole=1")
            if answer.status_code == 200:
                found += [(who, address, *one) for one in blanks(answer.content.decode())]
    assert found == []


def pages_of_the_demo() -> list[str]:
    # An alert has its own test: tests/web/test_alert_pages.py.
    return [reverse(slug, kwargs=OF_ONE.get(slug)) for slug in PAGES if slug != "alert"]
