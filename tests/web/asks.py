"""An Ask as a page makes it, without the page."""

from django.http import QueryDict

from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.kernel.periods import utc_today
from aicost.web.ask import Ask
from aicost.web.filters import parse


def asked(user: User, query: str) -> Ask:
    return Ask(user, asker_of(user), parse(QueryDict(query), utc_today()))
