"""The wording of one event for one set of values: variant chosen, blanks filled, fields cut to WeChat's rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from server.businesses.conditions import evaluate
from server.messages.events import EventName
from server.messages.texts import LIMITS, TemplateVariant, Variant, WechatText, kind_of, message_texts, names_in

_CUT = "…"


class Wording:
    """The texts of one event for one set of values."""

    def __init__(self, name: EventName, values: Mapping[str, str], applicant: str) -> None:
        self.texts = message_texts().events[name]
        self._values = dict(values)
        self._applicant = applicant
        self._phrases()

    def _phrases(self) -> None:
        for phrase, variants in message_texts().phrases.items():
            if names_in(variants) <= self._values.keys():
                self._values[phrase] = self._fill(variants)

    @property
    def message(self) -> str:
        return self._fill(self.texts.message)[:2000] if self.texts.message else ""

    @property
    def contact_sms(self) -> str:
        if not self.texts.contact_sms:
            return ""
        return self._fill(self.texts.contact_sms, message=self.message)

    def person_sms(self, name: str) -> str:
        return self._fill(self.texts.person_sms, name=name)

    @property
    def wechat(self) -> WechatText | None:
        if not self.texts.wechat:
            return None
        chosen: TemplateVariant = self._choose(self.texts.wechat)
        fields = {key: fit(key, text.format_map(self._values)) for key, text in chosen.fields.items()}
        return WechatText(template=chosen.template, fields=fields)

    def _choose(self, variants: Sequence[Any]) -> Any:
        return next(v for v in variants if v.when is None or evaluate(v.when, self._values, self._applicant))

    def _fill(self, variants: Sequence[Variant], **more: str) -> str:
        text: str = self._choose(variants).text
        return text.format_map(self._values | more)


def fit(key: str, value: str) -> str:
    """A field's value within its type's length, on one line: thing1, 21 characters -> 19 and an ellipsis."""
    flat = " ".join(value.split())
    limit = LIMITS[kind_of(key)]
    return flat if len(flat) <= limit else flat[: limit - 1] + _CUT


def shorten(value: str, limit: int) -> str:
    return value if len(value) <= limit else value[: limit - 1] + _CUT
