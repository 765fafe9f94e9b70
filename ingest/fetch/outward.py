"""Sessions that reach only the open internet, and the inner hosts an admin has named. The address
is looked up once, judged, and connected to: what a name says a moment later does not matter."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ingest.fetch.base import FetchError
from ingest.fetch.http import addresses, checked_url

Address = IPv4Address | IPv6Address


def refuse_inner(url: str, inner_hosts: Collection[str]) -> None:
    """Raise `FetchError` for an address that is none, or that leads to this machine or its network
    and is not one of `inner_hosts`."""
    checked_url(url)
    parts = urlsplit(url)
    outward_only(parts.hostname or "", parts.port or 443, inner_hosts)


def outward_only(host: str, port: int, inner_hosts: Collection[str]) -> list[Address]:
    """The addresses of a host, every one of which may be connected to; none where its name is not
    known here. Those of clouds' metadata may never. Raises `FetchError`."""
    found = addresses(host, port)
    inner = host.casefold() in {one.casefold() for one in inner_hosts}
    for one in found:
        if one.is_link_local or one.is_multicast or not (one.is_global or inner):
            raise FetchError(
                f"{host} is {one}, an inner address",
                "If messages are to go there, an admin names the host in AICOST_HOOK_HOSTS",
            )
    return found


def outward_session(inner_hosts: Collection[str]) -> requests.Session:
    """A session that follows no redirect by itself and refuses inner addresses when it connects.
    Behind a proxy of the environment it is the proxy that connects."""
    made = requests.Session()
    adapter = _Adapter()
    adapter.poolmanager.pool_classes_by_scheme = _pools(frozenset(inner_hosts))
    for scheme in ("http://", "https://"):
        made.mount(scheme, adapter)
    return made


class _Adapter(HTTPAdapter):
    """Connections are opened for one message and tried once: trying again is the outbox's."""

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)


def _pools(inner_hosts: frozenset[str]) -> dict:
    """Pools whose connections look up and judge the address they connect to."""

    class Judged:
        def _new_conn(self):
            name = self._dns_host
            found = outward_only(name, self.port, inner_hosts)
            if not found:
                raise FetchError(f"{name} is not known", "Check the address and the network")
            self._dns_host = str(found[0])
            try:
                return super()._new_conn()
            finally:
                self._dns_host = name  # TLS and the Host header speak of the name

    plain = type("JudgedHTTP", (Judged, HTTPConnection), {})
    secure = type("JudgedHTTPS", (Judged, HTTPSConnection), {})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
