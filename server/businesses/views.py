"""The shapes in which a business is shown to clients."""

from typing import Any

from server.businesses.conditions import ApplicantKind
from server.businesses.guide import Guide
from server.businesses.shape import Shape
from server.businesses.vocabulary import Attendance, Certificate, FieldType, Path, Picker


class BasisView(Shape):
    """Where a rule comes from: `mark` M (manual), R (public rule) or P (proposal), its source in words."""

    mark: str
    source: str
    note: str


class OptionView(Shape):
    value: str
    label: str
    group: str | None = None
    on_certificate: bool = False
    preset_to: str | None = None


class ValueWarningView(Shape):
    value: str
    text: str


class FieldView(Shape):
    """`required` is the rule when it depends on answers: then `required_when` has it and `required` is false."""

    key: str
    label: str
    type: FieldType
    required: bool
    required_when: dict[str, Any] | None = None
    when: dict[str, Any] | None = None
    options: list[OptionView] = []  # noqa: RUF012 - pydantic copies it
    readonly: bool = False
    default: str | None = None
    prefill: str | None = None
    preset_from: str | None = None
    placeholder: str | None = None
    hint: str | None = None
    min: int | None = None
    max: int
    warn_if: ValueWarningView | None = None
    rules: dict[str, Any] | None = None
    basis: BasisView


class MaterialView(Shape):
    key: str
    label: str
    required: bool
    required_when: dict[str, Any] | None = None
    when: dict[str, Any] | None = None
    template: bool
    template_button: str | None = None
    template_note: str | None = None
    document_name: str | None = None
    sign: str | None = None
    hint: str | None = None
    file_hint: str
    max_files: int
    max_bytes: int
    note: str | None = None
    basis: BasisView


class CommitmentView(Shape):
    title: str
    text: str
    buttons: list[str]
    version: str
    guide_link: str | None


class PickerView(Shape):
    title: str
    search_placeholder: str
    direct_entry: str
    columns: list[str]
    row_action: str


class PlaceView(Shape):
    name: str
    address: str
    short: str
    contact: str | None = None
    phone: str | None = None


class VisitView(Shape):
    place: PlaceView
    in_person: Attendance
    bring: list[str]
    bring_if_agent: list[str]


class PathView(Shape):
    path: Path
    on_site: bool
    when: dict[str, Any] | None = None
    states: list[str]


class CrossCheckView(Shape):
    rule: str
    fields: list[str]
    severity: str
    message: str
    basis: BasisView


class WindowView(Shape):
    required: bool
    closed_text: str


class BusinessSummary(Shape):
    """A tile of the home page."""

    key: str
    label: str
    alt_labels: list[str]
    order: int
    applicants: list[ApplicantKind]
    guide: bool
    tile_button: str
    may_be_on_site: bool


class BusinessView(BusinessSummary):
    edition: str
    form_title: str
    form_buttons: list[str]
    eligibility: str | None
    commitment: CommitmentView
    guide_text: Guide | None
    picker_kind: Picker
    picker: PickerView | None
    list_columns: dict[str, bool]
    window: WindowView | None
    paths: list[PathView]
    certificate: Certificate
    visit: VisitView | None
    fields: list[FieldView]
    cross_checks: list[CrossCheckView]
    materials: list[MaterialView]
    basis: dict[str, BasisView]


class RequirementsView(Shape):
    """What applies to the answers given; while `waiting_for` names fields, no material is listed."""

    fields: list[FieldView]
    materials: list[MaterialView]
    waiting_for: list[str]
    presets: dict[str, str]
    path: Path | None
    on_site: bool | None
