"""What the texts of config/messages.yaml may name, and how long each value can grow."""

from collections.abc import Mapping

from server.messages.events import EventName

_ACCOUNT = frozenset({"account_name", "account_short", "time", "people"})
_APPLICATION = _ACCOUNT | {"first", "all_names", "business", "sms_phrase", "in_person", "bring", "bring_agent"}
_PLACE = frozenset({"location_name", "location_address", "location_short"})
_VISIT = _APPLICATION | _PLACE | {"date", "w", "start", "end"}
_VALUES: Mapping[EventName, frozenset[str]] = {
    EventName.REJECTED: _APPLICATION | {"remark"},
    EventName.EXPIRING: _APPLICATION | {"date"},
    EventName.COLLECT: _APPLICATION | _PLACE,
    EventName.BOOKED: _VISIT,
    EventName.RESCHEDULED: _VISIT,
    EventName.CANCELLED: _VISIT,
    EventName.DAY_CLOSED: _VISIT,
    EventName.NO_SHOW: _VISIT,
    EventName.PASSWORD_RESET: _ACCOUNT,
    EventName.PASSWORD_CHANGED: _ACCOUNT,
    EventName.MOBILE_CHANGED: _ACCOUNT,
    EventName.WECHAT_BOUND: _ACCOUNT,
    EventName.WECHAT_REFUSED: _ACCOUNT,
    EventName.WECHAT_MOVED: _ACCOUNT,
    EventName.RESET_CODE: _ACCOUNT | {"code", "minutes"},
    EventName.NOTICE: frozenset({"title", "time"}),
}

# Free text may be cut where a field of WeChat is short of room; names and times never are.
FREE = frozenset({"business", "sms_phrase", "bring", "bring_agent", "remark", "title"}) | _PLACE
# Names can be of any length, so a field that shows one has a shorter wording to fall back on.
NAMES = frozenset({"account_name", "account_short", "first", "all_names"})
# All others at their longest.
LONGEST: Mapping[str, str] = {
    "time": "2025年12月31日 15:30",
    "date": "2025-12-31",
    "w": "五",
    "start": "15:30",
    "end": "15:35",
    "people": "12",
    "code": "123456",
    "minutes": "10",
    "in_person": "self_or_agent",
}


def values_of(event: EventName) -> frozenset[str]:
    """What the texts of this event may name, beside the phrases of the file."""
    return _VALUES.get(event, _APPLICATION)
