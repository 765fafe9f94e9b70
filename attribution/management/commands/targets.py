"""manage.py targets list|show|export|import|set|parent|budget|rename|merge|separate."""

from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import ADMIN
from aicost.kernel.money import parse_decimal, plain
from aicost.kernel.periods import Period, utc_today
from attribution.allocate import attribute
from attribution.entities.changes import KINDS, By, EntityRefused
from attribution.entities.files import export_targets, import_targets, parse_attributes
from attribution.entities.naming import merge, raws_of, separate, spans_of
from attribution.entities.preview import preview_merge
from attribution.entities.registry import entity_of, save_details, set_budget, set_parent
from attribution.models import Entity, EntityBudget, EntityChange, EntityParent
from attribution.models.entities import BUDGET_PERIODS, STATUSES
from attribution.reports.spec import Asker
from attribution.tablefile import BadTable

TEXTS = ("title", "owner", "business_case", "expected_currency", "note")


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Names and who owns them: list, show, import, export, change. docs/targets.md"

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        listed = actions.add_parser("list", help="registered names")
        listed.add_argument("dimension", nargs="?", choices=KINDS, metavar="DIMENSION")
        listed.add_argument("--status", choices=STATUSES)
        actions.add_parser("export", help="all that is said of names, as targets.csv")
        actions.add_parser("import", help="take a targets.csv").add_argument("file", type=Path)
        _named(actions, "show", "what is said of a name, and its history", reason=False)
        detail = _named(actions, "set", "register a name, or change what is said of it")
        for name in TEXTS:
            detail.add_argument(f"--{name.replace('_', '-')}")
        detail.add_argument("--status", choices=STATUSES)
        detail.add_argument("--retired-on", type=date.fromisoformat)
        detail.add_argument("--expected-value", type=parse_decimal, help="a month")
        detail.add_argument("--attributes", help="'parameters=7B; context=128000'")
        parent = _dated(_named(actions, "parent", "what a name stands below"))
        parent.add_argument("level", choices=KINDS, metavar="LEVEL")
        parent.add_argument("parent", help="'' takes it away")
        budget = _dated(_named(actions, "budget", "what a name may cost"))
        budget.add_argument("amount", type=parse_decimal, help="0 takes it away")
        budget.add_argument("currency", nargs="?", default="")
        budget.add_argument("--period", choices=BUDGET_PERIODS, default="month")
        renamed = _named(actions, "rename", "call a name by another one")
        renamed.add_argument("new")
        joined = actions.add_parser("merge", help="several names become one")
        joined.add_argument("dimension", choices=KINDS, metavar="DIMENSION")
        joined.add_argument("names", nargs="+", metavar="NAME")
        joined.add_argument("--into", required=True, metavar="NAME")
        joined.add_argument("--reason", default="")
        apart = _named(actions, "separate", "let a name be itself again")
        for one in (renamed, joined, apart):
            one.add_argument("--from", dest="day", type=date.fromisoformat, help="default: always")
            one.add_argument("--no-attribute", action="store_true", help="leave days dirty")
        for one in (renamed, joined):
            one.add_argument("--preview", action="store_true", help="only say what would change")

    def handle(self, *args, action, **options):
        try:
            getattr(self, f"_{action}")(options)
        except EntityRefused as error:
            raise CommandError(f"{error}. {error.cure}") from error
        except BadTable as error:
            told = "\n".join(map(str, error.problems))
            raise CommandError(f"nothing was taken:\n{told}") from error
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _list(self, options):
        wanted = {n: options[n] for n in ("dimension", "status") if options[n]}
        for one in Entity.objects.filter(**wanted).order_by("dimension", "name"):
            self.stdout.write(f"{one.dimension:<12} {one.name}  {one.owner or '-'}  {one.status}")

    def _export(self, options):
        self.stdout.write(export_targets(), ending="")

    def _import(self, options):
        text = options["file"].read_text(encoding="utf-8-sig")
        done = import_targets(text, By(reason=f"import of {options['file'].name}"))
        self.stdout.write(f"{done.rows} rows, {done.changes} changes")
        self._attribute(options)

    def _show(self, options):
        of = {"dimension": options["dimension"], "name": options["name"]}
        entity = entity_of(**of)
        self.stdout.write(f"{options['dimension']} {options['name']}")
        if entity is None:
            self.stdout.write("  not registered")
        else:
            for name in (*TEXTS, "status", "retired_on", "expected_value", "attributes"):
                if value := getattr(entity, name):
                    shown = plain(value) if name == "expected_value" else value
                    self.stdout.write(f"  {name}: {shown}")
        for row in EntityParent.objects.filter(**of).order_by("level", "valid_from"):
            self.stdout.write(f"  {row.level} {row.parent}{_dates(row)}")
        for row in EntityBudget.objects.filter(**of).order_by("valid_from"):
            amount = f"{plain(row.amount)} {row.currency} a {row.period}"
            self.stdout.write(f"  budget {amount}{_dates(row)}")
        for span in spans_of(*of.values()):
            self.stdout.write(f"  is another name of {span.value}")
        for raw in raws_of(*of.values()):
            self.stdout.write(f"  is also called {raw}")
        for one in EntityChange.objects.filter(**of).order_by("id").select_related("by"):
            told = f"{one.before} -> {one.after}" + (f" ({one.reason})" if one.reason else "")
            self.stdout.write(f"  {one.at:%Y-%m-%d %H:%M} {one.by or 'command'}: {told}")

    def _set(self, options):
        names = (*TEXTS, "status", "retired_on", "expected_value")
        values = {name: options[name] for name in names if options[name] is not None}
        if options["attributes"] is not None:
            values["attributes"] = parse_attributes(options["attributes"])
        saved = save_details(options["dimension"], options["name"], values, _by(options))
        self.stdout.write(f"{saved}: {saved.status}, owner {saved.owner or 'not set'}")

    def _parent(self, options):
        names = (options["dimension"], options["name"], options["level"], options["parent"])
        changed = set_parent(*names, _by(options), (options["start"], options["end"]))
        self.stdout.write("changed" if changed else "it is so already")

    def _budget(self, options):
        amount = (options["amount"] or None, options["currency"], options["period"])
        names = (options["dimension"], options["name"])
        changed = set_budget(*names, *amount, _by(options), (options["start"], options["end"]))
        self.stdout.write("changed" if changed else "it is so already")

    def _rename(self, options):
        self._join(options, (options["name"],), options["new"])

    def _merge(self, options):
        self._join(options, tuple(options["names"]), options["into"])

    def _join(self, options, names: tuple[str, ...], into: str):
        dimension, day = options["dimension"], options["day"]
        if options["preview"]:
            end = utc_today()
            period = Period(date.fromordinal(end.toordinal() - 90), end)
            for row in preview_merge(dimension, names, into, period, Asker(ADMIN), day):
                money = f"{plain(row.cost)} -> {plain(row.cost_then)} {row.currency}"
                self.stdout.write(f"{row.name}: {money} in the last 90 days")
            return
        done = merge(dimension, names, into, _by(options), day)
        self.stdout.write(f"{', '.join(done) or 'nothing'} is now {into}")
        self._attribute(options)

    def _separate(self, options):
        separate(options["dimension"], options["name"], _by(options), options["day"])
        self.stdout.write(f"{options['name']} is itself again")
        self._attribute(options)

    def _attribute(self, options):
        if options.get("no_attribute"):
            return
        done = attribute()
        failed = [one for one in done if one.failure]
        if done:
            self.stdout.write(f"{len(done) - len(failed)} days attributed anew")
        for one in failed:
            self.stderr.write(f"not attributed: {one.day}: {one.failure}")


def _named(actions, action: str, words: str, reason: bool = True):
    parser = actions.add_parser(action, help=words)
    parser.add_argument("dimension", choices=KINDS, metavar="DIMENSION")
    parser.add_argument("name")
    if reason:
        parser.add_argument("--reason", default="", help="kept in the history")
    return parser


def _dated(parser):
    parser.add_argument("--from", dest="start", type=date.fromisoformat, help="default: always")
    parser.add_argument("--to", dest="end", type=date.fromisoformat, help="excluded")
    return parser


def _by(options: dict) -> By:
    return By(reason=options["reason"])


def _dates(row: EntityParent | EntityBudget) -> str:
    start = f" from {row.valid_from}" if row.valid_from else ""
    return start + (f" to {row.valid_to}" if row.valid_to else "")
