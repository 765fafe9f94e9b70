"""A connected source: fetched set by set, resumed where it stopped, its credentials kept apart."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
import threading

from django.core.management import CommandError, call_command, load_command_class
from django.db import connection
from django.utils import timezone
import pytest

from ingest.connect import BadSettings, check_source, config_of, configure
from ingest.fetch import connectors
from ingest.fetch.base import SECRET, Check, Connector, Fetched, FetchError, Field
from ingest.models import Source, SourceRun
from ingest.run_source import due_sources, run_source
from tests.ingest.bills import focus_row, ledger, write_focus


class Shop:
    """Something that sells one file a month; `goods` maps a month to rows, or to an error."""

    def __init__(self) -> None:
        self.goods: dict[str, object] = {}
        self.asked: list[str] = []
        self.at_the_counter = lambda: None

    def test(self, config):
        if config["key"] != "open sesame":
            raise FetchError("the key is refused", "Make a key that may read reports")
        yield Check(True, f"{config['url']} answers")

    def fetch(self, config, state, folder):
        seen = dict(state)
        for month, goods in sorted(self.goods.items()):
            if seen.get(month) == repr(goods):
                continue
            self.asked.append(month)
            self.at_the_counter()
            if isinstance(goods, FetchError):
                raise goods
            seen[month] = repr(goods)
            path = write_focus(folder / f"{month}.csv", *goods)
            yield Fetched((path,), month, dict(seen), {"rows": len(goods)})


@pytest.fixture
def shop(monkeypatch):
    made = Shop()
    connector = Connector(
        "shop", "Shop", "Sells bills", "bill",
        (Field("url", "Address"), Field("key", "Key", SECRET), Field("days", "Days", "number",
         required=False, default=3)),
        made.test, made.fetch, every_minutes=30,
    )  # fmt: skip
    monkeypatch.setattr(connectors, "CONNECTORS", (connector,))
    return made


def connected(**values) -> Source:
    given = {"url": "https://shop.example", "key": "open sesame", **values}
    return configure("the shop", "shop", given)


def september(cost="10"):
    return [focus_row("gpu-1", "2026-09-02", cost)]


def october(cost="20"):
    return [focus_row("gpu-1", "2026-10-02", cost)]


@pytest.mark.django_db
def test_it_fetches_what_is_new_and_only_that(shop, home):
    source = connected()
    shop.goods = {"2026-09": september(), "2026-10": october()}
    first = run_source(source)
    again = run_source(source)
    shop.goods["2026-09"] = september("11")
    restated = run_source(source)
    assert [(r.state, r.sets, r.published, r.rows) for r in (first, again, restated)] == [
        ("done", 2, 2, 2), ("done", 0, 0, 0), ("done", 1, 1, 1),
    ]  # fmt: skip
    assert shop.asked == ["2026-09", "2026-10", "2026-09"]
    assert ledger() == [
        ("the shop", "gpu-1", "2026-09-02", "11"), ("the shop", "gpu-1", "2026-10-02", "20"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_it_keeps_what_came_before_an_error_and_goes_on_from_there(shop, home):
    source = connected()
    shop.goods = {"2026-09": september(), "2026-10": FetchError("the shop is shut", "Come back")}
    broken = run_source(source)
    shop.goods["2026-10"] = october()
    whole = run_source(source)
    assert (broken.state, broken.published, broken.message, broken.cure) == (
        "failed", 1, "the shop is shut", "Come back",
    )  # fmt: skip
    assert (whole.state, whole.published) == ("done", 1)
    assert shop.asked == ["2026-09", "2026-10", "2026-10"]


@pytest.mark.django_db
def test_it_asks_again_for_a_set_that_was_held(shop, home):
    source = connected()
    shop.goods = {"2026-09": [*september(), focus_row("gpu-2", "2026-09-03", "ten")],
                  "2026-10": october()}  # fmt: skip
    held = run_source(source)
    assert (held.state, held.published, held.held) == ("held", 1, 1)
    assert "line 3" in held.message and "'ten'" in held.message
    shop.goods["2026-09"] = september()
    assert run_source(source).state == "done"
    assert [row[2] for row in ledger()] == ["2026-09-02", "2026-10-02"]


@pytest.mark.django_db
def test_it_keeps_secrets_out_of_sight(shop, home, settings, monkeypatch, capsys):
    source = connected()
    call_command("source", "list", "--json")
    told = f"{vars(source)} {capsys.readouterr().out}"
    assert "open sesame" not in told
    assert config_of(source)["key"] == "open sesame"

    configure("the shop", "shop", {"url": "https://shop.example", "key": ""}, source=source)
    assert config_of(source)["key"] == "open sesame", "left empty, it stays"
    with pytest.raises(BadSettings, match="Key is missing"):
        configure("the shop", "shop", {"url": "https://thief.example", "key": ""}, source=source)

    configure("the shop", "shop", {"url": "https://shop.example", "key": "env:SHOP_KEY"},
              source=source)  # fmt: skip
    assert "SHOP_KEY, which is not set" in check_source(source)[0].what
    monkeypatch.setenv("SHOP_KEY", "open sesame")
    assert check_source(source) == [Check(True, "https://shop.example answers")]

    settings.AICOST_SECRETS_KEYS = ["another key"]
    assert "AICOST_SECRETS_KEYS" in check_source(source)[0].what
    settings.AICOST_SECRETS_KEYS = ["another key", settings.SECRET_KEY]
    assert check_source(source)[0].ok


@pytest.mark.django_db
def test_it_says_what_is_missing(shop, home):
    with pytest.raises(BadSettings) as refusal:
        configure("", "shop", {"days": "three", "colour": "red"})
    assert refusal.value.errors == {
        "url": "Address is missing",
        "key": "Key is missing",
        "days": "'three' is no whole number",
        "colour": "unknown setting",
        "name": "give the source a name",
    }
    with pytest.raises(CommandError, match="others can read the command line"):
        call_command("source", "add", "shop", "x", "url=https://shop.example", "key=literal")
    connected(key="guess")
    with pytest.raises(CommandError, match="does not work yet"):
        call_command("source", "test", "the shop")


@pytest.mark.django_db(transaction=True)
def test_it_is_fetched_by_one_process_at_a_time(shop, home):
    source = connected()
    shop.goods = {"2026-09": september()}
    inside, leave = threading.Event(), threading.Event()

    def dawdle():
        inside.set()
        assert leave.wait(30)

    shop.at_the_counter = dawdle

    def run():
        try:
            return run_source(Source.objects.get(pk=source.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run)
        assert inside.wait(30)
        second = run_source(source)
        leave.set()
        assert first.result().state == "done"
    assert "another process" in second.message
    assert SourceRun.objects.count() == 1


@pytest.mark.django_db
def test_it_is_due_when_its_time_has_come(shop, home):
    source = connected()
    assert due_sources() == [source]
    assert due_sources() == []
    source.refresh_from_db()
    minutes = (source.next_run_at - timezone.now()) / timedelta(minutes=1)
    assert 29 < minutes <= 30
    Source.objects.update(next_run_at=timezone.now(), enabled=False)
    assert due_sources() == []


@pytest.mark.django_db
def test_it_says_when_the_process_of_a_run_vanished(shop, home):
    source = connected()
    lost = SourceRun.objects.create(source=source)
    run_source(source)
    lost.refresh_from_db()
    assert (lost.state, lost.message) == ("failed", "the process that ran it vanished")


@pytest.mark.django_db
def test_it_is_added_and_run_from_the_command_line(shop, home, monkeypatch, capsys):
    monkeypatch.setenv("SHOP_KEY", "open sesame")
    shop.goods = {"2026-09": september()}
    told = [
        "add",
        "shop",
        "corner",
        "url=https://shop.example",
        "key=env:SHOP_KEY",
        "--every",
        "15",
    ]
    parser = load_command_class("ingest", "source").create_parser("manage.py", "source")
    assert parser.parse_args(told).settings is None, "Django's own option of that name"
    call_command("source", *told)
    call_command("source", "edit", "corner", "days=5")
    call_command("source", "run", "corner")
    call_command("source", "list")
    shown = capsys.readouterr().out
    assert "ok      https://shop.example answers" in shown
    assert "corner: done, 1 sets (1 published, 0 unchanged, 0 held), 1 rows" in shown
    assert "corner  shop  15 min" in shown
    assert config_of(Source.objects.get()) == {
        "url": "https://shop.example", "key": "open sesame", "days": 5,
    }  # fmt: skip


@pytest.mark.django_db
def test_it_does_not_wait_for_ever_for_a_silent_server(shop, home, monkeypatch):
    monkeypatch.setattr("ingest.connect.TEST_SECONDS", 0.2)
    silence = threading.Event()

    def never(config):
        yield Check(True, "the name resolves")
        silence.wait(30)

    source = connected()
    monkeypatch.setattr(connectors, "CONNECTORS", (replace(connectors.CONNECTORS[0], test=never),))
    checks = check_source(source)
    silence.set()
    assert [check.ok for check in checks] == [True, False]
    assert "no answer within" in checks[1].what
