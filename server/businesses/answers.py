"""Reading what a client sent as a form: only known fields, right types, clean characters; anything else is a fault."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from server.businesses.record import Form
from server.businesses.schema import FaultTexts, FormField
from server.businesses.validate import normalised
from server.businesses.vocabulary import FieldType

Answer = str | list[str]

_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (bidi, zero width), lone surrogates, separators


class Fault(TypedDict):
    """`code` for programs: required, format, masked_value, unknown_field, …"""

    field: str
    message: str
    code: str


class _Malformed(Exception):
    def __init__(self, code: str, text: str, **values: object) -> None:
        self.code, self.text, self.values = code, text, values


def read_answers(
    fields: Iterable[FormField], texts: FaultTexts, longest: int, form: object
) -> tuple[dict[str, Answer], list[Fault]]:
    """The answered fields, trimmed and normalised in the fields' order, and what cannot be kept at all."""
    if not isinstance(form, Mapping):
        return {}, [Fault(field="form", message=texts.wrong_type.format(label="form"), code="wrong_type")]
    known = {field.key: field for field in fields}
    faults = [_unknown(key, texts) for key in form if key not in known]
    answers: dict[str, Answer] = {}
    for key, field in known.items():
        try:
            answer = _read(field, texts, longest, form.get(key))
        except _Malformed as malformed:
            faults.append(_fault(field, malformed))
        else:
            if answer:
                answers[key] = answer
    return answers, faults


def answer_text(field: FormField, answer: object) -> str:
    """An answer as people read it: options by their labels, several joined by 、."""
    labels = {option.value: option.label for option in field.options}
    values = answer if isinstance(answer, list | tuple) else [answer]
    return "、".join(labels.get(str(value), str(value)) for value in values if value not in (None, ""))


def answered(form: Form, field: FormField) -> bool:
    """Whether the field has a usable answer: one of its options, for a choice."""
    answer = form.get(field.key)
    if field.type is FieldType.CHECKBOX:
        return isinstance(answer, list | tuple) and bool(answer) and all(value in field.values for value in answer)
    return answer in field.values if field.is_choice else bool(answer)


def _unknown(key: object, texts: FaultTexts) -> Fault:
    name = str(key)[:64].encode(errors="replace").decode()
    return Fault(field=name, message=texts.unknown_field, code="unknown_field")


def _fault(field: FormField, malformed: _Malformed) -> Fault:
    message = malformed.text.format(label=field.label, **malformed.values)
    return Fault(field=field.key, message=message, code=malformed.code)


def _read(field: FormField, texts: FaultTexts, longest: int, value: Any) -> Answer:
    if value is None:
        return ""
    if field.type is FieldType.CHECKBOX:
        return _chosen(field, texts, value)
    if not isinstance(value, str):
        raise _Malformed("wrong_type", texts.wrong_type)
    if field.is_choice:
        return _one_of(field, texts, value)
    return _text(field, texts, longest, value.strip())


def _chosen(field: FormField, texts: FaultTexts, value: Any) -> list[str]:
    """In the catalogue's order, each once."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _Malformed("wrong_type", texts.wrong_type)
    for item in value:
        _one_of(field, texts, item)
    return [option for option in field.values if option in value]


def _one_of(field: FormField, texts: FaultTexts, value: str) -> str:
    if "*" in value:
        raise _Malformed("masked_value", texts.masked)
    if value and value not in field.values:
        raise _Malformed("unknown_option", texts.unknown_option)
    return value


def _text(field: FormField, texts: FaultTexts, longest: int, value: str) -> str:
    limit = field.max or (field.validator.max if field.validator else None) or longest
    if "*" in value:
        raise _Malformed("masked_value", texts.masked)
    if len(value) > limit:
        raise _Malformed("too_long", texts.too_long, max=limit)
    kept = value.replace("\r\n", "\n") if field.type is FieldType.TEXTAREA else value
    if any(unicodedata.category(letter) in _INVISIBLE and not _is_line_end(field, letter) for letter in kept):
        raise _Malformed("control_character", texts.control_character)
    return normalised(field.validator, kept)


def _is_line_end(field: FormField, letter: str) -> bool:
    return letter == "\n" and field.type is FieldType.TEXTAREA
