"""The manual's labels (June 2025), typed from its screens: the catalogue must say them to the letter."""

import pytest

from server.businesses import Business, catalogue
from server.businesses.describe import describe, template_note

YES_NO = ["是", "否"]

FIELDS = {
    "registration": ["姓名", "身份证号", "注册师本人手机号（用于接收预约短信使用）", "是否退休"],
    "deregistration": [
        "姓名",
        "性别",
        "身份证号",
        "注册会计师证号",
        "注册会计师本人手机号",
        "所在事务所名称",
        "是否仍为所在事务所股东或合伙人",
        "注销（撤销）原因",
    ],
    "transfer": [
        "姓名",
        "注册会计师证号",
        "注册会计师本人手机号（用于接收预约短信使用）",
        "人员类型",
        "关系转移类型",
        "转出事务所名称",
        "转入事务所名称",
    ],
    "info_change": ["姓名", "注册会计师证号", "注册会计师本人手机号", "变更内容"],
    "other_change": ["姓名", "注册会计师证号", "注册会计师本人手机号", "变更内容"],
    "info_backfill": ["姓名", "注师证号", "注师本人手机号"],
    "certificate_reissue": ["姓名", "身份证号", "注册会计师本人手机号"],
}

# (label, required, has a template): what the manual's screens show, for the answers they show.
MATERIALS = {
    "registration": [
        ("注册会计师注册申请表", True, True),
        ("全科合格证（或考核通过文件）扫描件", True, False),
        ("与现所在会计师事务所签订的在有效期内的劳动合同扫描件", True, False),
        ("有效身份证正反面扫描件", True, False),
        ("在会计师事务所累计两年的社保记录", True, False),
        ("注册前一月在本事务所的参保记录或劳动备案统一登记表", True, False),
        ("存档证明", True, False),
    ],
    "deregistration": [
        ("注册会计师注销注册申请表", True, True),
        ("注册会计师证书扫描件", True, False),
        ("委托人及受托人身份证扫描件", True, False),
        ("其他补充材料", False, False),
    ],
    "transfer": [
        ("转所表", True, True),
        ("注册会计师证书扫描件", True, False),
        ("年检二维码", True, False),
        ("与转入所签订的在有效期内的劳动合同扫描件", True, False),
        ("社保权益记录", True, False),
        ("存档证明", True, False),
    ],
    "info_change": [("全科合格证扫描件", True, False), ("注册会计师证书扫描件", True, False)],
    "other_change": [("注册会计师相关事项申请表", True, False), ("有效身份证正反面扫描件", True, False)],
    "info_backfill": [
        ("补录申请 (包含本人基本信息及补录原因)", True, False),
        ("全科合格证扫描件", True, False),
        ("有效身份证正反面扫描件", True, False),
        ("注册会计师证书扫描件", False, False),
    ],
    "certificate_reissue": [("补办申请", True, True), ("登报挂失声明", True, False)],
}

OPTIONS = {
    ("registration", "retired"): YES_NO,
    ("deregistration", "sex"): ["男", "女"],
    ("deregistration", "is_partner"): YES_NO,
    ("deregistration", "reason"): [
        "不在会计师事务所专职执业的",
        "死亡或者丧失行为能力的",
        "受刑事处罚的",
        "自行停止执行注册会计师业务满1年的",
        "以欺骗、贿赂等不正当手段取得注册会计师证书的",
        "因在财务、会计、审计、企业管理或者其他经济管理工作中犯有严重错误受行政处罚、撤职以上处分的",
        "依法被吊销注册会计师证书的",
    ],
    ("transfer", "person_type"): ["退休", "非退休"],
    ("transfer", "transfer_type"): [
        "转入事务所",
        "转入协会代管",
        "外省转入本市事务所",
        "外省转入本市协会代管",
        "本市转外省事务所/协会代管",
    ],
    ("info_change", "change_items"): [
        "身份证号 (证书信息)",
        "姓名 (证书信息)",
        "通过方式",
        "注册会计师编号",
        "资格取得方式",
        "考核文号",
        "全科合格证号",
        "将军官证等证件变更为身份证 (证书信息)",
        "注册日期",
    ],
    ("other_change", "change_items"): [
        "统一监管平台绑定手机号",
        "将行业统一监管平台转所申请退回",
        "将行业统一监管平台注册申请退回",
    ],
}


def business(key: str) -> Business:
    return catalogue().businesses[key]


def test_the_tiles_of_the_home_page_in_order() -> None:
    assert [item.label for item in catalogue().businesses.values()] == [
        "注册申请",
        "注销（撤销）",
        "关系转移",
        "信息变更",
        "其他变更",
        "信息补录",
        "证书补办",
        "任职资格检查",
    ]
    assert catalogue().defaults.home.tile_button == "立即办理"


def test_the_titles_of_the_forms() -> None:
    assert [item.form_title for item in catalogue().businesses.values()] == [
        "注册申请业务办理",
        "注销 (撤销) 业务办理",
        "关系转移业务办理",
        "变更业务办理",
        "其他变更业务办理",
        "信息补录业务办理",
        "补办业务办理",
        "任职资格检查业务办理",
    ]
    assert catalogue().defaults.form_buttons == ("关闭", "保存", "提交审核")


@pytest.mark.parametrize("key", FIELDS)
def test_the_fields_of_a_form(key: str) -> None:
    assert [field.label for field in business(key).fields] == FIELDS[key]


def test_the_choices_offered() -> None:
    for (key, field), labels in OPTIONS.items():
        assert [option.label for option in business(key).field(field).options] == labels


def test_the_groups_of_transfer_types() -> None:
    options = business("transfer").field("transfer_type").options
    assert [option.group for option in options] == ["京内转所"] * 2 + ["跨省转所"] * 3
    assert business("transfer").field("transfer_type").placeholder == "请选择"


@pytest.mark.parametrize("key", MATERIALS)
def test_the_materials_of_a_form(key: str) -> None:
    shown = [(m.label, m.required, m.template) for m in business(key).materials if m.basis.startswith("M")]
    assert shown == MATERIALS[key]


def test_the_commitment() -> None:
    own = business("registration").commitment
    assert (own.title, own.text, own.buttons, own.guide_link) == (
        "承诺书",
        "我承诺在本业务办理过程中提供的信息真实、完整、有效。",
        ("取消", "同意"),
        "注册申请业务办理指南",
    )
    assert business("transfer").commitment.guide_link == "关系转移业务办理指南"
    assert business("info_change").commitment.guide_link is None


def test_the_words_beside_a_file() -> None:
    files = business("registration").files
    assert files.hint == "支持 .jpg,.png,.pdf 格式, 大小不超过 5MB"
    assert (files.pick_button, files.empty_text) == ("选择文件", "未选择任何文件")
    assert files.max_bytes == 5 * 1024 * 1024


def test_the_notes_on_templates() -> None:
    notes = [template_note(m) for key in FIELDS for m in business(key).materials if m.template]
    assert notes == [
        "《注册会计师注册申请表》需要按模板填写后制作成图片或 PDF 文件再上传。",
        "《注册会计师注销（撤销）注册申请表》需要按模板填写后制作成图片或 PDF 文件再上传。",
        "《转所表》需要按模板填写后制作成图片或 PDF 文件再上传。",
        "《补办申请》需要按模板填写后制作成图片或 PDF 文件再上传。",
    ]


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("deregistration", "注册会计师证号"),
        ("info_change", "注师证号"),
        ("other_change", "注师证号"),
        ("info_backfill", "注师证号"),
        ("certificate_reissue", "注册会计师证号"),
    ],
)
def test_the_list_of_people_to_choose_from(key: str, label: str) -> None:
    picker = describe(business(key), "firm").picker

    assert picker is not None
    assert picker.columns == ["姓名", label, "身份证号", "手机号", "操作"]
    assert picker.search_placeholder == f"搜索姓名、{label}、身份证号"
    assert (picker.title, picker.direct_entry, picker.row_action) == ("选择办理人员", "+ 直接录入", "选择")


def test_businesses_that_go_straight_to_the_form() -> None:
    assert [key for key in FIELDS if describe(business(key), "firm").picker is None] == ["registration", "transfer"]


def test_the_places() -> None:
    service, office = business("registration").location, business("deregistration").location

    assert service is not None
    assert office is not None
    assert service.address == "北京市海淀区西四环中路16号院7号楼602室"
    assert service.short == "北京注协会员服务部602"
    assert office.address == "北京市海淀区西四环中路16号院7号楼603"
    assert (office.contact, office.phone) == ("周老师", "010-88221092")


def test_what_the_sms_says_of_a_registration() -> None:
    own = business("registration")
    assert own.sms_phrase == "执业注册会计师注册"
    assert own.bring == ("1份注册会计师注册申请表",)


def test_the_warning_to_partners() -> None:
    warning = business("deregistration").field("is_partner").warn_if
    assert warning is not None
    assert warning.text == (
        "若注师为所在事务所股东(合伙人)，请到总所所在地区财政部门办理股东名单变更登记，"
        "将要注销注师从财政部系统中备案的股东名单中去除。"
    )


def test_the_states() -> None:
    assert [words.label for words in catalogue().states.statuses.values()] == [
        "未提交",
        "已提交待北注协审核",
        "审核不通过",
        "审核通过待预约",
        "已预约待办理",
        "审核通过待办理",
        "已办理待制证",
        "已制证待取证",
        "办理完成",
        "已过期",
    ]
    assert catalogue().states.actions["withdraw"].remark == "用户主动撤回"


def test_the_grid_of_visits() -> None:
    rules = catalogue().appointments

    assert [f"{slot.period} {slot.start}-{slot.end}" for slot in rules.slots] == [
        "上午 09:00-10:00",
        "上午 10:00-11:00",
        "下午 13:30-14:30",
        "下午 14:30-15:30",
        "下午 15:30-16:30",
    ]
    assert [slot.capacity for slot in rules.slots] == [12] * 5
    assert (rules.minutes_per_person, rules.days_ahead, rules.approved_valid_days) == (5, 7, 30)
    assert (rules.closed_label, rules.full_label, rules.remain_label) == ("公休日", "已约满", "余{n}")
    assert rules.record_columns == ("预约时间", "办理事项", "人数", "状态", "操作")
    assert rules.record_statuses["success"].label == "预约成功"
    assert rules.record_statuses["success"].actions == ("查看详情", "改约", "取消")
