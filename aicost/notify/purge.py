"""What nobody needs any more: messages long settled, and what led to them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from aicost.happenings.models import Happening
from aicost.kernel.periods import utc_now
from aicost.notify.models import AlertItem, Send

# A digest's row is what keeps it from being sent again until its next period has come.
KEEP_DAYS_MIN = 62


@transaction.atomic
def purge(now: datetime | None = None) -> dict[str, int]:
    """Delete messages that were settled AICOST_KEEP_DAYS ago; 0 keeps them."""
    if not settings.AICOST_KEEP_DAYS:
        return {"sends": 0}
    cut = (now or utc_now()) - timedelta(days=max(settings.AICOST_KEEP_DAYS, KEEP_DAYS_MIN))
    old = Send.objects.filter(settled_at__lt=cut)
    AlertItem.objects.filter(send__in=old).delete()
    deleted, _ = old.delete()
    kept = Send.objects.filter(happening=OuterRef("pk"))
    past = Happening.objects.filter(at__lt=cut, told_at__isnull=False).filter(~Exists(kept))
    happenings, _ = past.delete()
    return {"sends": deleted, "happenings": happenings}
