"""A small client of the service for the demo: JSON in and out, a login kept, refusals raised."""

from typing import Any
from uuid import uuid4

import aiohttp


class Refused(Exception):
    """The service answered 400 or above; `code` is its refusal's."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status, self.code, self.body = status, body.get("code", ""), body
        super().__init__(f"{status} {body.get('code')} {body.get('message')}")


class Session:
    """One party talking to the service under one prefix (/api/v1, /console/v1 or the simulator's /_)."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self._http, self._base, self.token = http, base, ""

    async def login(self, account: str, password: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.post("/auth/login", {"account": account, "password": password})
        self.token = answer["token"]
        return answer

    async def get(self, path: str, **query: Any) -> Any:
        return await self._call("GET", path, params={k: str(v) for k, v in query.items()})

    async def post(self, path: str, body: dict[str, Any] | None = None, *, key: bool = False) -> Any:
        headers = {"Idempotency-Key": uuid4().hex} if key else {}
        return await self._call("POST", path, json=body or {}, headers=headers)

    async def patch(self, path: str, body: dict[str, Any], version: int) -> Any:
        return await self._call("PATCH", path, json=body, headers={"If-Match": str(version)})

    async def upload(self, path: str, data: bytes, name: str) -> Any:
        form = aiohttp.FormData()
        form.add_field("file", data, filename=name)
        return await self._call("PUT", path, data=form)

    async def download(self, path: str, **query: Any) -> bytes:
        headers = self._headers()
        async with self._http.get(self._base + path, params=query, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.read()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        headers = self._headers() | more.pop("headers", {})
        async with self._http.request(method, self._base + path, headers=headers, **more) as answer:
            body = await answer.json(content_type=None)
            if answer.status >= 400:
                raise Refused(answer.status, body)
            return body
