"""An address with a name that nobody knows is not found, and says where to look."""

import pytest

from attribution.entities.changes import By
from attribution.entities.naming import rename
from attribution.entities.registry import save_details, set_parent
from ingest.models import Customer
from tests.web.world import FIRST, QUERY

KINDS = {
    "models/{}/": "model", "features/{}/": "feature", "teams/{}/": "team",
    "experiments/{}/": "experiment", "customers/{}/": "customer",
    "targets/workload/{}/": "workload", "targets/environment/{}/": "environment",
    "targets/product/{}/": "product",
}  # fmt: skip
BY = By(reason="a test")


@pytest.mark.parametrize("address, kind", KINDS.items())
def test_a_name_that_nobody_knows_is_not_found(visit, costs, address, kind):
    answer = visit("finance", f"/{address.format('nosuch')}?{QUERY}")
    assert answer.status_code == 404
    page = answer.content.decode()
    assert f"No such {kind}" in page and "“nosuch”" in page and "/search/?q=nosuch" in page
    assert visit("scoped", f"/{address.format('nosuch')}?{QUERY}").status_code in (403, 404)


@pytest.mark.parametrize("address, kind", KINDS.items())
def test_a_name_that_somebody_wrote_down_is_found_also_without_cost(visit, costs, address, kind):
    if kind == "customer":
        Customer.objects.create(customer="planned", name="Planned Ltd", valid_from=FIRST)
    elif kind == "product":
        set_parent("feature", "search", "product", "planned", BY)
    else:
        save_details(kind, "planned", {"title": "Planned"}, BY)
    answer = visit("finance", f"/{address.format('planned')}?{QUERY}")
    if kind in ("feature", "team"):
        assert visit("finance", f"/targets/{kind}/planned/?{QUERY}").status_code == 302
    assert answer.status_code == 200


def test_another_name_of_it_leads_to_what_it_is_called(visit, costs):
    rename("feature", "seek", "search", BY)
    answer = visit("finance", f"/features/seek/?{QUERY}")
    assert answer.status_code == 404
    assert "It is another name of search" in answer.content.decode()
    assert "/features/search/" in answer.content.decode()
