"""Every figure on every page equals what `manage.py report` answers to the same question.

For each page made of panels, on eight days of the demo company: whatever its panels ask of reports
is overheard and asked again by the command, and both answers are the same rows, to the last digit.
Then every amount of money in the HTML and every mark of every chart has to follow from the rows
that the command wrote (tests/web/derivable.py says how): a page may add up, compare and divide,
and a figure that comes from elsewhere, is a digit off or belongs to another question is named here.

What it cannot prove: that a right amount stands in the right row. Of amounts of ten dollars and
more with one of their last digits altered nine in ten are refused, of smaller ones half, which
shows the room it leaves; the tests of the single pages close it for what matters. Folded remainders
("17 smaller causes") are said after what they leave out; they are not looked for.
"""

from decimal import Decimal
import html
import json
from random import Random
import re

from django.db.models import Sum
from django.test import Client
from django.urls import reverse
import pytest

from aicost.web.pages.registry import PAGES
from aicost.web.shell import WHOLE
from attribution.models import Entity, EntityBudget
from tests.web.asked import by_command, key_of, overheard, rows_of
from tests.web.demo_world import VIEW
from tests.web.derivable import Derivable
from tests.web.written import around, shown

# Pages of one thing, on a thing that the demo company has.
OF_ONE: dict[str, dict[str, str]] = {
    "model": {"name": "rank-v3"},
    "feature": {"name": "recommendations"},
    "experiment": {"name": "ab-rank-b"},
    "team": {"name": "relevance"},
    "customer": {"name": "finch-us"},
    "gpu_node": {"name": "gpu-exp-01"},
    "target": {"kind": "experiment", "name": "ab-rank-a"},
}
# Walked elsewhere: an alert needs one to be of (test_alert_pages.py).
OF_THEIR_OWN = ("alert",)
VIEWS = {
    "as it opens": ("finance", f"{VIEW}&compare=previous"),
    "billed and spread": ("finance", f"{VIEW}&basis=billed&idle=spread&shared=spread"),
    "one team": ("scoped", VIEW),
}
WITH_BUDGETS = ("target", "targets", "budgets", "feature", "features", "team", "teams", "overview",
                "experiment", "experiments")  # fmt: skip
GONE = Decimal(4) / 30  # of the month that the views end in
IN_VIEW = Decimal(4) / 31 + GONE  # of the months that VIEW touches
FAILED = "This box could not be filled"
# How many amounts still pass with a digit changed. Of $2.17 nine hundred others can be made, of
# which a page with a heatmap and its sums knows hundreds: that says nothing of the walk, so they
# are counted apart.
DIGITS_FEW, ALTERED_MAX, FEW_ALTERED_MAX = 3, 0.12, 0.5


@pytest.fixture
def typed(demo) -> set[Decimal]:
    """Amounts that somebody typed: they stand on pages and in no report of money."""
    hoped = Entity.objects.exclude(expected_value=None).values_list("expected_value", flat=True)
    budgets = EntityBudget.objects.values("dimension").annotate(all=Sum("amount"))
    amounts = EntityBudget.objects.values_list("amount", flat=True)
    # An experiment may have cost by now what its budgets of the two months that began allow.
    trials = EntityBudget.objects.filter(dimension="experiment").values_list("amount", flat=True)
    begun = (amount * months for amount in trials for months in (1, 2))
    return {*begun, *amounts, *(each["all"] for each in budgets), *hoped}


def test_every_figure_follows_from_the_command(demo, typed, monkeypatch, tmp_path):
    asked, wrong, people = {}, [], demo.people()
    tried, accepted = {True: 0, False: 0}, {True: 0, False: 0}
    for view, (who, query) in VIEWS.items():
        client = Client()
        client.force_login(people[who])
        for slug, page in PAGES.items():
            if slug in OF_THEIR_OWN or not page.allowed(people[who]):
                continue
            where = f"{slug}, {view}"
            with overheard(monkeypatch) as heard:
                text, charts = read(client, slug, query)
            for answer in heard:
                key = key_of(answer.spec)
                if key not in asked:
                    asked[key] = (answer.spec, by_command(answer.spec, tmp_path))
                if rows_of(answer) != asked[key][1]:
                    wrong.append(f"{where}: another answer to {key}")
            follows = Derivable(asked[key] for key in {key_of(one.spec) for one in heard})
            if slug in WITH_BUDGETS:
                follows.typed(typed, "USD", GONE, IN_VIEW)
            amounts = shown(text)
            wrong += [f"{where}: {around(text, x)}" for x in follows.strangers(amounts)]
            for name, figure in charts.items():
                wrong += [f"{where}, chart {name}: {x}" for x in follows.strange_marks(figure)]
            for few in (True, False):
                altered = [other(one) for one in amounts if has_few_digits(one) == few]
                tried[few] += len(altered)
                accepted[few] += len(altered) - len(follows.strangers(altered))
    if wrong:
        raise AssertionError("\n".join(wrong))
    assert len(asked) > len(PAGES) and tried[False] > 1000
    assert accepted[False] < tried[False] * ALTERED_MAX, "a wrong figure would too often pass"
    assert accepted[True] < tried[True] * FEW_ALTERED_MAX, "so would a wrong cell of few dollars"


def read(client: Client, slug: str, query: str) -> tuple[str, dict[str, dict]]:
    """The whole page, its late panels included, and the charts that it names."""
    answer = client.get(f"{reverse(slug, kwargs=OF_ONE.get(slug))}?{query}&{WHOLE}=1")
    text = answer.content.decode()
    assert answer.status_code == 200, slug
    assert FAILED not in text, slug
    charts = {}
    for address in re.findall(r'data-figure="([^"]+)"', text):
        figure = client.get(html.unescape(address))
        assert figure.status_code == 200, address
        charts[address.split("?")[0]] = json.loads(figure.content)
    return text, charts


def has_few_digits(amount: str) -> bool:
    return sum(letter.isdigit() for letter in amount) <= DIGITS_FEW


def other(amount: str, chance: Random = Random(5)) -> str:  # noqa: B008
    """The same amount with one of its last three digits changed."""
    places = [n for n, letter in enumerate(amount) if letter.isdigit()][-3:]
    at = chance.choice(places)
    return f"{amount[:at]}{(int(amount[at]) + chance.randint(1, 9)) % 10}{amount[at + 1 :]}"
