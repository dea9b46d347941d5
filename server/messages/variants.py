"""The parts that config/messages.yaml is made of."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from server.businesses.conditions import Condition, fields_named
from server.businesses.record import Basis, Key, Record
from server.messages.events import EventName
from server.messages.fields import FIELD, blanks_of

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
FieldKey = Annotated[str, StringConstraints(pattern=FIELD)]


def _several(given: Any) -> Any:
    return (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list) else given


# One wording, or several from the fullest to the shortest: the first that fits the field is taken.
Fitting = Annotated[tuple[Text, ...], BeforeValidator(_several), Field(min_length=1)]


class Variant(Record):
    """One wording; the first whose `when` holds is taken, so the last one has none."""

    when: Condition | None = None
    text: Text
    basis: Basis

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,)


class TemplateVariant(Record):
    when: Condition | None = None
    template: Key
    fields: dict[FieldKey, Fitting]
    basis: Basis

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(text for fitting in self.fields.values() for text in fitting)


class Template(Record):
    """A WeChat template as registered: its fields with their titles. `page` of a subscribe message: a key of the
    settings' mini_program_pages."""

    title: Text
    page: Key | None = None
    fields: dict[FieldKey, Text]


class EventTexts(Record):
    """`undone_by`: later events that make an unsent delivery of this one void. `good_for`: minutes after which it is
    void too, and a newer one makes it void at once. `secret`: shown nowhere again. `can_wait`: not sent in the quiet
    hours."""

    message: tuple[Variant, ...] = ()
    wechat: tuple[TemplateVariant, ...] = ()
    subscribe: tuple[TemplateVariant, ...] = ()
    contact_sms: tuple[Variant, ...] = ()
    person_sms: tuple[Variant, ...] = ()
    undone_by: tuple[EventName, ...] = ()
    good_for: int | None = Field(None, ge=1)
    secret: bool = False
    can_wait: bool = False

    @property
    def lists(self) -> tuple[Sequence[Variant | TemplateVariant], ...]:
        return self.message, self.wechat, self.subscribe, self.contact_sms, self.person_sms


class Quiet(Record):
    """From one wall-clock time in Beijing to another of the next morning."""

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")


class WechatText(Record):
    """A template message ready to send: the template's key, its fields, and the page it opens."""

    template: str
    fields: dict[str, str]
    page: str = ""


def names_in(variants: Sequence[Variant | TemplateVariant]) -> set[str]:
    """Every value that these wordings name, in their texts and conditions."""
    return {name for variant in variants for name in _names_of(variant)}


def _names_of(variant: Variant | TemplateVariant) -> Iterator[str]:
    for text in variant.texts:
        yield from blanks_of(text)
    yield from fields_named(variant.when)


def ends_open(variants: Sequence[Variant | TemplateVariant]) -> bool:
    """Something is always chosen: the last wording has no condition."""
    return not variants or variants[-1].when is None
