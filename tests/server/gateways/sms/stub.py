"""Tencent's SMS service as its document describes it: the signature is checked, receipts are pulled once."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from config.settings import TencentSmsSettings


@dataclass
class SmsStub:
    """`plan`: status codes of the coming texts. `faults`: "cut", "lost", an HTTP status or an error code of a call."""

    setup: TencentSmsSettings
    plan: list[str] = field(default_factory=list)
    faults: list[str | int] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)

    def report(self, number: int, status: str = "SUCCESS", description: str = "DELIVRD") -> None:
        """The operator's word on the text sent as `number`."""
        text = self.texts[number]
        self.reports.append(
            {
                "UserReceiveTime": 1620734188,
                "CountryCode": "86",
                "SubscriberNumber": text["PhoneNumberSet"][0][3:],
                "PhoneNumber": text["PhoneNumberSet"][0],
                "SerialNo": f"5000:{number}",
                "ReportStatus": status,
                "Description": description,
                "SessionContext": text["SessionContext"],
            }
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fault = self.faults.pop(0) if self.faults else None
        if fault == "cut":
            return _cut(request)
        if isinstance(fault, int):
            return web.Response(status=fault, text="<html>")
        answer = {"Error": {"Code": fault, "Message": "injected"}} if fault and fault != "lost" else None
        answer = answer or self._refusal(request, body) or self._answer(request.headers["X-TC-Action"], body)
        if fault == "lost":
            return _cut(request)
        return web.json_response({"Response": {**answer, "RequestId": "a0aabda6-cf91"}})

    def _refusal(self, request: web.Request, body: bytes) -> dict[str, Any] | None:
        code = self._fault_of(request, body)
        return {"Error": {"Code": code, "Message": "refused"}} if code else None

    def _fault_of(self, request: web.Request, body: bytes) -> str:
        heads, setup = request.headers, self.setup
        if heads.get("X-TC-Version") != "2021-01-11" or not heads.get("X-TC-Region"):
            return "MissingParameter"
        if abs(time.time() - int(heads["X-TC-Timestamp"])) > 300:
            return "AuthFailure.SignatureExpire"
        if not hmac.compare_digest(heads["Authorization"], self._expected(request, body)):
            return "AuthFailure.SignatureFailure"
        if json.loads(body).get("SmsSdkAppId") != setup.sdk_app_id:
            return "UnauthorizedOperation.SmsSdkAppIdVerifyFail"
        return ""

    def _expected(self, request: web.Request, body: bytes) -> str:
        """Step by step as the document (method v3) has it."""
        heads, at = request.headers, int(request.headers["X-TC-Timestamp"])
        host, day = heads["Host"], time.strftime("%Y-%m-%d", time.gmtime(at))
        service = host.split(".")[0]
        lines = ["POST", "/", "", f"content-type:{heads['Content-Type']}", f"host:{host}", "", "content-type;host"]
        canonical = "\n".join([*lines, hashlib.sha256(body).hexdigest()])
        scope = "/".join([day, service, "tc3_request"])
        to_sign = "\n".join(["TC3-HMAC-SHA256", str(at), scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("TC3" + self.setup.secret_key.get_secret_value()).encode()
        for step in scope.split("/"):
            key = hmac.digest(key, step.encode(), "sha256")
        signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
        credential = f"{self.setup.secret_id.get_secret_value()}/{scope}"
        return f"TC3-HMAC-SHA256 Credential={credential}, SignedHeaders=content-type;host, Signature={signature}"

    def _answer(self, action: str, body: bytes) -> dict[str, Any]:
        order = json.loads(body)
        if action == "PullSmsSendStatus":
            pulled, self.reports = self.reports[: order["Limit"]], self.reports[order["Limit"] :]
            return {"PullSmsSendStatusSet": pulled}
        code = self.plan.pop(0) if self.plan else "Ok"
        serial = f"5000:{len(self.texts)}" if code == "Ok" else ""
        self.texts += [order] if code == "Ok" else []
        number = order["PhoneNumberSet"][0]
        status = {"SerialNo": serial, "PhoneNumber": number, "Fee": 1, "Code": code, "Message": "", "IsoCode": "CN"}
        return {"SendStatusSet": [{**status, "SessionContext": order["SessionContext"]}]}


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def running_stub(setup: TencentSmsSettings) -> AsyncIterator[tuple[SmsStub, str]]:
    """The stub and its address."""
    stub, app = SmsStub(setup), web.Application()
    app.router.add_post("/", stub.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield stub, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
