"""The files of the catalogue as a whole: marked with their basis, using every word of the closed vocabularies."""

from collections.abc import Iterator
from datetime import date

from models.applications import State
from server.applications.lifecycle import PATHS, Action
from server.businesses import catalogue
from server.businesses.checks import Check
from server.businesses.conditions import leaves
from server.businesses.consistency import conditions_of
from server.businesses.load import CONFIG
from server.businesses.prefill import Prefill
from server.businesses.schema import FormField, Material
from server.businesses.validate import Rule, Validator
from server.businesses.vocabulary import Attendance, Certificate, Effect, FieldType, Path, Picker


def all_fields() -> Iterator[FormField]:
    for business in catalogue().businesses.values():
        yield from business.fields
        yield from business.result.fields if business.result else ()


def all_materials() -> Iterator[Material]:
    for business in catalogue().businesses.values():
        yield from business.materials


def test_one_file_a_business() -> None:
    files = {path.stem for path in (CONFIG / "businesses").glob("*.yaml")}
    assert files == set(catalogue().businesses)
    assert len(files) == 8


def test_every_word_of_the_vocabularies_is_used() -> None:
    businesses = catalogue().businesses.values()

    assert {field.type for field in all_fields()} == set(FieldType)
    assert {field.prefill for field in all_fields() if field.prefill} == set(Prefill)
    assert {rule for validator in catalogue().validators.values() for rule in validator.rules} == set(Rule)
    assert {check.rule for business in businesses for check in business.cross_checks} == set(Check)
    assert {effect.effect for business in businesses for effect in business.roster_effects} == set(Effect)
    assert {choice.path for business in businesses for choice in business.paths} == set(Path)
    assert {business.picker for business in businesses} == set(Picker)
    assert {business.certificate for business in businesses} == set(Certificate)
    assert {business.in_person for business in businesses if business.in_person} == set(Attendance)


def test_every_validator_is_used_or_is_a_kind_of_another() -> None:
    used = {field.validator.name for field in all_fields() if field.validator}
    kinds = {kind.name for validator in catalogue().validators.values() for kind in validator.any_of or ()}

    assert set(catalogue().validators) - used - kinds == {"firm_no"}  # of accounts, not of forms


def test_the_marked_items_of_a_certificate_are_those_that_need_a_visit() -> None:
    business = catalogue().businesses["info_change"]
    marked = {option.value for option in business.field("change_items").options if option.on_certificate}
    labelled = {o.value for o in business.field("change_items").options if o.label.endswith("(证书信息)")}
    on_site = {value for leaf in leaves(business.paths[0].when) for value in leaf.operands}

    assert marked == labelled == on_site


def test_the_materials_of_a_new_firm_are_asked_for_where_the_options_say_so() -> None:
    business = catalogue().businesses["transfer"]
    marked = {o.value for o in business.field("transfer_type").options if o.needs_new_firm_materials}

    for key in ("labor_contract", "social_insurance_record", "archive_certificate", "retirement_certificate"):
        named = [leaf for leaf in leaves(business.material(key).when) if leaf.field == "transfer_type"]
        assert [set(leaf.operands) for leaf in named] == [marked]


def test_all_conditions_of_a_business_are_found() -> None:
    found = {key: len(list(conditions_of(business))) for key, business in catalogue().businesses.items()}

    assert found == {
        "registration": 7,
        "deregistration": 0,
        "transfer": 8,
        "info_change": 16,
        "other_change": 1,
        "info_backfill": 0,
        "certificate_reissue": 0,
        "qualification_check": 4,
    }


def test_paths_and_actions_are_those_of_the_lifecycle() -> None:
    assert set(PATHS) == {path.value for path in Path}
    assert set(catalogue().states.actions) == {action.value for action in Action}


def test_the_main_road_of_a_path_can_be_walked() -> None:
    for path, words in catalogue().states.paths.items():
        for here, there in zip(words.states, words.states[1:], strict=False):
            assert there in {step.to for (state, _), step in PATHS[path].items() if state is here}
        assert words.states[0] is State.DRAFT
        assert words.states[-1] is State.DONE


def test_the_qualification_check_is_a_proposal_throughout() -> None:
    business = catalogue().businesses["qualification_check"]
    assert business.basis["business"].startswith("P")
    assert {field.basis for field in business.fields} == {"P"}


def test_holidays_as_announced() -> None:
    calendar = catalogue().appointments.calendar
    days = {days.first: days.last for days in calendar.closed}

    assert calendar.years == {2025, 2026}
    assert days[date(2026, 2, 15)] == date(2026, 2, 23)
    assert len(calendar.workdays) == 11
    assert all(day.weekday() >= 5 for day in calendar.workdays)


def test_patterns_mean_characters_not_escapes() -> None:
    """In single quotes YAML leaves \\u3400 to the regular expression, which reads it as one character."""
    validator: Validator = catalogue().validators["person_name"]
    assert validator.regex is not None
    assert r"\u3400" in validator.regex
