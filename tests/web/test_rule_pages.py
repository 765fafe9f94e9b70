"""The pages of rules: read by all who see every team, changed by those who answer for money."""

from datetime import date
from decimal import Decimal
import html
import re

from django.core.files.uploadedfile import SimpleUploadedFile
import pytest

from aicost.accounts.models import AuditEvent
from attribution.allocate import attribute
from attribution.claims import ensure_builtin_rules
from attribution.closing.months import close_month
from attribution.dirty import dirty_stale_rules
from attribution.models import AllocationRule
from attribution.ruling.draft import Draft
from attribution.ruling.edit import newest, save
from tests.attribution.ledger import charge, stands

pytestmark = pytest.mark.django_db
DAYS = "from=2026-09-01&to=2026-09-30"
SEPTEMBER = "preview_from=2026-09-01&preview_to=2026-09-30"
SEEN = {"preview_from": "2026-09-01", "preview_to": "2026-09-30"}
FORM = {
    "title": "Scratch space of search",
    "method": "direct",
    "then": "nothing",
    "c-0-field": "resource_id",
    "c-0-op": "starts_with",
    "c-0-value": "scratch",
    "a-0-name": "team",
    "a-0-from": "constant",
    "a-0-text": "search",
    "why": "Search asked for it",
}


@pytest.fixture
def ledger(db):
    """One day: 60 on team data-eng by tags, 40 unattributed in its account, 5 of tax."""
    for n in range(6):
        charge("10", sub_account_id="4711", resource_id=f"db-{n}", tags={"team": "data-eng"})
    charge("40", sub_account_id="4711", resource_id="scratch-1", service_name="Object store")
    charge("5", charge_category="Tax")
    attribute()


@pytest.fixture
def built_in(db):
    ensure_builtin_rules()


@pytest.fixture
def write(client, people):
    """write("finance", "/rules/new/", {...}) -> the response to that person."""

    def post(who: str, address: str, given: dict | None = None, **more):
        client.force_login(people[who])
        return client.post(address, given or {}, **more)

    return post


def text(response) -> str:
    """What a person reads: no tags, single spaces."""
    bare = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(bare))


def field(response, name: str) -> str:
    """The value of a hidden or visible input."""
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', response.content.decode())
    return html.unescape(found[1]) if found else ""


def test_it_lists_the_rules_in_claiming_order_with_what_they_hold(visit, ledger):
    page = visit("viewer", f"/rules/?{DAYS}")
    told = text(page)
    assert "rules place 61.9% of $105.00; for $40.00 nobody can be named" in told
    titles = [rule.title for rule in newest()]
    places = [told.index(f" {n} {title}") for n, title in enumerate(titles, 1)]
    assert places == sorted(places)
    assert re.search(r"Everything else .* 1 \$40\.00 38\.1% fallback 100%", told)
    assert re.search(r"Tags that name an owner.{0,200} 6 \$60\.00 57\.1% tagged 100%", told)
    assert "This box could not be filled" not in told


def test_it_says_when_the_question_is_too_long(visit, ledger):
    told = text(visit("finance", "/rules/?from=2026-06-01&to=2026-09-30"))
    assert "at most 31 days of them, not 122" in told
    assert "unknown" in told
    assert "unknown" not in text(visit("finance", "/rules/?from=2026-06-01&to=2026-09-30&long=1"))


def test_it_is_read_only_for_all_but_the_roles_of_money(visit, write, built_in):
    for who in ("viewer", "engineer"):
        page = visit(who, f"/rules/?{DAYS}").content.decode()
        assert "Add a rule" not in page and 'name="move"' not in page
        for address in ("/rules/rule/direct/", "/rules/suggestions/", "/rules.yaml"):
            assert visit(who, address).status_code == 200, address
        for address in ("/rules/new/", "/rules/rule/direct/edit/", "/rules/rule/direct/switch/",
                        "/rules/order/", "/rules/preview/", "/rules/save/"):  # fmt: skip
            assert write(who, address, FORM).status_code == 403, address
    for who in ("scoped", "lone"):
        for address in ("/rules/", "/rules/rule/direct/", "/rules/suggestions/", "/rules.yaml",
                        "/rules/new/"):  # fmt: skip
            assert visit(who, address).status_code == 403, address
    for who in ("finance", "finops", "admin"):
        assert "Add a rule" in visit(who, f"/rules/?{DAYS}").content.decode()


def test_the_form_grows_and_shrinks_without_javascript(write, built_in):
    page = write("finance", "/rules/new/", FORM | {"do": "add:condition"})
    assert 'name="c-1-field"' in page.content.decode()
    assert field(page, "c-0-value") == "scratch"
    assert "Condition 2 added." in text(page)
    more = FORM | {"c-1-field": "account", "c-1-op": "is", "c-1-value": "4711"}
    page = write("finance", "/rules/new/", more | {"do": "drop-condition:0"})
    assert (field(page, "c-0-field"), field(page, "c-0-value")) == ("account", "4711")
    page = write(
        "finance", "/rules/new/", FORM | {"do": "add:target"}, headers={"hx-request": "true"}
    )
    assert b"<html" not in page.content and b'name="a-1-text"' in page.content


def test_it_offers_what_the_ledger_holds(visit, ledger):
    page = visit("finance", "/rules/new/").content.decode()
    assert '<option value="tag:team">' in page and '<option value="resource_id">' in page
    values = visit("finance", "/rules/values/?c-0-field=account").content.decode()
    assert "4711" in values
    assert "data-eng" in visit("finance", "/rules/values/?c-3-field=tag:team").content.decode()
    assert "data-eng" in visit("finance", "/rules/values/?a-0-name=team").content.decode()
    assert visit("finance", "/rules/values/?c-0-field=nonsense").content.strip() == b""


WRONG = (
    ({"title": ""}, "e-title", "it has no title"),
    ({"c-0-field": "colour"}, "e-c-0", "'colour' is no field"),
    ({"c-0-value": ""}, "e-c-0", "it has no value"),
    ({"c-0-op": "regex", "c-0-value": "(?<!a)b"}, "e-c-0", "no regular expression"),
    ({"a-0-text": ""}, "e-a-0", "it has no value"),
    ({"a-0-from": "capture", "a-0-text": "app"}, "e-a-0", "no condition captures 'app'"),
    ({"a-1-name": "team", "a-1-text": "ads"}, "e-a-0", "team is named twice"),
    ({"method": "shared"}, "e-method", "it has no state"),
    ({"valid_from": "2026-09-09", "valid_to": "2026-09-01"}, "e-days", "it ends on"),
    ({"valid_from": "soon"}, "e-days", "'soon' is no day"),
    ({"before": "nobody"}, "e-position", "there is no rule 'nobody'"),
    ({"sources": "elsewhere"}, "e-sources", "there is no bill source 'elsewhere'"),
)


def test_it_says_what_is_wrong_beside_the_part(write, built_in):
    for wrong, part, reason in WRONG:
        page = write("finance", "/rules/new/", FORM | wrong | {"do": "preview"})
        assert page.status_code == 400, wrong
        beside = re.search(rf'id="{part}">(.*?)</p>', page.content.decode(), re.DOTALL)
        assert beside and reason.lower() in html.unescape(beside[1]).lower(), wrong
        assert field(page, "why") == FORM["why"]
    assert not AllocationRule.objects.filter(built_in=False).exists()


def test_the_last_rule_stays_as_it_is(visit, built_in):
    for what in ("edit", "switch"):
        page = visit("finance", f"/rules/rule/unclaimed/{what}/")
        assert page.status_code == 400
        assert "no other rule does" in text(page)
    assert visit("finance", "/rules/rule/nothing/").status_code == 404


def test_a_rule_shows_where_its_money_stands_and_its_series(visit, ledger):
    told = text(visit("engineer", f"/rules/rule/direct/?{DAYS}&by=team,experiment"))
    assert re.search(r"data-eng .*\$60\.00 100\.0% tagged 100%", told)
    assert "db-0" in told and "team=data-eng" in told
    assert "New: Tags that name an owner" in told
    page = visit("engineer", f"/rules/rule/direct/?{DAYS}").content.decode()
    assert "/explore/?from=2026-09-01&amp;to=2026-09-30&amp;rule=direct" in page


def test_it_shows_suggestions_with_their_evidence(visit, ledger):
    told = text(visit("viewer", f"/rules/suggestions/?{DAYS}"))
    assert "6 of 6 attributed series of account 4711 stand on team data-eng, 100%" in told
    assert "$40.00 100.0% 1 Strong." in told


def seen(page) -> dict:
    """What the form that saves sends back."""
    names = ("seen", "carried", "why", "preview_from", "preview_to")
    return {name: field(page, name) for name in names}


def test_a_suggestion_becomes_a_rule_by_way_of_its_preview(visit, write, ledger):
    found = visit("finance", f"/rules/suggestions/?{DAYS}").content.decode()
    link = html.unescape(re.search(r'href="(/rules/new/\?draft=[^"]+)"', found)[1])
    form = visit("finance", link)
    assert (field(form, "c-0-field"), field(form, "c-0-value")) == ("account", "4711")
    assert (field(form, "a-0-text"), field(form, "position")) == ("data-eng", "950")
    given = FORM | {"c-0-field": "account", "c-0-op": "is", "c-0-value": "4711",
                    "a-0-text": "data-eng", "position": "950"}  # fmt: skip
    page = write("finance", "/rules/new/", given | SEEN | {"do": "preview"})
    told = text(page)
    assert "$40.00 would stand elsewhere" in told
    assert "Unattributed, unclaimed data-eng $40.00 1 1" in told
    assert "New account is 4711" in told
    assert "Unattributed USD $40.00 $0.00 −$40.00" in told
    assert "Total USD $105.00 $105.00 $0.00" in told
    assert "No team $45.00 $5.00 −$40.00 data-eng $60.00 $100.00 +$40.00" in told
    assert "1 charge of 1 series counted by the engine itself in" in told
    assert not AllocationRule.objects.filter(built_in=False).exists()
    saved = write("finance", "/rules/save/", seen(page))
    assert saved["Location"] == "/rules/rule/scratch-space-of-search/?saved=1"
    dirty_stale_rules()
    assert "1 day still to be counted anew" in text(visit("finance", f"/rules/?{DAYS}"))
    attribute()
    assert "counted anew" not in text(visit("finance", f"/rules/?{DAYS}"))
    assert stands()[("workload", "active", "", "", "", "data-eng")] == Decimal(100)
    rule = AllocationRule.objects.get(built_in=False)
    assert (rule.position, rule.note, rule.created_by.username) == (950, FORM["why"], "finance")
    assert AuditEvent.objects.filter(action="rule_saved", subject=rule.key).exists()
    told = text(visit("finance", saved["Location"]))
    assert "Saved." in told and "New: Scratch space of search" in told and FORM["why"] in told


def test_the_days_of_a_preview_are_of_an_open_month(visit, people, ledger):
    assert "1–30 Sep 2026" in text(visit("finance", "/rules/rule/direct/switch/?whole=1"))
    close_month(date(2026, 9, 1), people["finance"], "to see what a rule reaches then")
    assert "1–31 Oct 2026" in text(visit("finance", "/rules/rule/direct/switch/?whole=1"))


def test_nothing_is_saved_that_was_not_previewed(write, people, ledger):
    page = write("finance", "/rules/new/", FORM | SEEN | {"do": "preview"})
    good = seen(page)
    for wrong, who in (
        ({"seen": ""}, "finance"),
        ({"seen": good["seen"][:-2]}, "finance"),
        ({"seen": good["carried"]}, "finance"),
        ({}, "finops"),
    ):
        answer = write(who, "/rules/save/", good | wrong)
        assert answer.status_code == 400 and "Nothing was saved" in text(answer), wrong
        assert "$40.00 would stand elsewhere" in text(answer), "the preview is shown instead"
    answer = write("finance", "/rules/save/", {"seen": "x", "carried": "y", "why": "z"})
    assert "Nothing was saved" in text(answer)
    answer = write("finance", "/rules/save/", good | {"why": " "})
    assert answer.status_code == 400 and "the reason is missing" in text(answer).lower()
    save(Draft("else", "Else", assigns={"team": "ads"}, enabled=False), people["finops"], "first")
    answer = write("finance", "/rules/save/", good)
    assert "rules were changed since it was previewed" in text(answer)
    assert not AllocationRule.objects.filter(key="scratch-space-of-search").exists()
    assert write("finance", "/rules/save/", seen(answer)).status_code == 302


def test_a_change_that_moves_nothing_can_be_saved_and_says_so(write, ledger):
    given = FORM | {"c-0-value": "nowhere"} | SEEN | {"do": "preview"}
    page = write("finops", "/rules/new/", given)
    assert "Nothing moves" in text(page) and "no series of these days" in text(page)
    again = write("finops", "/rules/preview/", seen(page) | {"preview_from": "soon"})
    assert "Give two days" in text(again)
    back = write("finops", "/rules/new/", {"do": "back", "back": field(page, "back")})
    assert field(back, "c-0-value") == "nowhere"
    assert write("finops", "/rules/save/", seen(page)).status_code == 302


def test_rules_are_put_in_order_without_javascript(write, ledger):
    keys = [rule.key for rule in newest()]
    page = write("finance", "/rules/order/", {"order": keys, "move": "down:tax"})
    assert "Not saved yet" in text(page)
    moved = re.findall(r'name="order" value="([^"]+)"', page.content.decode())
    assert moved[:3] == ["support", "tax", "commitment"]
    assert re.search(r'value="down:tax"[^>]* autofocus', page.content.decode())
    page = write("finance", "/rules/order/", {"order": moved, "move": "before", "subject": "direct",
                                              "before": "support"})  # fmt: skip
    moved = re.findall(r'name="order" value="([^"]+)"', page.content.decode())
    assert moved[0] == "direct"
    page = write("finance", "/rules/order/", {"order": moved, "do": "preview"} | SEEN)
    assert "Place: 700 →" in text(page) and "Nothing moves" in text(page)
    saved = write("finance", "/rules/save/", seen(page) | {"why": "Tags first"})
    assert saved["Location"] == "/rules/?saved=1"
    assert [rule.key for rule in newest()] == moved
    last = [*moved[:-2], moved[-1], moved[-2]]
    refused = write("finance", "/rules/order/", {"order": last, "do": "preview"})
    assert refused.status_code == 400 and "Leave it last" in text(refused)


def test_a_rule_is_switched_off_and_taken_back_to_an_older_version(visit, write, people, ledger):
    first = visit("finance", f"/rules/rule/direct/switch/?{SEPTEMBER}")
    assert "Switched off" in text(first) and "would stand elsewhere" not in text(first)
    page = visit("finance", f"/rules/rule/direct/switch/?{SEPTEMBER}&whole=1")
    assert "$60.00 would stand elsewhere" in text(page)
    assert "data-eng Unattributed, unclaimed, data-eng $60.00 6 6" in text(page)
    write("finance", "/rules/save/", seen(page) | {"why": "Tags are wrong"})
    assert not newest_of("direct").enabled
    listed = text(visit("viewer", f"/rules/?{DAYS}"))
    assert "Tags that name an owner, then calls of the model off" in listed
    page = visit("finance", f"/rules/rule/direct/revert/1/?{SEPTEMBER}&whole=1")
    assert "Switched on" in text(page)
    write("finance", "/rules/save/", seen(page) | {"why": "They were right"})
    assert (newest_of("direct").version, newest_of("direct").enabled) == (3, True)
    assert visit("finance", "/rules/rule/direct/revert/9/").status_code == 404


def newest_of(key: str) -> AllocationRule:
    return next(rule for rule in newest() if rule.key == key)


def test_rules_go_out_as_yaml_and_come_back_by_way_of_a_preview(visit, write, ledger):
    file = visit("viewer", "/rules.yaml")
    assert "attachment" in file["Content-Disposition"]
    same = write("finance", "/rules/import/", {"text": file.content.decode()})
    assert "Nothing to do" in text(same)
    more = file.content.decode() + (
        "  - key: ours\n    title: Ours\n    position: 650\n    assigns: {team: search}\n"
        "    conditions:\n      - {field: resource_id, op: starts_with, value: scratch}\n"
    )
    page = write("finance", "/rules/import/", {"text": more} | SEEN)
    assert "$40.00 would stand elsewhere" in text(page) and "starts with scratch" in text(page)
    write("finance", "/rules/save/", seen(page) | {"why": "From git"})
    assert newest_of("ours").assigns == {"team": "search"}
    wrong = write("finance", "/rules/import/", {"text": more.replace("starts_with", "rhymes")})
    assert wrong.status_code == 400 and "'rhymes' is no comparison" in text(wrong)
    odd = SimpleUploadedFile("rules.yaml", b"\xff\xfe")
    assert "UTF-8" in text(write("finance", "/rules/import/", {"file": odd}))
