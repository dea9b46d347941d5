"""Tencent Cloud SMS over its signed HTTP contract (API 3.0, SendSms and PullSmsSendStatus, 2021-01-11)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from config.settings import TencentSmsSettings
from server import clock
from server.gateways.sms.signing import CONTENT_TYPE, authorization

_VERSION = "2021-01-11"
_MOST_RECEIPTS = 100  # of one pull
_MAINLAND = "+86"


class SmsFault(Exception):
    """A call brought no result."""


class SmsNotSent(SmsFault):
    """The service did not take the request: sending again is safe."""


class SmsUnknown(SmsFault):
    """The request left us and no readable answer came."""


class SmsRefused(SmsFault):
    """The service said no: `code` as in its document."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class SmsReport:
    """What became of one text. `context` is what we sent along; `code` is the operator's word (DELIVRD, DB:0141)."""

    serial: str
    context: str
    delivered: bool
    code: str


class TencentSms:
    """Every method may raise SmsNotSent, SmsUnknown or SmsRefused."""

    def __init__(
        self,
        setup: TencentSmsSettings,
        http: aiohttp.ClientSession,
        now: Callable[[], float] = lambda: clock.now().timestamp(),
    ) -> None:
        self._setup = setup
        self._http = http
        self._now = now
        self._url = str(setup.base_url).rstrip("/") + "/"
        self._host = urlsplit(self._url).netloc

    async def send(self, mobile: str, template_id: str, params: tuple[str, ...], context: str) -> str:
        """The serial number that the receipt will name."""
        answer = await self._call(
            "SendSms",
            {
                "PhoneNumberSet": [_MAINLAND + mobile],
                "SmsSdkAppId": self._setup.sdk_app_id,
                "SignName": self._setup.sign_name,
                "TemplateId": template_id,
                "TemplateParamSet": list(params),
                "SessionContext": context,
            },
        )
        status = _first(answer, "SendStatusSet")
        if status.get("Code") != "Ok":
            raise SmsRefused(str(status.get("Code", "")))
        return str(status.get("SerialNo", ""))

    async def pull_reports(self) -> list[SmsReport]:
        """Receipts not pulled before, at most a hundred: the service gives each of them once."""
        answer = await self._call("PullSmsSendStatus", {"SmsSdkAppId": self._setup.sdk_app_id, "Limit": _MOST_RECEIPTS})
        return [_report(row) for row in answer.get("PullSmsSendStatusSet") or [] if isinstance(row, dict)]

    async def _call(self, action: str, order: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(order, ensure_ascii=False).encode()
        return _result(await self._exchange(body, self._headers(action, body)))

    def _headers(self, action: str, body: bytes) -> dict[str, str]:
        at, setup = int(self._now()), self._setup
        secret_id, secret_key = setup.secret_id.get_secret_value(), setup.secret_key.get_secret_value()
        return {
            "Host": self._host,
            "Content-Type": CONTENT_TYPE,
            "X-TC-Action": action,
            "X-TC-Version": _VERSION,
            "X-TC-Region": setup.region,
            "X-TC-Timestamp": str(at),
            "Authorization": authorization(secret_id, secret_key, host=self._host, body=body, at=at),
        }

    async def _exchange(self, body: bytes, headers: dict[str, str]) -> bytes:
        try:
            async with self._http.post(self._url, data=body, headers=headers, allow_redirects=False) as reply:
                if reply.status == 504:  # a proxy gave up waiting
                    raise SmsUnknown("HTTP 504")
                if reply.status != 200:
                    raise SmsNotSent(f"HTTP {reply.status}")
                return await reply.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise SmsNotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SmsUnknown(type(error).__name__) from None


def _result(raw: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(raw)["Response"]
        fault = answer.get("Error")
        code = str(fault["Code"]) if fault else ""
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SmsUnknown("unreadable reply") from None
    if code:
        raise SmsRefused(code)
    return answer


def _first(answer: dict[str, Any], key: str) -> dict[str, Any]:
    rows = answer.get(key)
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        raise SmsUnknown(f"reply without {key}")
    return rows[0]


def _report(row: dict[str, Any]) -> SmsReport:
    return SmsReport(
        serial=str(row.get("SerialNo", "")),
        context=str(row.get("SessionContext", "")),
        delivered=row.get("ReportStatus") == "SUCCESS",
        code=str(row.get("Description", "")),
    )
