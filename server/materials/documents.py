"""Printable forms (下载模板): what is put into them, and under which name they are saved (manual §3.2)."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.accounts import AccountKind
from server.accounts.caller import Caller
from server.businesses import Business, FormField, Material
from server.businesses.answers import answer_text, answered
from server.businesses.conditions import fields_named
from server.businesses.prefill import Known, unit_of
from server.businesses.requirements import applies
from server.materials.refusals import NoSuchMaterial
from server.materials.studio import Studio

_OWN_LAYOUT = frozenset({"deregistration_form"})  # config/documents has a template of the same name
_GENERAL = "general_form"


async def render_document(
    studio: Studio, business: Business, key: str, form: Mapping[str, Any], caller: Caller
) -> tuple[str, bytes]:
    """(file name, PDF) of the form of one material. Raises NoSuchMaterial where there is none to download."""
    material = next((m for m in business.materials if m.key == key and m.template), None)
    if material is None:
        raise NoSuchMaterial
    document = key if key in _OWN_LAYOUT else _GENERAL
    values = document_values(business, material, form, caller)
    return f"{material.document_name}.pdf", await studio.render(document, values)


def document_values(business: Business, material: Material, form: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """{"title", "unit", "custody", "answers": {key: text}, "rows": [{"key", "label"}], "options": {key: [{…}]}, …}.

    Answers are as people read them; unanswered ones are empty, so that they can be written by hand.
    """
    known = Known(caller.kind.value, caller.name)
    answers = {field.key: answer_text(field, form.get(field.key)) for field in business.fields}
    return {
        "title": material.document_name,
        "unit": unit_of(business, known),
        "custody": caller.kind is AccountKind.CUSTODY,
        "answers": answers,
        "rows": [{"key": field.key, "label": field.label} for field in _printed(business, form, caller)],
        "options": {
            field.key: _options(field.options, form.get(field.key)) for field in business.fields if field.options
        },
        "commitment": business.commitment.text,
        "place": business.location.plain() if business.location else None,
    }


def _printed(business: Business, form: Mapping[str, Any], caller: Caller) -> Iterator[FormField]:
    """What does not apply is left out once that is certain: on an empty form it may still be filled in by hand."""
    answers = dict(form)
    for field in business.fields:
        deciding = [business.field(key) for key in fields_named(field.when)]
        is_open = not all(answered(answers, other) for other in deciding)
        if is_open or applies(business, field, answers, caller.kind.value):
            yield field


def _options(options: Any, answer: object) -> list[dict[str, Any]]:
    chosen = answer if isinstance(answer, list) else [answer]
    return [{"group": option.group, "label": option.label, "chosen": option.value in chosen} for option in options]
