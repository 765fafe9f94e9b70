"""A company with something on every page: the small ledger of tests.attribution.world, and beside
it owners, a budget, a price, a payment, a token, a load, a quarantined row, an unknown node."""

from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

from django.utils import timezone

from aicost.accounts.models import Invitation
from aicost.accounts.tokens import INGEST, make_token
from aicost.files.models import Destination, FilesRun
from aicost.jobs.models import Job
from aicost.kernel.periods import utc_today
from aicost.notify.endpoints import configure
from aicost.notify.message import TEST, Message
from aicost.notify.models import Recipient, Route, Schedule, Send
from aicost.notify.outbox import put
from aicost.notify.webhooks.endpoints import Wanted, send_test
from aicost.notify.webhooks.endpoints import add as add_endpoint
from attribution.alerting.announced import Told as EventTold
from attribution.alerting.announced import announce
from attribution.alerting.look import look
from attribution.budgeting.balances import save_balance
from attribution.budgeting.edit import save_budget
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.entities.registry import save_details, set_budget, set_parent
from attribution.models import Alert, InvoicePaid
from attribution.reports.spec import Asker
from ingest.models import Customer, Price, Source
from tests.attribution.world import build, quarantine_row, stranger
from tests.web.world import make_people

DAYS = "from=2026-09-01&to=2026-09-02"
INVITED = "knock-knock"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BY = By(reason="a test")


def furnish() -> dict:
    """The people by name."""
    people = make_people()
    build()
    stranger()
    quarantine_row()
    save_details("feature", "search", {"owner": "Mara Lindt", "title": "Search ranking"}, BY)
    save_details("experiment", "tuning", {"owner": "Mara Lindt"}, BY)
    save_details("environment", "prod", {"owner": "Mara Lindt"}, BY)
    Customer.objects.create(customer="acme", name="Acme Ltd")
    set_parent("feature", "search", "product", "Shop", BY)
    set_parent("team", "a", "department", "Growth", BY)
    set_budget("feature", "search", Decimal(40), "USD", "month", BY)
    save_budget({"title": "All AI", "amount": "90", "currency": "USD"}, BY)
    save_budget({"title": "Next", "amount": "9", "currency": "USD", "filters": "team=b",
                 "per": "inference", "per_count": "1000"}, BY)  # fmt: skip
    save_balance({"title": "A credit", "day": "2026-09-01", "balance": "500", "currency": "USD"},
                 BY)  # fmt: skip
    remember(date(2026, 9, 2))
    notice()
    Price.objects.create(
        provider="openai",
        model="rank-v1",
        token_class="input_tokens",
        price=Decimal("2.5"),
        per_units=1_000_000,
        currency="USD",
        basis="contract",
        valid_from=date(2026, 9, 1),
    )
    InvoicePaid.objects.create(
        source=Source.objects.get(name="aws"),
        billing_period=date(2026, 9, 1),
        invoice_id="INV-1",
        currency="USD",
        amount=Decimal(99),
        paid_on=date(2026, 10, 20),
    )
    Invitation.objects.create(
        sha256=sha256(INVITED.encode()).hexdigest(),
        email="new@example.com",
        role="viewer",
        made_by=people["admin"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    make_token(people["finops"], "collector", [INGEST])
    Job.objects.create(kind="ingest.load", state=Job.DONE, result={"results": []})
    lake = Destination.objects.create(
        name="lake", kind="folder", settings={"path": "/srv/lake"}, datasets=["cost"]
    )
    FilesRun.objects.create(destination=lake, state=FilesRun.FAILED, message="the disk is full")
    _notify(people)
    day = utc_today() + timedelta(days=3)
    load_test = EventTold("feature", "search", day, day, "Load test of search")
    announce(load_test, people["admin"], Asker("admin"))
    return people


def _notify(people: dict) -> None:
    """A digest, a route, a channel, a message that arrived and one that did not."""
    admin = people["admin"]
    since = timezone.now() - timedelta(days=9)
    room = configure(admin, "#ai-cost", "webhook", {"url": "https://1.1.1.1/h", "secret": SECRET})
    weekly = Schedule.objects.create(name="Weekly AI spend", owner=admin, active_from=since)
    alerts = Route.objects.create(name="All alerts", owner=admin, active_from=since)
    told = Message(TEST, "AI spend $1.34k, +23.3% — search", text="A text", html="<p>A text</p>")
    for of in ({"schedule": weekly, "user": admin}, {"route": alerts, "channel": room}):
        to = Recipient.objects.create(**of)
        put(told, to, occasion="2026-11-16")
    Send.objects.filter(user=admin).update(state=Send.UNKNOWN, said="nobody answered")
    hook, _ = add_endpoint(Wanted("https://1.1.1.1/hook", "Tickets", ("alert.opened",)), admin)
    send_test(hook, admin)


def notice() -> None:
    """The last look at the ledger saw one thing that stands, and one that is over."""
    look(date(2026, 9, 3))
    days = [[f"2026-09-0{n}", "40.00", "20.00", "10.00", "30.00"] for n in (1, 2)]
    told = {
        "currency": "USD", "onset": date(2026, 9, 1), "raised_on": date(2026, 9, 2),
        "expected": Decimal(40), "actual": Decimal(80), "excess": Decimal(40), "percent": 100,
        "monthly": Decimal(600), "rule": "A rule.", "evidence": {"days": days}, "notifies": True,
    }  # fmt: skip
    Alert.objects.create(level="feature", name="search", kind="spike", last=date(2026, 9, 2),
                         title="Feature search cost more", team="a", **told)  # fmt: skip
    Alert.objects.create(level="team", name="a", kind="spike", last=date(2026, 9, 1),
                         title="Team a cost more", team="a", state="resolved", **told)  # fmt: skip
