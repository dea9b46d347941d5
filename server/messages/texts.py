"""The texts of config/messages.yaml, loaded strictly: a wrong file stops the start and names every fault."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self

import yaml
from pydantic import Field, StringConstraints, model_validator

import config
from server.businesses.conditions import Condition, fields_named
from server.businesses.record import Basis, Record
from server.messages.events import EventName

_FILE = Path(config.__file__).parent / "messages.yaml"

# What a text may name, beside the phrases of the file.
_ACCOUNT = frozenset({"account_name", "account_short", "time", "people"})
_APPLICATION = _ACCOUNT | {"first", "first_short", "business", "sms_phrase", "in_person", "bring", "bring_agent"}
_PLACE = frozenset({"location_name", "location_address", "location_short"})
_VISIT = _APPLICATION | _PLACE | {"date", "w", "start", "end"}
_VALUES: dict[EventName, frozenset[str]] = {
    EventName.REJECTED: _APPLICATION | {"remark"},
    EventName.EXPIRING: _APPLICATION | {"date"},
    EventName.COLLECT: _APPLICATION | _PLACE,
    EventName.BOOKED: _VISIT,
    EventName.RESCHEDULED: _VISIT,
    EventName.CANCELLED: _VISIT,
    EventName.DAY_CLOSED: _VISIT,
    EventName.NO_SHOW: _VISIT,
    EventName.PASSWORD_RESET: _ACCOUNT,
    EventName.WECHAT_BOUND: _ACCOUNT,
    EventName.WECHAT_REFUSED: _ACCOUNT,
    EventName.RESET_CODE: _ACCOUNT | {"code", "minutes"},
    EventName.NOTICE: frozenset({"title", "time"}),
}

# WeChat's value rules (template messages, since May 2023): the longest value of each type, and its shape.
LIMITS = {"thing": 20, "phrase": 5, "time": 20, "character_string": 20}
_OPEN_END = "最后一个写法不能有 when"
_HAN = re.compile(r"[\u4e00-\u9fff]{1,5}")
_FIELD = re.compile(r"(thing|phrase|time|character_string)\d{1,2}")

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Variant(Record):
    """One wording; the first whose `when` holds is taken, so the last one has none."""

    when: Condition | None = None
    text: Text
    basis: Basis


class TemplateVariant(Record):
    when: Condition | None = None
    template: Text
    fields: dict[str, Text]
    basis: Basis


class Template(Record):
    """A WeChat template as registered with the service account: its fields with their titles."""

    title: Text
    fields: dict[Annotated[str, StringConstraints(pattern=_FIELD.pattern)], Text]


class EventTexts(Record):
    """`undone_by`: later events that make an unsent delivery of this one void. `secret`: shown nowhere again."""

    message: tuple[Variant, ...] = ()
    wechat: tuple[TemplateVariant, ...] = ()
    contact_sms: tuple[Variant, ...] = ()
    person_sms: tuple[Variant, ...] = ()
    undone_by: tuple[EventName, ...] = ()
    secret: bool = False

    @property
    def lists(self) -> tuple[Sequence["Variant | TemplateVariant"], ...]:
        return self.message, self.wechat, self.contact_sms, self.person_sms


class WechatText(Record):
    """A template message ready to send: the template's key and its fields."""

    template: str
    fields: dict[str, str]


class MessageTexts(Record):
    version: int
    phrases: dict[str, tuple[Variant, ...]]
    templates: dict[str, Template]
    events: dict[EventName, EventTexts] = Field(min_length=len(EventName))
    replies: dict[Literal["scanned"], Text] = Field(min_length=1)  # said at once in the service account's chat

    @model_validator(mode="after")
    def _check(self) -> Self:
        faults = [f"{name}: {_OPEN_END}" for name, variants in self.phrases.items() if not _ends_open(variants)]
        faults += [fault for name, texts in self.events.items() for fault in self._faults(name, texts)]
        if faults:
            raise ValueError("；".join(faults))
        return self

    def _faults(self, name: EventName, texts: EventTexts) -> list[str]:
        faults = [f"{name}: {fault}" for variant in texts.wechat for fault in self._template_faults(variant)]
        if not all(map(_ends_open, texts.lists)):
            faults.append(f"{name}: {_OPEN_END}")
        return faults + [f"{name}: 不认识的取值 {word}" for word in self._unknown(name, texts)]

    def _unknown(self, name: EventName, texts: EventTexts) -> list[str]:
        allowed = _VALUES.get(name, _APPLICATION)
        outside = set(names_in(texts.contact_sms)) - {"message"}
        person = names_in(texts.person_sms) - {"name"}
        named = names_in(texts.message) | outside | person | names_in(texts.wechat)
        return sorted(self._leaves(named) - allowed)

    def _leaves(self, named: set[str]) -> set[str]:
        """The plain values that these names come down to, phrases resolved."""
        found: set[str] = set()
        for word in named:
            found |= self._leaves(names_in(self.phrases[word])) if word in self.phrases else {word}
        return found

    def _template_faults(self, variant: TemplateVariant) -> list[str]:
        template = self.templates.get(variant.template)
        if template is None:
            return [f"没有模板 {variant.template}"]
        if set(variant.fields) != set(template.fields):
            return [f"模板 {variant.template} 的字段应为 {'、'.join(template.fields)}"]
        return [f"{key} 不合微信规则" for key, text in variant.fields.items() if not _fits_rule(key, text)]


def names_in(variants: Sequence[Variant | TemplateVariant]) -> set[str]:
    """Every value that these wordings name, in their texts and conditions."""
    texts = [t for v in variants for t in (v.fields.values() if isinstance(v, TemplateVariant) else [v.text])]
    filled = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}
    return filled.union(*(fields_named(variant.when) for variant in variants))


def _ends_open(variants: Sequence[Variant | TemplateVariant]) -> bool:
    """Something is always chosen: the last wording has no condition."""
    return not variants or variants[-1].when is None


def kind_of(key: str) -> str:
    return key.rstrip("0123456789")


def _fits_rule(key: str, text: str) -> bool:
    """The fixed part of a field leaves room; a phrase is fixed and in Chinese only."""
    if kind_of(key) == "phrase":
        return _HAN.fullmatch(text) is not None
    return len("".join(fixed for fixed, *_ in Formatter().parse(text))) <= LIMITS[kind_of(key)]


@cache
def message_texts() -> MessageTexts:
    """The file as loaded at start. Raises pydantic.ValidationError naming every fault."""
    return load_texts(_FILE.read_text(encoding="utf-8"))


def load_texts(source: str) -> MessageTexts:
    return MessageTexts.read(yaml.safe_load(source))
