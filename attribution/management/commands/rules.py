"""`manage.py rules`: list, show, change, revert, export, import and preview rules."""

from datetime import date
from pathlib import Path
import sys

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import ADMIN, User
from aicost.kernel.periods import Period, utc_today
from attribution.claims import ensure_builtin_rules
from attribution.reports.spec import Asker, BadSpec, NotAllowed
from attribution.ruling import told
from attribution.ruling.draft import RuleRefused
from attribution.ruling.edit import history, revert, rules_now, switch
from attribution.ruling.preview import preview
from attribution.ruling.yaml_rules import FileRefused, export, import_rules, plan

REFUSED = (RuleRefused, FileRefused, NotAllowed, BadSpec, OSError, ValueError)


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Rules: which charges stand where. See docs/rules.md."

    def add_arguments(self, parser):
        does = parser.add_subparsers(dest="does", required=True, metavar="ACTION")
        does.add_parser("list", help="the rules in force, in order")
        for name, help in (("show", "one rule"), ("history", "who, when, why, what changed")):
            does.add_parser(name, help=help).add_argument("key")
        one = does.add_parser("export", help="all rules as YAML")
        one.add_argument("file", nargs="?", help="standard output if left out")
        one = does.add_parser("import", help="save the rules of a file, all or nothing")
        one.add_argument("file", help="- for standard input")
        one.add_argument("--dry-run", action="store_true", help="only say what would change")
        one.add_argument("--only", action="store_true", help="switch off the rules it lacks")
        _signed(one, required=False)
        one = does.add_parser("preview", help="which money the rules of a file would move")
        one.add_argument("file", help="- for standard input")
        one.add_argument("--from", dest="start", type=date.fromisoformat, required=True)
        one.add_argument(
            "--to", dest="end", type=date.fromisoformat, required=True, help="excluded"
        )
        one.add_argument("--basis", default="effective", help="effective or billed")
        one = does.add_parser("revert", help="add a version that says what an older one said")
        one.add_argument("key")
        one.add_argument("version", type=int)
        _signed(one)
        for name in ("enable", "disable"):
            one = does.add_parser(name)
            one.add_argument("key")
            one.add_argument("--valid-from", type=date.fromisoformat, help="else on all days")
            _signed(one)

    def handle(self, *args, does, **options):
        ensure_builtin_rules()
        try:
            self.stdout.write(_DOES[does](options))
        except REFUSED as error:
            raise CommandError(str(error)) from error


def _signed(parser, required: bool = True) -> None:
    parser.add_argument("--why", required=required, default="", help="kept in the history")
    parser.add_argument("--user", required=required, default="", help="who decides it")


def _user(options) -> User:
    found = User.objects.filter(username=options["user"], is_active=True).first()
    if found is None:
        raise ValueError(f"there is no user {options['user']!r}; name one with --user")
    return found


def _read(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")


def _export(options) -> str:
    text = export()
    if not options["file"]:
        return text.rstrip("\n")
    Path(options["file"]).write_text(text, encoding="utf-8")
    return f"{options['file']} holds all rules."


def _import(options) -> str:
    text = _read(options["file"])
    if options["dry_run"]:
        return told.plan(plan(text, options["only"]), dry=True)
    return told.plan(import_rules(text, _user(options), options["why"], options["only"]))


def _preview(options) -> str:
    drafts = plan(_read(options["file"])).drafts
    period = Period(options["start"], options["end"])
    return told.preview(preview(drafts, period, Asker(ADMIN), options["basis"]))


def _revert(options) -> str:
    made = revert(options["key"], options["version"], _user(options), options["why"])
    return f"{made.key} is at version {made.version}, as version {options['version']} was."


def _switch(options) -> str:
    on = options["does_on"]
    made = switch(options["key"], on, _user(options), options["why"], options["valid_from"])
    return f"{made.key}, version {made.version}, is {'on' if on else 'off'}."


_DOES = {
    "list": lambda options: told.listed(rules_now(utc_today())),
    "show": lambda options: told.shown(history(options["key"])),
    "history": lambda options: told.history(history(options["key"])),
    "export": _export,
    "import": _import,
    "preview": _preview,
    "revert": _revert,
    "enable": lambda options: _switch({**options, "does_on": True}),
    "disable": lambda options: _switch({**options, "does_on": False}),
}
