"""What a callback says: XML or JSON, one item or several, read into one shape."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xmltodict

KEY_LENGTH = 200  # of the inbox's unique key

# XML wraps the items in an element of its own; JSON has them at the top.
_WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}
_SCENE_PREFIX = "qrscene_"  # of a scan by which somebody begins to follow


@dataclass(frozen=True)
class Consent:
    """What somebody said to one template's messages: accept, reject, ban or filter."""

    template_id: str
    status: str


@dataclass(frozen=True)
class SendResult:
    """What became of one subscribe message; `code` is "0" when it arrived."""

    template_id: str
    message_id: str
    code: str
    status: str


@dataclass(frozen=True)
class Callback:
    """One message or event as WeChat pushed it. `event` is in lower case and empty for messages.

    `text` is it whole, `event_key` as sent, `scene` is it without WeChat's prefix and only for scans.
    `message_id` is the MsgId of a message or the msgid that a TEMPLATESENDJOBFINISH receipt is about, `status` is
    that receipt's.
    """

    app: str
    unique_key: str
    text: str
    kind: str  # text, image, event …
    openid: str
    account: str  # the app's own name
    created: int  # seconds since the epoch
    event: str = ""
    event_key: str = ""
    scene: str = ""
    ticket: str = ""
    message_id: str = ""
    status: str = ""
    consents: tuple[Consent, ...] = ()
    results: tuple[SendResult, ...] = ()

    @property
    def is_json(self) -> bool:
        return is_json(self.text)


def read_callback(app: str, text: str) -> Callback:
    """A plain callback's meaning, also of one read back from the inbox. Raises what a broken text makes expat and
    json raise; a text that came through the door once does not."""
    fields = fields_of(text)
    kind = _required(fields, "MsgType").lower()
    event = _text(fields, "Event").lower() if kind == "event" else ""
    items = list(_items(fields, event))
    return Callback(
        app=app,
        unique_key=_unique_key(fields, event, items),
        text=text,
        kind=kind,
        openid=_required(fields, "FromUserName"),
        account=_text(fields, "ToUserName"),
        created=int(_required(fields, "CreateTime")),
        event=event,
        event_key=_text(fields, "EventKey"),
        scene=_scene(event, _text(fields, "EventKey")),
        ticket=_text(fields, "Ticket"),
        message_id=_message_id(fields),
        status=_text(fields, "Status"),
        consents=tuple(_consents(items)),
        results=tuple(_results(items)),
    )


def is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def fields_of(text: str) -> dict[str, Any]:
    """The named values of an XML or JSON text."""
    return dict(json.loads(text) if is_json(text) else xmltodict.parse(text)["xml"])


def _items(fields: Mapping[str, Any], event: str) -> Iterator[Mapping[str, Any]]:
    """Both formats write one item as an object and several as a list of them."""
    holder = fields.get(_WRAPPERS.get(event, ""), fields)
    found = holder.get("List") if isinstance(holder, dict) else None
    yield from (item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict))


def _consents(items: list[Mapping[str, Any]]) -> Iterator[Consent]:
    for item in items:
        if status := _text(item, "SubscribeStatusString"):
            yield Consent(_text(item, "TemplateId"), status)


def _results(items: list[Mapping[str, Any]]) -> Iterator[SendResult]:
    for item in items:
        if code := _text(item, "ErrorCode"):
            yield SendResult(_text(item, "TemplateId"), _message_id(item), code, _text(item, "ErrorStatus"))


def _scene(event: str, key: str) -> str:
    if event == "subscribe" and key.startswith(_SCENE_PREFIX):
        return key.removeprefix(_SCENE_PREFIX)
    return key if event == "scan" else ""


def _text(fields: Mapping[str, Any], name: str) -> str:
    """A text or a number, which JSON tells apart; anything else that some event has in its place is not taken."""
    value = fields.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _required(fields: Mapping[str, Any], name: str) -> str:
    if not (value := _text(fields, name)):
        raise KeyError(name)
    return value


def _message_id(fields: Mapping[str, Any]) -> str:
    return _text(fields, "MsgId") or _text(fields, "MsgID")


def _unique_key(fields: Mapping[str, Any], event: str, items: list[Mapping[str, Any]]) -> str:
    """MsgId of a message, msgid of a receipt; else person, time, event and what it is about (WeChat's own rule, with
    the key added: one person may cause two events in one second). A scan's key is a ticket: its hash is kept."""
    if number := _message_id(fields):
        return _fit(f"{event or 'message'}:{number}")
    key = _text(fields, "EventKey")
    about = _hashed(key) if key else ",".join(_text(item, "TemplateId") + _message_id(item) for item in items)
    return _fit(":".join((_required(fields, "FromUserName"), _required(fields, "CreateTime"), event, about)))


def _fit(key: str) -> str:
    """A key too long for its column keeps its head and a hash of the whole."""
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[: KEY_LENGTH - 65]}:{_hashed(key)}"


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
