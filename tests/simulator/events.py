"""What a callback says, written as XML or as JSON the way the platform does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from config.settings import WechatApp

Format = Literal["xml", "json"]
Value = str | Mapping[str, "Value"] | Sequence["Value"]

# event -> the element around its items; JSON has none
_WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event about one person. `items` is the List of the subscribe events."""

    app: WechatApp
    name: str
    openid: str
    created: int
    fields: Mapping[str, str] = field(default_factory=dict)
    items: tuple[Mapping[str, str], ...] = ()

    def written(self, format_: Format, account: str) -> str:
        """From the app whose own name is `account`."""
        return self._json(account) if format_ == "json" else self._xml(account)

    def _xml(self, account: str) -> str:
        wrapped = {_WRAPPERS[self.name]: {"List": list(self.items)}} if self.items else {}
        return event_xml(account, self.openid, self.created, Event=self.name, **self.fields, **wrapped)

    def _json(self, account: str) -> str:
        """One item is an object, several are an array, and the time comes in either type: all of it is seen."""
        alone = len(self.items) == 1
        items = {"List": self.items[0] if alone else self.items} if self.items else {}
        head = {"ToUserName": f"gh_{account}", "FromUserName": self.openid, "MsgType": "event", "Event": self.name}
        created = {"CreateTime": str(self.created) if alone else self.created}
        return json.dumps({**head, **created, **self.fields, **items}, ensure_ascii=False)


def event_xml(account: str, openid: str, created: int, **fields: Value) -> str:
    parts = {"ToUserName": f"gh_{account}", "FromUserName": openid, "MsgType": "event", **fields}
    nodes = "".join(_node(name, value) for name, value in parts.items())
    return f"<xml>{nodes}<CreateTime>{created}</CreateTime></xml>"


def _node(name: str, value: Value) -> str:
    if isinstance(value, str):
        return f"<{name}><![CDATA[{value}]]></{name}>"
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_node(inner, of) for inner, of in value.items())}</{name}>"
    return "".join(_node(name, one) for one in value)
