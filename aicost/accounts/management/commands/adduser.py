"""manage.py adduser NAME --role ROLE [--team TEAM]…"""

import getpass
import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import ROLES
from aicost.accounts.people import BadPerson, add_user


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Add a user. The password is asked for, or read from standard input if that is a pipe."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("--role", required=True, choices=ROLES)
        parser.add_argument(
            "--team", action="append", default=[], help="repeatable; without it all teams are seen"
        )

    def handle(self, *, name, role, team, **options):
        asked = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline()
        password = asked.rstrip("\n")
        try:
            validate_password(password)
            add_user(name, password, role=role, teams=team)
        except ValidationError as error:
            raise CommandError(f"password refused: {' '.join(error.messages)}") from error
        except BadPerson as error:
            raise CommandError(str(error)) from error
        seen = ", ".join(team) if team else "all teams"
        self.stdout.write(f"{name} added as {role}, sees {seen}")
