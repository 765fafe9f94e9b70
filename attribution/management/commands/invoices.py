"""manage.py invoices import FILE: what accounts payable paid, beside what was billed."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import User
from attribution.closing.payments import BadFile, import_payments


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Import a CSV of what was paid per invoice (docs/close.md). Importing it again is safe."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        imported = actions.add_parser("import", help="a CSV, all or nothing")
        imported.add_argument("file", type=Path)
        imported.add_argument("--by", metavar="USERNAME", help="who answers for it")

    def handle(self, *args, file: Path, by: str | None, **options):
        user = User.objects.filter(username=by).first() if by else None
        if by and user is None:
            raise CommandError(f"there is no user {by!r}")
        try:
            done = import_payments(file.read_bytes(), file.name, user)
        except OSError as error:
            raise CommandError(f"cannot read {file} ({error})") from error
        except BadFile as error:
            told = "\n".join(f"line {n}: {what}. {cure}" for n, what, cure in error.rows)
            raise CommandError(f"{told}\nNothing was imported") from error
        self.stdout.write(", ".join(f"{n} {what}" for what, n in done.items()))
