"""Libraries of others that take seconds and tens of megabytes to import: whoever uses one first
pays for it, and a process that never does, never. A web process may answer for weeks without
reading a bill.

    boto3 = Late("boto3")                   for    import boto3
    faults = Late("botocore.exceptions")    for    from botocore import exceptions as faults

A module with such a name begins with `from __future__ import annotations`, so that annotations do
not ask for it.
"""

from importlib import import_module
from typing import Any


class Late:
    """A module, imported when one of its names is first asked for."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(import_module(self.__name__), name)
        setattr(self, name, found)  # the next time it is found without us
        return found
