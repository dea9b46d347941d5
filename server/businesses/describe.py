"""A business as clients see it: labels, rules, places and guide, each with where it comes from."""

import re
from typing import Any

from server.businesses.catalogue import catalogue
from server.businesses.conditions import ApplicantKind, Condition
from server.businesses.edition import edition_of
from server.businesses.guide import can_hold, guide_of
from server.businesses.requirements import Requirements
from server.businesses.schema import Business, FormField, Material, Required
from server.businesses.validate import Validator
from server.businesses.views import (
    BasisView,
    BusinessSummary,
    BusinessView,
    CommitmentView,
    CrossCheckView,
    FieldView,
    MaterialView,
    OptionView,
    PathView,
    PickerView,
    PlaceView,
    RequirementsView,
    ValueWarningView,
    VisitView,
    WindowView,
)

_BEYOND_BMP = re.compile(r"\\U000([0-9A-Fa-f]{5})")


def summarise(business: Business) -> BusinessSummary:
    return BusinessSummary(
        key=business.key,
        label=business.label,
        alt_labels=list(business.alt_labels),
        order=business.order,
        applicants=list(business.applicants),
        guide=business.guide,
        tile_button=catalogue().defaults.home.tile_button,
        may_be_on_site=business.may_be_on_site,
    )


def describe(business: Business, applicant: str) -> BusinessView:
    """For one kind of applicant: items that never apply to it are left out."""
    words = catalogue().defaults
    return BusinessView(
        **summarise(business).model_dump(),
        edition=edition_of(business).digest,
        form_title=business.form_title,
        form_buttons=list(words.form_buttons),
        eligibility=business.eligibility,
        commitment=_commitment(business),
        guide_text=guide_of(business, applicant, catalogue()) if business.guide else None,
        picker_kind=business.picker,
        picker=_picker(business),
        list_columns=business.list_columns.plain(),
        window=WindowView(**business.window.plain()) if business.window else None,
        paths=_paths(business),
        certificate=business.certificate,
        visit=_visit(business),
        fields=[_field(business, f, applicant) for f in business.fields if can_hold(f.when, applicant)],
        cross_checks=_cross_checks(business),
        materials=[_material(business, m) for m in business.materials if can_hold(m.when, applicant)],
        basis={key: _basis(basis) for key, basis in business.basis.items()},
    )


def describe_requirements(business: Business, found: Requirements, applicant: str) -> RequirementsView:
    """`required` is settled for the answers given."""
    fields = [_field(business, field, applicant) for field in found.fields]
    materials = [_material(business, material) for material in found.materials]
    return RequirementsView(
        fields=[view.model_copy(update={"required": view.key in found.required}) for view in fields],
        materials=[view.model_copy(update={"required": view.key in found.required_materials}) for view in materials],
        waiting_for=list(found.waiting_for),
        presets=found.presets,
        path=found.path,
        on_site=found.path.on_site if found.path else None,
    )


def template_note(material: Material) -> str | None:
    """《…》需要按模板填写后制作成图片或 PDF 文件再上传。 (3.2 names the form by its own title)"""
    if not material.template:
        return None
    return catalogue().defaults.template_note.format(label=material.document_name)


def client_pattern(pattern: str) -> str:
    """A regular expression as browsers write it (with the u flag): \\U00020000 becomes \\u{20000}."""
    return _BEYOND_BMP.sub(r"\\u{\1}", pattern)


def _basis(text: str) -> BasisView:
    note = text[1:].strip()
    return BasisView(mark=text[0], source=catalogue().defaults.basis_sources[text[0]], note=note)


def _when(condition: Condition | None) -> dict[str, Any] | None:
    return condition.plain() if condition is not None else None


def _requirement(item: FormField | Material) -> dict[str, Any]:
    if isinstance(item.required, Required):
        return {"required": False, "required_when": item.required.when.plain()}
    return {"required": item.required}


def _field(business: Business, field: FormField, applicant: str) -> FieldView:
    own_limit = field.max or (field.validator.max if field.validator else None)
    return FieldView(
        **_requirement(field),
        **field.model_dump(include={"key", "label", "type", "preset_from", "placeholder", "hint", "min"}),
        when=_when(field.when),
        options=[OptionView(**option.model_dump(include=set(OptionView.model_fields))) for option in field.options],
        readonly=field.is_readonly,
        default=field.default_for_custody if applicant == ApplicantKind.CUSTODY else None,
        prefill=field.prefill,
        max=own_limit or business.max_answer,
        warn_if=ValueWarningView(**field.warn_if.plain()) if field.warn_if else None,
        rules=_rules(field.validator) if field.validator else None,
        basis=_basis(field.basis),
    )


def _rules(validator: Validator) -> dict[str, Any]:
    found = validator.plain()
    for key in ("regex", "typical", "date_part"):
        if key in found:
            found[key] = client_pattern(found[key])
    if validator.any_of:
        found["any_of"] = [_rules(kind) for kind in validator.any_of]
    return found


def _material(business: Business, material: Material) -> MaterialView:
    button = catalogue().defaults.template_button if material.template else None
    return MaterialView(
        **_requirement(material),
        **material.model_dump(include={"key", "label", "template", "sign", "hint", "note"}),
        when=_when(material.when),
        template_button=button,
        template_note=template_note(material),
        document_name=material.document_name if material.template else None,
        file_hint=business.files.hint,
        max_files=business.files.max_files,
        max_bytes=business.files.max_bytes,
        basis=_basis(material.basis),
    )


def _commitment(business: Business) -> CommitmentView:
    own = business.commitment
    return CommitmentView(
        title=own.title, text=own.text, buttons=list(own.buttons), version=own.version, guide_link=own.guide_link
    )


def _picker(business: Business) -> PickerView | None:
    label = business.picker_cpa_no_label
    if label is None:
        return None
    words = catalogue().defaults.picker
    return PickerView(
        title=words.title,
        search_placeholder=words.search_placeholder.format(cpa_no_label=label),
        direct_entry=words.direct_entry,
        columns=[column.format(cpa_no_label=label) for column in words.columns],
        row_action=words.row_action,
    )


def _paths(business: Business) -> list[PathView]:
    states = catalogue().states
    return [
        PathView(
            path=choice.path,
            on_site=choice.path.on_site,
            when=_when(choice.when),
            states=[states.statuses[state].label for state in states.paths[choice.path].states],
        )
        for choice in business.paths
    ]


def _visit(business: Business) -> VisitView | None:
    if business.location is None or business.in_person is None:
        return None
    place = business.location.plain()
    return VisitView(
        place=PlaceView(**{key: value for key, value in place.items() if key in PlaceView.model_fields}),
        in_person=business.in_person,
        bring=list(business.bring),
        bring_if_agent=list(business.bring_if_agent),
    )


def _cross_checks(business: Business) -> list[CrossCheckView]:
    return [
        CrossCheckView(
            rule=check.rule,
            fields=list(check.fields),
            severity=check.severity,
            message=check.message,
            basis=_basis(check.basis),
        )
        for check in business.cross_checks
    ]
