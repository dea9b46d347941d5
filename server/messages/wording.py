"""The wording of one event for one set of values: variant chosen, blanks filled, fields fitted to WeChat's rules."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from models.messages import Channel
from server.businesses.conditions import evaluate
from server.messages.events import EventName
from server.messages.fields import fill_shortened, fits, longest, one_line
from server.messages.sms_texts import SmsText, blank_values, contact_key, person_key
from server.messages.texts import message_texts
from server.messages.variants import TemplateVariant, Variant, WechatText, names_in
from server.messages.vocabulary import FREE

V = TypeVar("V", Variant, TemplateVariant)


class Wording:
    """The texts of one event for one set of values."""

    def __init__(self, name: EventName, values: Mapping[str, str], applicant: str) -> None:
        self.texts = message_texts().events[name]
        self._name = name
        self._values = dict(values)
        self._applicant = applicant
        self._phrases()

    def _phrases(self) -> None:
        for phrase, variants in message_texts().phrases.items():
            if names_in(variants) <= self._values.keys():
                self._values[phrase] = self._chosen(variants).text.format_map(self._values)

    @property
    def message(self) -> str:
        if not self.texts.message:
            return ""
        return self._chosen(self.texts.message).text.format_map(self._values)[:2000]

    @property
    def contact_sms(self) -> SmsText | None:
        """Its message, where the text says so, is spelled out: a provider's template knows no text within a text."""
        if not self.texts.contact_sms:
            return None
        chosen = self._chosen(self.texts.contact_sms)
        message = self.texts.message[0].text if self.texts.message else ""
        pattern = chosen.text.replace("{message}", message)
        return self._sms(contact_key(self._name, self.texts.contact_sms.index(chosen)), pattern, self._values)

    def person_sms(self, name: str) -> SmsText:
        chosen = self._chosen(self.texts.person_sms)
        key = person_key(self._name, self.texts.person_sms.index(chosen))
        return self._sms(key, chosen.text, self._values | {"name": name})

    @staticmethod
    def _sms(key: str, pattern: str, values: Mapping[str, str]) -> SmsText:
        return SmsText(text=pattern.format_map(values), template=key, params=blank_values(pattern, values))

    @property
    def wechat(self) -> WechatText | None:
        return self._template(Channel.WECHAT, self.texts.wechat)

    @property
    def subscribe(self) -> WechatText | None:
        """Its page is the key of one: the path is a setting."""
        text = self._template(Channel.MINI_PROGRAM, self.texts.subscribe)
        page = message_texts().subscribe_templates[text.template].page if text else None
        return text.model_copy(update={"page": page or ""}) if text else None

    def _template(self, channel: Channel, variants: Sequence[TemplateVariant]) -> WechatText | None:
        if not variants:
            return None
        chosen = self._chosen(variants)
        fields = {key: self._field(channel, key, texts) for key, texts in chosen.fields.items()}
        return WechatText(template=chosen.template, fields=fields)

    def _field(self, channel: Channel, key: str, texts: Sequence[str]) -> str:
        """The fullest wording that fits as it is, else the last one with its free text shortened."""
        for text in texts:
            if fits(channel, key, filled := one_line(text.format_map(self._values))):
                return filled
        return fill_shortened(texts[-1], self._values, FREE, longest(channel, key))

    def _chosen(self, variants: Sequence[V]) -> V:
        return next(v for v in variants if v.when is None or evaluate(v.when, self._values, self._applicant))
