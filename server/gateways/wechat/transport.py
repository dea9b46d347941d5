"""The way to WeChat: wechatpy's client class over aiohttp, with our base address, a shared token and quotas."""

import json
from typing import Any

import aiohttp
from wechatpy import WeChatClient

from config.settings import WechatAppSettings
from server.gateways.wechat.errors import BAD_TOKEN, STABLE_TOKEN, ApiError, NotSent, UnknownOutcome
from server.gateways.wechat.quotas import Quotas
from server.gateways.wechat.token import AccessToken, FreshToken, TokenShelf

CONNECTIONS = 64
TIMEOUT = aiohttp.ClientTimeout(total=20, connect=10, sock_connect=3, sock_read=6)


def open_http(connections: int = CONNECTIONS, timeout: aiohttp.ClientTimeout = TIMEOUT) -> aiohttp.ClientSession:
    """The bounded connections to WeChat; whoever opens them closes them. Needs a running loop."""
    connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=15)
    return aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False)


class Transport(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """Calls to one app. Every method may raise ApiError, NotSent or UnknownOutcome.

    wechatpy's own API objects work too, awaited, as long as they go through get and post:
    `await client.qrcode.create({...})`.
    """

    def __init__(
        self,
        app: WechatAppSettings,
        base_url: str,
        http: aiohttp.ClientSession,
        shelf: TokenShelf,
        quotas: Quotas | None = None,
    ) -> None:
        super().__init__(app.appid, app.secret.get_secret_value(), auto_retry=False)
        self._base_url = base_url.rstrip("/") + "/"
        self._connections = http
        self._token = AccessToken(self.fetch_access_token, shelf)
        self._quotas = quotas or Quotas()

    @property
    def access_token(self) -> str:
        """wechatpy would fetch it here, blocking and without a time limit."""
        raise AttributeError("await the shared token instead")

    async def fetch_access_token(self) -> FreshToken:
        """A lost answer is NotSent here: whatever the token was wanted for has not left us."""
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        try:
            answer = read_json(await self._call("post", STABLE_TOKEN, data=body))
            return FreshToken(text_of(answer, "access_token"), float(answer.get("expires_in", 7200)))
        except UnknownOutcome as error:
            raise NotSent(f"no token: {error}") from error

    async def get(self, url: str, **options: Any) -> dict[str, Any]:
        return read_json(await self._request("get", url, **options))

    async def post(self, url: str, **options: Any) -> dict[str, Any]:
        return read_json(await self._request("post", url, **options))

    async def _request(self, method: str, url_or_endpoint: str, **options: Any) -> bytes:
        """A call with the access token; a token that WeChat calls bad is replaced and the call repeated once."""
        endpoint = _endpoint(url_or_endpoint, options.pop("api_base_url", self.API_BASE_URL))
        await self._quotas.turn(endpoint)
        token = await self._token.current()
        try:
            return await self._call(method, endpoint, token=token.value, **options)
        except ApiError as error:
            if error.code not in BAD_TOKEN:
                raise
        token = await self._token.replace(token)
        return await self._call(method, endpoint, token=token.value, **options)

    async def _call(
        self,
        method: str,
        endpoint: str,
        *,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        token: str = "",
    ) -> bytes:
        """What WeChat answered, which is JSON or a picture. Raises ApiError for JSON with an errcode."""
        query = {**(params or {}), **({"access_token": token} if token else {})}
        body = json.dumps(data, ensure_ascii=False).encode() if data is not None else None
        raw = await self._exchange(method, self._base_url + endpoint, query, body)
        if error := _refusal_in(raw, endpoint):
            self._quotas.learn(error)
            raise error
        return raw

    async def _exchange(self, method: str, url: str, query: dict[str, Any], body: bytes | None) -> bytes:
        """The reply's bytes. Messages of errors name no address: its query carries secrets."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with self._connections.request(
                method, url, params=query, data=body, headers=headers, allow_redirects=False
            ) as reply:
                if reply.status == 504:  # a proxy gave up waiting; WeChat itself may well have done it
                    raise UnknownOutcome("HTTP 504")
                if reply.status != 200:
                    raise NotSent(f"HTTP {reply.status}")
                return await reply.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnknownOutcome(type(error).__name__) from None


def _endpoint(url_or_endpoint: str, api_base_url: str) -> str:
    """wechatpy writes addresses as https://api.weixin.qq.com/cgi-bin/ + qrcode/create; the host is ours to choose."""
    url = url_or_endpoint if url_or_endpoint.startswith("https://") else api_base_url + url_or_endpoint
    return url.removeprefix("https://").partition("/")[2]


def _refusal_in(raw: bytes, endpoint: str) -> ApiError | None:
    """A refusal is HTTP 200 with an errcode, also where a picture was asked for."""
    if not raw.startswith(b"{"):
        return None
    answer = read_json(raw)
    try:
        code = int(answer.get("errcode", 0))
    except (ValueError, TypeError):
        raise UnknownOutcome("unreadable errcode") from None
    return ApiError(code, str(answer.get("errmsg", "")), endpoint) if code else None


def read_json(raw: bytes) -> dict[str, Any]:
    """The object in a reply. Raises UnknownOutcome for anything else."""
    try:
        return dict(json.loads(raw))
    except (ValueError, TypeError):
        raise UnknownOutcome("unreadable reply") from None


def text_of(answer: dict[str, Any], key: str) -> str:
    """A value without which a success is none."""
    if answer.get(key) in (None, ""):
        raise UnknownOutcome(f"reply without {key}")
    return str(answer[key])
