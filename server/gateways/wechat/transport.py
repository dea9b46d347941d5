"""The way to WeChat: wechatpy's client class over aiohttp, with our base address, a shared token and quotas."""

from functools import lru_cache
from typing import Any

import aiohttp
import orjson
from wechatpy import WeChatClient
from yarl import URL

from config.settings import WechatAppSettings
from server.gateways.wechat.errors import BAD_TOKEN, STABLE_TOKEN, ApiError, NotSent, UnknownOutcome
from server.gateways.wechat.quotas import Quotas
from server.gateways.wechat.token import AccessToken, FreshToken, TokenShelf

CONNECTIONS = 64
_JSON = {"Content-Type": "application/json"}
TIMEOUT = aiohttp.ClientTimeout(total=9, connect=5, sock_connect=3)
Reply = dict[str, Any] | bytes  # JSON, or a picture


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
            answer = object_in(await self._call("post", STABLE_TOKEN, data=body))
            return FreshToken(text_of(answer, "access_token"), float(answer.get("expires_in", 7200)))
        except UnknownOutcome as error:
            raise NotSent(f"no token: {error}") from error

    async def get(self, url: str, **options: Any) -> dict[str, Any]:
        return object_in(await self._request("get", url, **options))

    async def post(self, url: str, **options: Any) -> dict[str, Any]:
        return object_in(await self._request("post", url, **options))

    async def _request(self, method: str, url_or_endpoint: str, **options: Any) -> Reply:
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
    ) -> Reply:
        """Raises ApiError for JSON with an errcode."""
        url = _address(self._base_url + endpoint, token)
        body = orjson.dumps(data) if data is not None else None
        reply = _read(await self._exchange(method, url.extend_query(params) if params else url, body))
        if error := _refusal_in(reply, endpoint):
            self._quotas.learn(error)
            raise error
        return reply

    async def _exchange(self, method: str, url: URL, body: bytes | None) -> bytes:
        """The reply's bytes. Messages of errors name no address: its query carries secrets."""
        try:
            async with self._connections.request(
                method, url, data=body, headers=_JSON if body else None, allow_redirects=False
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


@lru_cache(maxsize=64)
def _address(url: str, token: str) -> URL:
    """Put together once for all messages sent with one token."""
    return URL(url).with_query({"access_token": token} if token else {})


def _read(raw: bytes) -> Reply:
    """Raises UnknownOutcome for what begins like JSON and is none."""
    if not raw.lstrip().startswith(b"{"):
        return raw
    try:
        found: dict[str, Any] = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise UnknownOutcome("unreadable reply") from None
    return found


def _refusal_in(reply: Reply, endpoint: str) -> ApiError | None:
    """A refusal is HTTP 200 with an errcode, also where a picture was asked for."""
    if isinstance(reply, bytes):
        return None
    try:
        code = int(reply.get("errcode", 0))
    except (ValueError, TypeError):
        raise UnknownOutcome("unreadable errcode") from None
    return ApiError(code, str(reply.get("errmsg", "")), endpoint) if code else None


def object_in(reply: Reply) -> dict[str, Any]:
    """Raises UnknownOutcome for anything that is not JSON."""
    if isinstance(reply, bytes):
        raise UnknownOutcome("unreadable reply")
    return reply


def text_of(answer: dict[str, Any], key: str) -> str:
    """A value without which a success is none."""
    if answer.get(key) in (None, ""):
        raise UnknownOutcome(f"reply without {key}")
    return str(answer[key])
