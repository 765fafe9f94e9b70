"""What the forms offer: teams, and who is chosen already."""

from collections.abc import Iterable

from aicost.notify.edit import Receivers
from aicost.notify.models import Recipient
from attribution.entities.seen import names_seen
from attribution.models import Target
from attribution.reports.spec import Asker

TEAMS_OFFERED = 300


def teams_offered(asker: Asker) -> list[str]:
    """The teams of the ledger that one sees."""
    seen = names_seen(asker, "team")
    if seen is not None:
        return sorted(seen, key=str.casefold)
    rows = Target.objects.exclude(team="").order_by("team").values_list("team", flat=True)
    return list(rows.distinct()[:TEAMS_OFFERED])


def receivers_of(recipients: Iterable[Recipient]) -> Receivers:
    found = list(recipients)
    return Receivers(
        tuple(str(one.user_id) for one in found if one.user_id),
        tuple(str(one.channel_id) for one in found if one.channel_id),
        "\n".join(one.address for one in found if one.address),
    )
