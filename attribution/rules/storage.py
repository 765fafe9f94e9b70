"""Bytes of a bucket, by prefix."""

from attribution.rules.base import Method

METHOD = Method("storage", "Bytes by prefix of the bucket", ("stored", "storage", "tagged"))
