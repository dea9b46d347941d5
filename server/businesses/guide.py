"""业务办理指南, generated from a business's data: who, with what, in which steps, where, until when."""

from collections.abc import Iterator

from server.businesses.answers import answer_text
from server.businesses.conditions import Condition, Operator, evaluate, fields_named
from server.businesses.defaults import GuideWords
from server.businesses.load import Catalogue
from server.businesses.schema import Business, Material
from server.businesses.shape import Shape


class GuideSection(Shape):
    title: str
    lines: list[str]


class Guide(Shape):
    title: str
    sections: list[GuideSection]


def guide_of(business: Business, applicant: str, of: Catalogue) -> Guide:
    """For the given kind of applicant: what never applies to it is left out."""
    words = of.defaults.guide
    parts: list[tuple[str, Iterator[str]]] = [
        (words.who, _who(business, of)),
        (words.materials, _materials(business, applicant, of)),
        (words.path, _paths(business, of)),
        (words.place, _place(business, words)),
        (words.time, _times(business, of)),
    ]
    sections = [GuideSection(title=title, lines=list(lines)) for title, lines in parts]
    return Guide(title=words.title.format(business=business.label), sections=[s for s in sections if s.lines])


def condition_text(business: Business, when: Condition, of: Catalogue) -> str:
    """A condition as people say it: 是否退休为“否”."""
    words = of.defaults.guide.conditions
    labels = {kind.value: shared.label for kind, shared in of.defaults.applicants.items()}
    if when.applicant is not None:
        return words.applicant.format(values=labels[when.applicant])
    if when.field is not None:
        field = business.field(when.field)
        chosen = [words.quoted.format(label=answer_text(field, value)) for value in when.operands]
        template = {Operator.EQ: words.eq, Operator.IN: words.one_of}.get(when.operator, words.contains_any)
        return template.format(field=field.label, values=words.separator.join(chosen))
    parts = [condition_text(business, part, of) for part in when.parts]
    if when.operator is Operator.NOT:
        return words.negated.format(condition=parts[0])
    return (words.every if when.operator is Operator.ALL else words.some).join(parts)


def can_hold(when: Condition | None, applicant: str) -> bool:
    """False when the applicant's kind alone rules the condition out, whatever is answered."""
    if when is None:
        return True
    if when.operator is Operator.ALL:
        return all(can_hold(part, applicant) for part in when.parts)
    return bool(fields_named(when)) or evaluate(when, {}, applicant)


def _who(business: Business, of: Catalogue) -> Iterator[str]:
    labels = [of.defaults.applicants[kind].label for kind in business.applicants]
    yield of.defaults.guide.who_line.format(applicants="、".join(labels))
    if business.eligibility:
        yield business.eligibility


def _materials(business: Business, applicant: str, of: Catalogue) -> Iterator[str]:
    applying = [material for material in business.materials if can_hold(material.when, applicant)]
    for number, material in enumerate(applying, start=1):
        marks = "".join(_marks(business, material, of))
        yield of.defaults.guide.material_line.format(number=number, label=material.label, marks=marks)


def _marks(business: Business, material: Material, of: Catalogue) -> Iterator[str]:
    words = of.defaults.guide
    if material.when is not None:
        yield words.conditional_mark.format(condition=condition_text(business, material.when, of))
    if material.template:
        yield words.template_mark
    if material.required is False:
        yield words.optional_mark


def _paths(business: Business, of: Catalogue) -> Iterator[str]:
    words = of.defaults.guide
    for choice in business.paths:
        labels = [of.states.statuses[state].label for state in of.states.paths[choice.path].states]
        states = words.path_separator.join(labels)
        if choice.when is None:
            yield words.path_line.format(states=states)
        else:
            condition = condition_text(business, choice.when, of)
            yield words.path_line_when.format(condition=condition, states=states)


def _place(business: Business, words: GuideWords) -> Iterator[str]:
    if business.location is None or business.in_person is None:
        return
    yield words.place_line.format(name=business.location.name, address=business.location.address)
    if business.location.contact:
        yield words.contact_line.format(contact=business.location.contact, phone=business.location.phone)
    yield words.attendance[business.in_person]
    yield words.bring_line.format(things="、".join(business.bring))
    if business.bring_if_agent:
        yield words.bring_if_agent_line.format(things="、".join(business.bring_if_agent))


def _times(business: Business, of: Catalogue) -> Iterator[str]:
    valid_days, days_ahead = of.appointments.approved_valid_days, of.appointments.days_ahead
    for line in of.defaults.guide.on_site_time_lines if business.may_be_on_site else ():
        yield line.format(valid_days=valid_days, days_ahead=days_ahead)
    if business.window is not None:
        yield of.defaults.guide.window_line
