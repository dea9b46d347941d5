"""SMS as providers with registered templates want them: a stable key, and the values of the blanks in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from server.businesses.record import Record
from server.messages.events import EventName
from server.messages.fields import blanks_of
from server.messages.texts import message_texts


class SmsText(Record):
    """`template` names the wording ("booked.person.1"), `params` are its blanks in the order of the text."""

    text: str
    template: str
    params: tuple[str, ...]


@dataclass(frozen=True)
class SmsTemplate:
    """What is to be registered with a provider under `key`; its blanks are numbered: {1}您好，您办理的({2})…"""

    key: str
    text: str


def contact_key(event: EventName, index: int) -> str:
    return f"{event}.contact.{index + 1}"


def person_key(event: EventName, index: int) -> str:
    return f"{event}.person.{index + 1}"


def blank_values(pattern: str, values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(values[name] for name in blanks_of(pattern))


def sms_templates() -> Iterator[SmsTemplate]:
    """Every SMS wording of config/messages.yaml."""
    for event, texts in message_texts().events.items():
        message = texts.message[0].text if texts.message else ""
        for index, variant in enumerate(texts.contact_sms):
            yield SmsTemplate(contact_key(event, index), _numbered(variant.text.replace("{message}", message)))
        for index, variant in enumerate(texts.person_sms):
            yield SmsTemplate(person_key(event, index), _numbered(variant.text))


def _numbered(pattern: str) -> str:
    """{names}…{business} -> {1}…{2}."""
    for number, name in enumerate(blanks_of(pattern), 1):
        pattern = pattern.replace(f"{{{name}}}", f"{{{number}}}", 1)
    return pattern
