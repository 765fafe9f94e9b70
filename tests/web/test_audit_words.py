"""The audit trail in words: what was done, and each thing before and after."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from aicost.accounts.changes import Access, change_access
from aicost.accounts.models import AuditEvent
from aicost.web.audited import told
from attribution.entities.changes import By
from attribution.entities.registry import save_details, set_parent
from attribution.finance import tables

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["before", "after", "from", "to", "now", "changes", "is", "{subject}"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
ACTIONS = ("login", "export", "target_changed", "company_saved", "rule_saved", "of_tomorrow")


def said(action: str, subject: str = "", **detail) -> str:
    return told(AuditEvent(action=action, subject=subject, detail=detail)).line


@pytest.mark.django_db
def test_it_says_what_was_before_and_after(client, people):
    change_access(people["viewer"], Access("engineer", ("search",), False), people["admin"])
    save_details("feature", "search", {"owner": "Priya Nair"}, By(people["finops"]))
    by = By(people["finops"], "she moved on")
    save_details("feature", "search", {"owner": "Noor Haddad"}, by)
    set_parent("feature", "search", "product", "Shop", By(people["finops"]))
    rows = list(tables.built_in("cost_classes"))[1:]
    tables.save("cost_classes", rows, people["finance"], "agreed with the auditors")
    client.force_login(people["finops"])
    page = client.get("/settings/audit/").content.decode()
    for text in (
        "Changed what viewer may do and see",
        'Role: <span class="second">viewer</span> → engineer',
        "Changed the details of feature search",
        'Owner: <span class="second">Priya Nair</span> → Noor Haddad',
        "she moved on",
        "agreed with the auditors",
        "→ taken out",
    ):
        assert text in page, text
    assert "{&#x27;" not in page and "[{" not in page


def test_it_says_each_action_in_a_sentence():
    assert said("login_refused", "eve", address="10.0.0.9") == (
        "Login as eve was refused, from 10.0.0.9"
    )
    assert said("export", "explore/table", format="csv", rows=6, query="group=team") == (
        "Took away explore/table as csv, 6 rows; asked with group=team"
    )
    assert said("source_paused", "lab", enabled=False) == "Paused the source lab"
    assert said("company_saved", "company", fiscal_month=[1, 4]) == (
        "Changed the company’s calendar. fiscal month: 1 → 4"
    )
    changes = ["Switched off", "Position: 10 → 20"]
    assert said("rule_saved", "gpus", version=3, why="dear", changes=changes) == (
        "Saved the rule gpus as version 3. Switched off; Position: 10 → 20. dear"
    )
    assert said("prices_repriced", "May", before={"USD": "1.5"}, after={"USD": "2"}) == (
        "Priced May anew. USD: 1.5 → 2"
    )
    assert said("of_tomorrow", "x", rows=2) == "Of tomorrow: x (rows 2)"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ACTIONS), st.text(max_size=8), JSON)
def test_it_can_say_whatever_stands_in_the_trail(action, subject, detail):
    assert isinstance(told(AuditEvent(action=action, subject=subject, detail=detail)).line, str)
