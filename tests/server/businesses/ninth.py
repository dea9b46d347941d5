"""A ninth business as its editors would write it: one file, and no Python."""

from pathlib import Path

KEY = "honorary_title"
NINTH = """
key: honorary_title
label: 荣誉称号申报
form_title: 荣誉称号申报业务办理
order: 9
applicants: [firm, custody]
guide: true
picker: roster
picker_cpa_no_label: 注师证号
list_columns: {cpa_no: true, id_number: false}
identity: [cpa_no]
paths:
  - {path: on_site_certificate, when: {field: title, eq: 'yes'}}
  - {path: online_only}
certificate: new
desk: honours
location: service_602
in_person: self
bring: [本人有效身份证原件]
sms_phrase: 荣誉称号申报
fields:
  - {key: name, label: 姓名, type: text, required: true, validate: person_name, prefill: roster, basis: P}
  - {key: cpa_no, label: 注师证号, type: text, required: true, validate: cpa_no, prefill: roster, basis: P}
  - {key: mobile, label: 注师本人手机号, type: text, required: true, validate: mobile_cn, prefill: roster, basis: P}
  - {key: title, label: 是否资深, type: radio, options: yes_no, required: true, basis: P}
materials:
  - {key: deeds, label: 事迹材料, required: true, template: false, basis: P}
  - {key: proof, label: 资深证明, required: true, template: false, when: {field: title, eq: 'yes'}, basis: P}
result:
  at: {on_site_certificate: certificate_ready}
  fields:
    - {key: title_no, label: 荣誉证书编号, type: text, max: 20, required: true, basis: P}
basis: {business: P}
"""
FORM = {"name": "张和", "cpa_no": "110000012345", "mobile": "13500000000", "title": "yes"}


def write_ninth(folder: Path, text: str = NINTH) -> Path:
    """The folder, with the business's file in it."""
    (folder / f"{KEY}.yaml").write_text(text, "utf-8")
    return folder
