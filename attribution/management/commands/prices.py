"""manage.py prices import|export|list|find|end|reprice: the table of prices."""

import csv
from datetime import UTC, date, datetime, time
import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.audit import record
from aicost.kernel.money import plain
from aicost.kernel.periods import Period, utc_now, utc_today
from attribution.repricing import CannotReprice, preview_reprice, reprice
from ingest.load import load
from ingest.models import Delivery, Price
from ingest.prices import (
    COLUMNS,
    PRICES_IMPORTED,
    PriceRefused,
    end_price,
    export_rows,
    price_of,
    prices_on,
)


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Prices of model calls: import, export, list, look up, end, reprice history."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("import", help="load a file of prices (docs/prices.md)").add_argument(
            "file", type=Path
        )
        actions.add_parser("export", help="the whole table as CSV")
        listed = actions.add_parser("list", help="prices that hold on a day")
        listed.add_argument("--on", type=date.fromisoformat)
        found = actions.add_parser("find", help="what one unit costs, and why")
        for name in ("model", "token_class"):
            found.add_argument(name)
        for name in ("provider", "service-tier", "region"):
            found.add_argument(f"--{name}", default="")
        found.add_argument("--context", type=int, default=0, metavar="TOKENS")
        found.add_argument("--on", type=date.fromisoformat)
        ended = actions.add_parser("end", help="let a price end")
        ended.add_argument("id", type=int)
        ended.add_argument("--on", type=date.fromisoformat, required=True, help="first day without")
        again = actions.add_parser("reprice", help="price a period anew with the prices of today")
        again.add_argument("--from", dest="start", type=date.fromisoformat, required=True)
        again.add_argument("--to", dest="end", type=date.fromisoformat, required=True)
        again.add_argument("--model", action="append", help="canonical name; default all")
        again.add_argument("--preview", action="store_true", help="say what would change")

    def handle(self, *args, action, **options):
        try:
            getattr(self, f"_{action}")(options)
        except (PriceRefused, CannotReprice, ValueError) as error:
            cure = f". {error.cure}" if isinstance(error, PriceRefused) else ""
            raise CommandError(f"{error}{cure}") from error

    def _import(self, options):
        [result] = load([options["file"]], "prices") or [None]
        if result is None or result.reader != "prices":
            raise CommandError(f"{options['file']} is no file of prices; see docs/prices.md")
        if result.state == Delivery.HELD:
            raise CommandError(result.message)
        record(None, PRICES_IMPORTED, result.name, {"rows": result.rows_loaded})
        held = f", {result.rows_quarantined} quarantined" if result.rows_quarantined else ""
        self.stdout.write(f"{result.name}: {result.state}, {result.rows_loaded} prices{held}")

    def _export(self, options):
        writer = csv.DictWriter(self.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(export_rows())

    def _list(self, options):
        for price in prices_on(options["on"] or utc_today()):
            self.stdout.write(f"{price.pk}  {price}  {_amount(price)}")

    def _find(self, options):
        at = datetime.combine(options["on"], time(), UTC) if options["on"] else utc_now()
        found = price_of(
            options["provider"],
            options["model"],
            options["token_class"],
            at,
            service_tier=options["service_tier"],
            region=options["region"],
            context_tokens=options["context"],
        )
        if found is None:
            raise CommandError("unpriced: no contract and no list has a price for it")
        told = {name: value and str(value) for name, value in vars(found).items()}
        self.stdout.write(json.dumps(told | {"unit_price": plain(found.unit_price)}))

    def _end(self, options):
        price = Price.objects.filter(pk=options["id"]).first()
        if price is None:
            raise CommandError(f"there is no price {options['id']}; see prices list")
        self.stdout.write(f"{end_price(price, options['on'])} ends on {options['on']}")

    def _reprice(self, options):
        ask = preview_reprice if options["preview"] else reprice
        models = tuple(options["model"]) if options["model"] else None
        done = ask(Period(options["start"], options["end"]), models)
        self.stdout.write(json.dumps(done.as_json()))


def _amount(price: Price) -> str:
    if price.price is None:
        return f"{plain(price.discount_percent)} % off list"
    return f"{plain(price.price)} {price.currency} per {price.per_units}"
