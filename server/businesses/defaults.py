"""What all businesses share (config/defaults.yaml): file rules, commitment, picker, the words of forms and guides."""

from server.businesses.conditions import ApplicantKind
from server.businesses.record import Basis, Record, Text
from server.businesses.schema import FaultTexts, FileRules


class CommitmentWords(Record):
    title: Text
    text: Text
    buttons: tuple[Text, ...]
    guide_link: Text  # with {business}; only for a business with a guide
    basis: Basis


class PickerWords(Record):
    title: Text
    search_placeholder: Text  # with {cpa_no_label}, which differs by business (A14)
    direct_entry: Text
    columns: tuple[Text, ...]
    row_action: Text
    basis: Basis


class ApplicantWords(Record):
    label: Text
    account: Text
    initial_password: Text
    first_login: tuple[Text, ...]
    person_source: Text
    basis: Basis


class ConditionWords(Record):
    """How a condition reads in a guide; {field} is a field's label, {values} the options' labels joined by `or`."""

    eq: Text
    one_of: Text
    contains_any: Text
    applicant: Text
    every: Text
    some: Text
    negated: Text
    separator: Text
    quoted: Text


class GuideWords(Record):
    title: Text
    who: Text
    who_line: Text
    materials: Text
    material_line: Text
    template_mark: Text
    optional_mark: Text
    conditional_mark: Text
    path: Text
    path_line: Text
    path_line_when: Text
    path_separator: Text
    place: Text
    place_line: Text
    contact_line: Text
    attendance: dict[str, Text]
    bring_line: Text
    bring_if_agent_line: Text
    time: Text
    on_site_time_lines: tuple[Text, ...]
    window_line: Text
    conditions: ConditionWords
    basis: Basis


class HomeWords(Record):
    """业务办理首页 (manual §3 and §5)."""

    title: Text
    tile_button: Text
    visit_title: Text
    visit_tile: Text


class Defaults(Record):
    version: int
    file: FileRules
    template_button: Text
    template_note: Text
    form_buttons: tuple[Text, ...]
    home: HomeWords
    commitment: CommitmentWords
    picker: PickerWords
    allow_attach_on_reject: bool
    max_answer: int
    custody_unit: Text
    applicants: dict[ApplicantKind, ApplicantWords]
    basis_sources: dict[str, Text]
    faults: FaultTexts
    guide: GuideWords
    basis: dict[str, Basis]
