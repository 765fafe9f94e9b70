"""Lists of pages without panels are sorted by their heads: plain links, on the server."""

from datetime import date
from decimal import Decimal
import re

from django.urls import reverse
import pytest

from aicost.accounts.people import add_user
from aicost.accounts.tokens import INGEST, READ, make_token
from aicost.notify.models import Send
from attribution.models import Budget
from ingest.models import Price
from tests.web.furnished import furnish
from tests.web.world import PASSWORD

pytestmark = pytest.mark.django_db
# Every list with heads, and how many of its columns sort.
LISTS = {"people": 5, "tokens": 5, "sources": 5, "views": 0, "files": 5, "prices": 6,
         "statements": 0, "reports": 2, "sent": 6, "webhooks": 2}  # fmt: skip
HEAD = re.compile(r'<th scope="col"([^>]*)><a class="sort" href="([^"]*)"')
ROW = re.compile(r'<th scope="row"[^>]*>(.*?)</th>', re.S)


def names(page: str) -> list[str]:
    return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in ROW.findall(page)]


def test_a_list_stands_as_its_head_says_and_the_other_way_next(client, people):
    """Words from A, money and times the largest first, what is nothing last; the file alike."""
    for model, price in (("beta", "3"), ("alpha", "10"), ("gamma", None)):
        Price.objects.create(
            provider="vendor", model=model, token_class="input_tokens", per_units=1_000_000,
            price=price and Decimal(price), discount_percent=None if price else Decimal(5),
            currency="USD", basis="contract", valid_from=date(2026, 9, 1),
        )  # fmt: skip
    client.force_login(people["finance"])
    for sort, order in (("", "alpha beta gamma"), ("-model", "gamma beta alpha"),
                        ("price", "alpha beta gamma"), ("-price", "beta alpha gamma"),
                        ("no_such", "alpha beta gamma")):  # fmt: skip
        page = client.get("/prices/", {"sort": sort}).content.decode()
        assert [name.split()[0] for name in names(page)] == order.split(), sort
        link = re.search(r'href="([^"]*/prices\.csv[^"]*)"', page)[1].replace("&amp;", "&")
        lines = b"".join(client.get(link).streaming_content).decode().splitlines()[1:]
        assert [line.split(",")[1] for line in lines] == order.split(), sort


def test_people_tokens_and_their_heads(client, people):
    add_user("zoe", PASSWORD, role="viewer")
    make_token(people["admin"], "Zebra", [READ])
    make_token(people["admin"], "apple", [INGEST])
    client.force_login(people["admin"])
    shown = client.get(f"{reverse('people')}?sort=-login&q=kept").content.decode()
    assert names(shown)[0] == "zoe"
    orders = {href: told for told, href in HEAD.findall(shown)}
    assert 'aria-sort="descending"' in orders["?q=kept&amp;sort=login#by-table-login"]
    tokens = client.get(f"{reverse('tokens')}?sort=name").content.decode()
    assert names(tokens) == ["apple", "Zebra"]


def test_every_list_of_the_furnished_company_answers_to_its_heads(client):
    client.force_login(furnish()["admin"])
    assert Budget.objects.exists() and Send.objects.exists()
    lacking = []
    for name, heads_min in LISTS.items():
        page = client.get(reverse(name)).content.decode()
        heads = HEAD.findall(page)
        if len(heads) < heads_min:
            lacking.append((name, len(heads)))
        for _, href in heads:
            told = href.replace("&amp;", "&").split("#")[0]
            answer = client.get(f"{reverse(name)}{told}")
            assert answer.status_code == 200, (name, href)
            assert "aria-sort" in answer.content.decode(), (name, href)
            assert sorted(names(answer.content.decode())) == sorted(names(page)), (name, href)
    assert lacking == []
