"""manage.py token add|list|revoke: bearer tokens for machines."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aicost.accounts.models import ApiToken, User
from aicost.accounts.tokens import SCOPES, make_token


class Command(BaseCommand):
    help = "Bearer tokens for machines that send or read data."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="make a token; its text is printed once")
        add.add_argument("name")
        add.add_argument("--user", required=True, help="in whose name it acts")
        add.add_argument("--scope", action="append", required=True, choices=SCOPES)
        actions.add_parser("list", help="all tokens, without their text")
        revoke = actions.add_parser("revoke", help="end a token at once")
        revoke.add_argument("prefix", help="as `list` shows it")

    def handle(self, *args, action, **options):
        getattr(self, f"_{action}")(options)

    def _add(self, options):
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"no user {options['user']!r}: add one with manage.py adduser")
        _, text = make_token(user, options["name"], options["scope"])
        self.stdout.write(text)

    def _list(self, options):
        for token in ApiToken.objects.select_related("user").order_by("pk"):
            state = "revoked" if token.revoked_at else "active"
            used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
            scopes = ",".join(token.scopes)
            self.stdout.write(
                f"{token.prefix}…  {state}  {scopes}  {token.user.username}  {token.name}"
                f"  last used {used}"
            )

    def _revoke(self, options):
        prefix = options["prefix"].rstrip("…")
        revoked = ApiToken.objects.filter(prefix=prefix, revoked_at=None)
        if not revoked.update(revoked_at=timezone.now()):
            raise CommandError(f"no active token begins with {prefix}")
        self.stdout.write(f"{prefix}… is revoked")
