"""Asking the API in tests: a caller for each person, with a token of their own."""

from django.test import Client

from aicost.accounts.tokens import make_token
from tests.web.world import make_people

ROOT = "/api/v1/"


class Caller:
    """Somebody's program: get("reports/cost", from_="2026-09-01") -> the response."""

    def __init__(self, user, scope: str = "admin", teams=None):
        self.token, self.text = make_token(user, "test", [scope], teams=teams)
        self.user, self.client = user, Client()
        self.headers = {"Authorization": f"Bearer {self.text}"}

    def get(self, path: str, params=None, headers=None):
        told = {name.rstrip("_"): value for name, value in (params or {}).items()}
        return self.client.get(ROOT + path, told, headers=self.headers | (headers or {}))

    def post(self, path: str, body: object = None, key: str = "", **more):
        return self._send(self.client.post, path, body, key, **more)

    def patch(self, path: str, body: object, key: str = ""):
        return self._send(self.client.patch, path, body, key)

    def delete(self, path: str, key: str = ""):
        return self._send(self.client.delete, path, None, key)

    def _send(self, how, path, body, key, content_type="application/json"):
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        data = b"" if body is None else body
        return how(ROOT + path, headers=headers, data=data, content_type=content_type)


def callers() -> dict[str, Caller]:
    return {name: Caller(user) for name, user in make_people().items()}
