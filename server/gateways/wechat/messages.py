"""The two kinds of message we send, as WeChat wants them written."""

from dataclasses import dataclass
from typing import Any


def _data(fields: dict[str, str]) -> dict[str, dict[str, str]]:
    return {key: {"value": value} for key, value in fields.items()}


@dataclass(frozen=True)
class TemplateMessage:
    """Of the service account. A `client_msg_id` repeated within ten minutes is shown once."""

    openid: str
    template_id: str
    fields: dict[str, str]
    client_msg_id: str
    url: str = ""
    miniprogram: dict[str, str] | None = None  # {"appid", "pagepath"}; it wins over url

    def body(self) -> dict[str, Any]:
        optional = {"url": self.url, "miniprogram": self.miniprogram}
        return {
            "touser": self.openid,
            "template_id": self.template_id,
            "data": _data(self.fields),
            "client_msg_id": self.client_msg_id,
        } | {key: value for key, value in optional.items() if value}


@dataclass(frozen=True)
class SubscribeMessage:
    """Of the mini program: uses up one consent, and has no name by which WeChat would know a repetition.

    `state` (developer, trial, formal) and `lang` are always sent: WeChat's present page requires both.
    """

    openid: str
    template_id: str
    fields: dict[str, str]
    state: str
    page: str = ""  # without a leading slash; may carry a query
    lang: str = "zh_CN"

    def body(self) -> dict[str, Any]:
        return {
            "touser": self.openid,
            "template_id": self.template_id,
            "miniprogram_state": self.state,
            "lang": self.lang,
            "data": _data(self.fields),
        } | ({"page": self.page} if self.page else {})
