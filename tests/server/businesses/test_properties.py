"""What holds for any business and any answers."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.businesses import ApplicantKind, Business, catalogue, check_form, evaluate, requirements
from server.businesses.conditions import fields_named
from server.businesses.consistency import conditions_of, contradictions
from server.businesses.prefill import Known, prefilled
from server.businesses.requirements import applicable_answers, deciding_keys
from server.businesses.validate import examine, has_valid_checksum

KEYS = st.sampled_from(list(catalogue().businesses))
APPLICANTS = st.sampled_from(ApplicantKind)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def forms(draw: st.DrawFn, business: Business) -> dict[str, Any]:
    """Answers as people give them, some of them left out, some of them nonsense."""
    answers: dict[str, Any] = {}
    for field in business.fields:
        if field.is_choice:
            one = st.sampled_from(field.values)
            many = st.lists(one, max_size=4)
            answers[field.key] = draw(one | many | JSON)
        else:
            answers[field.key] = draw(st.text(max_size=30) | JSON)
    kept = draw(st.sets(st.sampled_from(sorted(answers))))
    return {key: answers[key] for key in kept}


KEY_AND_FORM = KEYS.flatmap(lambda key: st.tuples(st.just(key), forms(catalogue().businesses[key])))


def test_every_business_names_only_what_it_has() -> None:
    for business in catalogue().businesses.values():
        assert list(contradictions(business)) == []
        known = {field.key for field in business.fields}
        assert all(fields_named(condition) <= known for _, condition in conditions_of(business))


@given(KEY_AND_FORM, APPLICANTS)
def test_a_condition_can_always_be_evaluated(of: tuple[str, dict[str, Any]], applicant: ApplicantKind) -> None:
    business, form = catalogue().businesses[of[0]], of[1]
    for _, condition in conditions_of(business):
        assert evaluate(condition, form, applicant) in (True, False)


@given(KEY_AND_FORM, APPLICANTS)
def test_the_same_answers_require_the_same(of: tuple[str, dict[str, Any]], applicant: ApplicantKind) -> None:
    business, form = catalogue().businesses[of[0]], of[1]
    found = requirements(business, form, applicant)

    assert requirements(business, dict(reversed(form.items())), applicant) == found
    assert requirements(business, applicable_answers(business, form, applicant), applicant) == found
    assert found.required <= {field.key for field in found.fields}


@given(KEY_AND_FORM, APPLICANTS, st.data())
def test_other_answers_change_no_material(
    of: tuple[str, dict[str, Any]], applicant: ApplicantKind, data: st.DataObject
) -> None:
    business, form = catalogue().businesses[of[0]], of[1]
    deciding = deciding_keys(business) | {key for field in business.fields for key in fields_named(field.when)}
    others = {key: value for key, value in data.draw(forms(business)).items() if key not in deciding}

    assert (
        requirements(business, form | others, applicant).materials == requirements(business, form, applicant).materials
    )


@given(
    st.lists(st.sampled_from(catalogue().businesses["info_change"].field("change_items").values), min_size=1),
    st.lists(st.sampled_from(catalogue().businesses["info_change"].field("change_items").values)),
)
def test_a_further_change_takes_no_material_away(chosen: list[str], further: list[str]) -> None:
    business = catalogue().businesses["info_change"]

    fewer = requirements(business, {"change_items": chosen}, "firm").materials
    more = requirements(business, {"change_items": chosen + further}, "firm").materials

    assert {material.key for material in fewer} <= {material.key for material in more}


@given(KEY_AND_FORM, APPLICANTS)
def test_materials_and_waiting_exclude_each_other(of: tuple[str, dict[str, Any]], applicant: ApplicantKind) -> None:
    business, form = catalogue().businesses[of[0]], of[1]
    found = requirements(business, form, applicant)
    assert bool(found.materials) != bool(found.waiting_for)


@given(KEYS, APPLICANTS, JSON, st.booleans())
def test_anything_can_be_checked(key: str, applicant: ApplicantKind, form: Any, complete: bool) -> None:
    business = catalogue().businesses[key]
    found = check_form(business, form, applicant, complete=complete, unchanged={"name"}, account_name="测试单位201")

    assert set(found.form) <= {field.key for field in business.fields}
    assert all(fault["message"] and fault["code"] for fault in found.errors + found.warnings)


@given(KEY_AND_FORM, APPLICANTS)
def test_a_checked_form_is_kept_as_it_is(of: tuple[str, dict[str, Any]], applicant: ApplicantKind) -> None:
    business, form = catalogue().businesses[of[0]], of[1]
    once = check_form(business, form, applicant, complete=False)
    again = check_form(business, once.form, applicant, complete=False)

    assert again.form == once.form
    assert again.errors == []


@given(KEY_AND_FORM, APPLICANTS)
def test_a_submission_is_at_least_as_strict_as_a_draft(
    of: tuple[str, dict[str, Any]], applicant: ApplicantKind
) -> None:
    business, form = catalogue().businesses[of[0]], of[1]
    draft, submission = (check_form(business, form, applicant, complete=complete) for complete in (False, True))

    assert {fault["field"] for fault in draft.errors} <= {fault["field"] for fault in submission.errors}
    assert set(submission.form) <= set(draft.form)


@given(KEY_AND_FORM, APPLICANTS)
def test_prefilling_never_fails(of: tuple[str, dict[str, Any]], applicant: ApplicantKind) -> None:
    business, form = catalogue().businesses[of[0]], of[1]
    assert set(prefilled(business, form, Known(applicant, "测试单位201"))) <= {field.key for field in business.fields}


@given(st.sampled_from(list(catalogue().validators)), st.text() | st.from_regex(r"[0-9X]{8,20}"))
def test_any_text_can_be_examined(name: str, value: str) -> None:
    validator = catalogue().validators[name]
    assert all(finding.code for finding in examine(validator, value))


@given(st.from_regex(r"[0-9]{17}", fullmatch=True))
def test_exactly_one_check_character_is_right(digits: str) -> None:
    """ISO 7064 MOD 11-2: the weighted sum with the check character leaves 1; weights are powers of 2 mod 11."""
    total = sum(int(digit) * pow(2, 17 - at, 11) for at, digit in enumerate(digits))

    right = [character for character in "0123456789X" if has_valid_checksum(digits + character)]

    assert right == ["0123456789X"[(1 - total) % 11]]
