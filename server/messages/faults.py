"""What may be wrong with config/messages.yaml beyond its shape: every fault is named at once, at the start."""

from collections.abc import Iterable, Mapping, Sequence

from models.messages import Channel
from server.messages.events import EventName
from server.messages.fields import blanks_of, fits, type_of
from server.messages.variants import EventTexts, Template, TemplateVariant, Variant, ends_open, names_in
from server.messages.vocabulary import FREE, LONGEST, NAMES, values_of

_OPEN_END = "最后一个写法不能有 when"


class Inspection:
    """`phrases` are composed values; `templates` those of each WeChat channel."""

    def __init__(
        self, phrases: Mapping[str, Sequence[Variant]], templates: Mapping[Channel, Mapping[str, Template]]
    ) -> None:
        self._phrases = phrases
        self._templates = templates
        self._samples = _Samples({**LONGEST} | dict.fromkeys(NAMES, "某") | dict.fromkeys(FREE, "业务…"))
        for name, variants in phrases.items():
            self._samples[name] = max((variant.text.format_map(self._samples) for variant in variants), key=len)

    def of_phrases(self) -> list[str]:
        return [f"{name}: {_OPEN_END}" for name, variants in self._phrases.items() if not ends_open(variants)]

    def of_event(self, name: EventName, texts: EventTexts) -> list[str]:
        faults = [] if all(map(ends_open, texts.lists)) else [_OPEN_END]
        faults += [f"不认识的取值 {word}" for word in self._unknown(name, texts)]
        faults += [fault for variant in texts.wechat for fault in self._misfits(Channel.WECHAT, variant)]
        faults += [fault for variant in texts.subscribe for fault in self._misfits(Channel.MINI_PROGRAM, variant)]
        if "message" in names_in(texts.contact_sms) and len(texts.message) != 1:
            faults.append("短信引用 message 时，message 只能有一个写法")  # its key names one text at the provider
        return [f"{name}: {fault}" for fault in faults]

    def _unknown(self, name: EventName, texts: EventTexts) -> list[str]:
        named = names_in([*texts.message, *texts.wechat, *texts.subscribe])
        named |= names_in(texts.contact_sms) - {"message"}
        named |= names_in(texts.person_sms) - {"name"}
        return sorted(self._leaves(named) - values_of(name))

    def _leaves(self, named: Iterable[str]) -> set[str]:
        """The plain values that these names come down to, phrases resolved."""
        found: set[str] = set()
        for word in named:
            found |= self._leaves(names_in(self._phrases[word])) if word in self._phrases else {word}
        return found

    def _misfits(self, channel: Channel, variant: TemplateVariant) -> list[str]:
        template = self._templates[channel].get(variant.template)
        if template is None:
            return [f"没有模板 {variant.template}"]
        if set(variant.fields) != set(template.fields):
            return [f"模板 {variant.template} 的字段应为 {'、'.join(template.fields)}"]
        return [fault for key, texts in variant.fields.items() for fault in self._misfit(channel, key, texts)]

    def _misfit(self, channel: Channel, key: str, texts: Sequence[str]) -> list[str]:
        """Each wording fits with names and free text at their shortest and all else at its longest; the last always."""
        faults = [f"{key} 不合微信规则" for text in texts if not self._can_fit(channel, key, text)]
        if self._leaves(blanks_of(texts[-1])) & NAMES:
            faults.append(f"{key} 的最后一个写法不能含姓名或单位名称，因为它们不截断")
        return faults

    def _can_fit(self, channel: Channel, key: str, text: str) -> bool:
        cut_elsewhere = type_of(key) != "thing" and self._leaves(blanks_of(text)) & FREE
        return not cut_elsewhere and fits(channel, key, text.format_map(self._samples))


class _Samples(dict[str, str]):
    """A value nobody knows is reported by its name, not here."""

    def __missing__(self, name: str) -> str:
        return "某"
