"""A business (办理事项) with everything it refers to inside, so that an edition stands alone."""

import hashlib
from typing import Self

from pydantic import Field, model_validator

from server.businesses.checks import CrossCheck
from server.businesses.conditions import ApplicantKind, Condition
from server.businesses.prefill import Prefill
from server.businesses.record import Basis, Key, Record, Text
from server.businesses.validate import Validator
from server.businesses.vocabulary import (
    CHOICES,
    Attendance,
    Certificate,
    Effect,
    FieldType,
    Path,
    Picker,
    RosterColumn,
    Step,
)


class Option(Record):
    value: Key
    label: Text
    group: Text | None = None
    preset_to: Text | None = None
    on_certificate: bool = False
    needs_new_firm_materials: bool = False


class OptionSet(Record):
    basis: Basis
    options: tuple[Option, ...] = Field(min_length=1)


class ValueWarning(Record):
    """A text shown as soon as this value is chosen."""

    value: str
    text: Text


class Required(Record):
    when: Condition


class FormField(Record):
    key: Key
    label: Text
    type: FieldType
    required: bool | Required
    when: Condition | None = None
    options: tuple[Option, ...] = ()
    options_basis: Basis | None = None
    validator: Validator | None = Field(None, alias="validate")
    readonly: bool = False
    prefill: Prefill | None = None
    preset_from: Key | None = None
    default_for_custody: str | None = None
    placeholder: Text | None = None
    hint: Text | None = None
    min: int | None = Field(None, ge=1)
    max: int | None = Field(None, ge=1)
    warn_if: ValueWarning | None = None
    note: Text | None = None
    basis: Basis

    @property
    def is_choice(self) -> bool:
        return self.type in CHOICES

    @property
    def is_readonly(self) -> bool:
        """Given by the server, never taken from the applicant."""
        return self.readonly or self.type is FieldType.READONLY

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(option.value for option in self.options)


class FileRules(Record):
    accept: tuple[Text, ...]
    accept_silently: tuple[Text, ...] = ()
    max_bytes: int = Field(ge=1)
    max_files: int = Field(ge=1)
    hint: Text
    pick_button: Text
    empty_text: Text
    preview: bool
    removable_before_submit: bool
    basis: Basis


class Material(Record):
    key: Key
    label: Text
    required: bool | Required
    template: bool
    when: Condition | None = None
    file_name: Text | None = None
    template_prefilled: tuple[Key, ...] = ()
    template_blank: tuple[Text, ...] = ()
    sign: Text | None = None
    hint: Text | None = None
    note: Text | None = None
    basis: Basis

    @property
    def document_name(self) -> str:
        """The name of the downloaded form (3.2: the label and the form's title differ)."""
        return self.file_name or self.label


class Place(Record):
    key: Key
    name: Text
    address: Text
    short: Text
    contact: Text | None = None
    phone: Text | None = None
    basis: Basis


class PathChoice(Record):
    path: Path
    when: Condition | None = None


class ListColumns(Record):
    cpa_no: bool
    id_number: bool


class Window(Record):
    required: bool
    closed_text: Text


class Commitment(Record):
    title: Text
    text: Text
    buttons: tuple[Text, ...]
    guide_link: Text | None = None
    basis: Basis

    @property
    def version(self) -> str:
        """What an applicant agreed to, in 16 hex digits."""
        return hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest()[:16]


class Result(Record):
    """What staff enter when they finish: at which step of which path, and in which fields (decisions D14)."""

    at: dict[Path, Step] = Field(min_length=1)
    fields: tuple[FormField, ...] = Field(min_length=1)


class RosterEffect(Record):
    """`values`: column -> the first of these (`form.x`, `result.x`) that is answered."""

    when: Condition | None = None
    effect: Effect
    at: dict[Path, Step] = Field(min_length=1)
    values: dict[RosterColumn, tuple[Text, ...]] = Field(min_length=1)


class FaultTexts(Record):
    """What a form's check says; {label} is the field's."""

    required: Text
    choose: Text
    choose_min: Text
    upload: Text
    unknown_field: Text
    wrong_type: Text
    unknown_option: Text
    too_long: Text
    control_character: Text
    masked: Text
    format: Text
    unchanged: Text


class Business(Record):
    key: Key
    label: Text
    alt_labels: tuple[Text, ...] = ()
    form_title: Text
    order: int = Field(ge=1)
    applicants: tuple[ApplicantKind, ...] = Field(min_length=1)
    eligibility: Text | None = None
    guide: bool
    picker: Picker
    picker_cpa_no_label: Text | None = None
    list_columns: ListColumns
    identity: tuple[Key, ...] = Field(min_length=1)  # the first answered one tells who it is about (D13)
    one_per_person_per_year: bool = False
    window: Window | None = None
    paths: tuple[PathChoice, ...] = Field(min_length=1)
    certificate: Certificate
    desk: Key
    location: Place | None = None
    in_person: Attendance | None = None
    bring: tuple[Text, ...] = ()
    bring_if_agent: tuple[Text, ...] = ()
    sms_phrase: Text | None = None
    fields: tuple[FormField, ...] = Field(min_length=1)
    cross_checks: tuple[CrossCheck, ...] = ()
    materials: tuple[Material, ...] = Field(min_length=1)
    result: Result | None = None
    roster_effects: tuple[RosterEffect, ...] = ()  # the first whose condition holds
    commitment: Commitment
    files: FileRules
    texts: FaultTexts
    max_answer: int = Field(ge=1)
    custody_unit: Text
    basis: dict[str, Basis]

    @property
    def may_be_on_site(self) -> bool:
        return any(choice.path.on_site for choice in self.paths)

    def field(self, key: str) -> FormField:
        """Raises KeyError."""
        return {item.key: item for item in self.fields}[key]

    def material(self, key: str) -> Material:
        """Raises KeyError."""
        return {item.key: item for item in self.materials}[key]

    @model_validator(mode="after")
    def _basis_names_attributes(self) -> Self:
        if unknown := sorted(set(self.basis) - set(type(self).model_fields) - {"business"}):
            raise ValueError(f"basis 中有不认识的键: {'、'.join(unknown)}")
        return self
