"""What the resource of a managed training job says: the job's name, and what the job is called
without the time or number that makes each run of it unique."""

import re

_TRAINING_JOB = re.compile(r"arn:aws[a-z-]*:sagemaker:[^:]*:[^:]*:training-job/(\S+)\Z", re.I)
# The SDK's name-2026-09-01-12-30-00-123; a tuner's name-260901-1230-007-1a2b3c4d.
_UNIQUE = re.compile(
    r"-(\d{4}(-\d\d){5}(-\d{3})?|\d{6}-\d{4}-\d{3}-[0-9a-f]{8}|\d{8}-?\d{4,6}|\d{10,13})\Z"
)


def training_job(resource_id: str) -> tuple[str, str] | None:
    """(name of the job, what its runs have in common), None for any other resource."""
    found = _TRAINING_JOB.match(resource_id)
    if not found:
        return None
    return found[1], _UNIQUE.sub("", found[1]) or found[1]
