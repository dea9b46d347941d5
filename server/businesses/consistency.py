"""What a business file must satisfy beyond its shape: every name it uses is known, and nothing contradicts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from server.businesses.conditions import Condition, Operator, fields_named, leaves
from server.businesses.prefill import Prefill
from server.businesses.schema import Business, FormField, Material, Required, Result, RosterEffect
from server.businesses.vocabulary import FieldType, Path, Picker, Step

Fault = tuple[str, str]  # key, message

ROSTER_KEYS = frozenset({"name", "cpa_no", "id_number", "mobile"})
_STEPS = {
    Path.ON_SITE_CERTIFICATE: frozenset(Step),
    Path.ON_SITE_ONLY: frozenset({Step.COMPLETE}),
    Path.ONLINE_ONLY: frozenset({Step.COMPLETE}),
}


def contradictions(business: Business) -> Iterator[Fault]:
    """Every fault as (key, message), the most basic first."""
    for check in _CHECKS:
        yield from check(business)


def conditions_of(business: Business) -> Iterator[tuple[str, Condition]]:
    """Every condition of the business with the key it stands under."""
    items: list[tuple[str, FormField | Material]] = [(f"fields.{item.key}", item) for item in business.fields]
    items += [(f"materials.{item.key}", item) for item in business.materials]
    items += [(f"result.fields.{item.key}", item) for item in _result_fields(business)]
    for at, item in items:
        if item.when is not None:
            yield f"{at}.when", item.when
        if isinstance(item.required, Required):
            yield f"{at}.required.when", item.required.when
    for choice in business.paths:
        if choice.when is not None:
            yield f"paths.{choice.path}.when", choice.when
    for number, effect in enumerate(business.roster_effects):
        if effect.when is not None:
            yield f"roster_effects.{number}.when", effect.when


def _result_fields(business: Business) -> tuple[FormField, ...]:
    return business.result.fields if business.result else ()


def _unique(business: Business) -> Iterator[Fault]:
    groups: list[tuple[str, Iterable[FormField | Material]]] = [
        ("fields", business.fields),
        ("materials", business.materials),
        ("result.fields", _result_fields(business)),
    ]
    for at, items in groups:
        rows = list(items)
        for word in _repeated([item.key for item in rows]) + _repeated([item.label for item in rows]):
            yield at, f"重复: {word}"


def _options(business: Business) -> Iterator[Fault]:
    for field in (*business.fields, *_result_fields(business)):
        at = f"fields.{field.key}.options"
        if field.is_choice != bool(field.options):
            yield at, "选择类的项必须有选项，其余不得有"
        for word in _repeated(list(field.values)) + _repeated([f"{o.group or ''}{o.label}" for o in field.options]):
            yield at, f"重复: {word}"
        chosen = [field.warn_if.value if field.warn_if else None, field.default_for_custody]
        for value in chosen:
            if field.is_choice and value is not None and value not in field.values:
                yield at, f"没有选项 {value}"


def _conditions(business: Business) -> Iterator[Fault]:
    known = {field.key: field for field in business.fields}
    for at, condition in conditions_of(business):
        for leaf in leaves(condition):
            if leaf.applicant is not None and leaf.applicant not in business.applicants:
                yield at, f"本业务没有申请人 {leaf.applicant}"
            if leaf.field is not None:
                yield from _comparison(at, leaf, known.get(leaf.field))


def _comparison(at: str, leaf: Condition, field: FormField | None) -> Iterator[Fault]:
    if field is None:
        yield at, f"没有字段 {leaf.field}"
        return
    if not field.is_choice:
        yield at, f"条件只能用于选择类的项，{field.key} 不是"
    elif (leaf.operator is Operator.CONTAINS_ANY) != (field.type is FieldType.CHECKBOX):
        yield at, "多选用 contains_any，单选用 eq 或 in"
    for value in leaf.operands:
        if value not in field.values:
            yield at, f"{field.key} 没有选项 {value}"


def _cycles(business: Business) -> Iterator[Fault]:
    needs = {field.key: fields_named(field.when) for field in business.fields}
    for key, direct in needs.items():
        seen: set[str] = set()
        pending = set(direct)
        while pending:
            seen |= pending
            pending = {further for item in pending for further in needs[item]} - seen
        if key in seen:
            yield f"fields.{key}.when", "显示条件互相依赖"


def _identity(business: Business) -> Iterator[Fault]:
    known = {field.key: field for field in business.fields}
    for key in business.identity:
        if key not in known:
            yield "identity", f"没有字段 {key}"
    sure = [key for key in business.identity if key in known and known[key].required is True and not known[key].when]
    if not sure:
        yield "identity", "至少一项应恒为必填"


def _paths(business: Business) -> Iterator[Fault]:
    *conditional, last = business.paths
    if last.when is not None or any(choice.when is None for choice in conditional):
        yield "paths", "只有最后一条路径、且最后一条必须没有 when"
    if _repeated([choice.path.value for choice in business.paths]):
        yield "paths", "路径重复"
    if business.may_be_on_site:
        for key in ("location", "in_person", "bring", "sms_phrase"):
            if not getattr(business, key):
                yield key, "需现场办理的业务必须填写"


def _references(business: Business) -> Iterator[Fault]:
    known = {field.key for field in business.fields}
    named = [(f"cross_checks.{check.rule}", key) for check in business.cross_checks for key in check.fields]
    named += [
        (f"materials.{m.key}.template_prefilled", key) for m in business.materials for key in m.template_prefilled
    ]
    named += [(f"fields.{f.key}.preset_from", f.preset_from) for f in business.fields if f.preset_from]
    for at, key in named:
        if key not in known:
            yield at, f"没有字段 {key}"


def _prefills(business: Business) -> Iterator[Fault]:
    for field in business.fields:
        at = f"fields.{field.key}.prefill"
        if field.prefill is Prefill.ROSTER and field.key not in ROSTER_KEYS:
            yield at, f"名册只有 {'、'.join(sorted(ROSTER_KEYS))}"
        if (field.prefill is Prefill.PRESET_FROM_OPTION) != (field.preset_from is not None):
            yield at, "preset_from_option 与 preset_from 须同用"
        if field.prefill is Prefill.WINDOW_YEAR and business.window is None:
            yield at, "没有申报期 (window) 的业务没有年度"
        if field.is_readonly and field.prefill is None:
            yield at, "只读的项必须由系统带入"
    if (business.picker is Picker.ROSTER) != (business.picker_cpa_no_label is not None):
        yield "picker_cpa_no_label", "选择办理人员的业务（且只有这些）要写明证号一栏的名称"


def _outcomes(business: Business) -> Iterator[Fault]:
    own = {choice.path for choice in business.paths}
    declared: list[tuple[str, Result | RosterEffect]] = [("result", business.result)] if business.result else []
    declared += [(f"roster_effects.{number}", effect) for number, effect in enumerate(business.roster_effects)]
    for at, item in declared:
        for path, step in item.at.items():
            if path not in own or step not in _STEPS[path]:
                yield f"{at}.at", f"本业务没有路径 {path} 的 {step}"
    known = {f"form.{field.key}" for field in business.fields}
    known |= {f"result.{field.key}" for field in _result_fields(business)}
    for number, effect in enumerate(business.roster_effects):
        for column, names in effect.values.items():
            for name in names:
                if name not in known:
                    yield f"roster_effects.{number}.values.{column}", f"没有 {name}"


def _repeated(words: list[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


_CHECKS: tuple[Callable[[Business], Iterator[Fault]], ...] = (
    _unique,
    _options,
    _conditions,
    _cycles,
    _identity,
    _paths,
    _references,
    _prefills,
    _outcomes,
)
