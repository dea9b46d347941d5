"""The texts of config/messages.yaml, loaded strictly: a wrong file stops the start and names every fault."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

import config
from models.messages import Channel
from server.businesses.files import parse_yaml
from server.businesses.record import Key, Record
from server.messages.events import EventName
from server.messages.faults import Inspection
from server.messages.variants import EventTexts, Quiet, Template, Text, Variant

_FILE = Path(config.__file__).parent / "messages.yaml"


class MessageTexts(Record):
    """`consents`: after which deed the person is asked for subscribe messages of which events to come."""

    version: int
    phrases: dict[Key, tuple[Variant, ...]]
    templates: dict[Key, Template]
    subscribe_templates: dict[Key, Template]
    quiet: Quiet
    consents: dict[Literal["submit", "book"], tuple[EventName, ...]] = Field(min_length=2)
    events: dict[EventName, EventTexts] = Field(min_length=len(EventName))
    replies: dict[Literal["scanned"], Text] = Field(min_length=1)  # said at once in the service account's chat

    @model_validator(mode="after")
    def _check(self) -> Self:
        if faults := list(self._faults()):
            raise ValueError("；".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        templates = {Channel.WECHAT: self.templates, Channel.MINI_PROGRAM: self.subscribe_templates}
        inspection = Inspection(self.phrases, templates)
        yield from inspection.of_phrases()
        for name, texts in self.events.items():
            yield from inspection.of_event(name, texts)
        for name in {name for events in self.consents.values() for name in events}:
            if not self.events[name].subscribe:
                yield f"consents: {name} 没有小程序订阅消息"

    def subscribe_keys(self, deed: Literal["submit", "book"]) -> list[str]:
        """The templates of the events that can follow a deed, in the order of the file."""
        variants = (variant for name in self.consents[deed] for variant in self.events[name].subscribe)
        return list(dict.fromkeys(variant.template for variant in variants))


@cache
def message_texts() -> MessageTexts:
    """The file as loaded at start. Raises pydantic.ValidationError naming every fault."""
    return load_texts(_FILE.read_text(encoding="utf-8"))


def load_texts(source: str) -> MessageTexts:
    return MessageTexts.read(parse_yaml(source))
