"""What the user manual (June 2025) says, word for word, for the comparison; the story's people are its examples."""

FIRM = "测试单位201"

# §3, the tiles in their order
TILES = ["注册申请", "注销（撤销）", "关系转移", "信息变更", "其他变更", "信息补录", "证书补办", "任职资格检查"]
TILE_BUTTON = "立即办理"

# §3.1
COMMITMENT = "我承诺在本业务办理过程中提供的信息真实、完整、有效。"
REGISTRATION_FIELDS = ["姓名", "身份证号", "注册师本人手机号（用于接收预约短信使用）", "是否退休"]
REGISTRATION_MATERIALS = [
    "注册会计师注册申请表",
    "全科合格证（或考核通过文件）扫描件",
    "与现所在会计师事务所签订的在有效期内的劳动合同扫描件",
    "有效身份证正反面扫描件",
    "在会计师事务所累计两年的社保记录",
    "注册前一月在本事务所的参保记录或劳动备案统一登记表",
    "存档证明",
]
TRANSFER_MATERIALS = [
    "转所表",
    "注册会计师证书扫描件",
    "年检二维码",
    "与转入所签订的在有效期内的劳动合同扫描件",
    "社保权益记录",
    "存档证明",
]
FILE_HINT = "支持 .jpg,.png,.pdf 格式, 大小不超过 5MB"

# §4
REASONS = {
    "registration_form": "没有事务所的盖章",
    "full_pass_certificate": "信息不完整",
    "id_card": "正反面放在一起上传",
    "archive_certificate": "没有单位的盖章",
}
REMARK = (
    "【注册会计师注册申请表】没有事务所的盖章；【全科合格证（或考核通过文件）扫描件】信息不完整；"
    "【有效身份证正反面扫描件】正反面放在一起上传；【存档证明】没有单位的盖章"
)
WITHDRAWN = "用户主动撤回"
OPERATOR = "admin (系统管理员)"
SUBMITTED, RETURNED, TO_BOOK = "已提交待北注协审核", "审核不通过", "审核通过待预约"
TO_PRINT, TO_COLLECT, DONE, DRAFT = "已办理待制证", "已制证待取证", "办理完成", "未提交"

# §5-7
CLOSED = "公休日"
BOOKED = "预约成功"


def sms(name: str, day: str) -> str:
    """§6, without the spaces of its typesetting; catalogue punctuation."""
    return (
        f"{name}您好，您办理的({FIRM})执业注册会计师注册业务已预约成功，预约时间为({day} 10:00)，"
        "请您本人携带(1份注册会计师注册申请表)按时前往北京注协会员服务部602办理。"
        "如未按照预约时间到场可能导致办理时间延长，或当天无法成功办理(需联系事务所重新预约)"
    )


def approved(name: str, business: str) -> str:
    return f"【进度提醒】您提交的注册会计师[{name}][{business}]业务申请材料已审核通过，请在30天内通过本系统电"


def booked(names: str, business: str, date: str) -> str:
    return f"【进度提醒】您提交的注册会计师[{names}][{business}]业务申请已预约成功，预约时间为[{date}"


COLLECT = "【进度提醒】请事务所或注师本人到北京注协会员服务部（北京市海淀区西四环中路16号院7号楼602室）领"


def done(name: str, business: str) -> str:
    return f"【进度提醒】您提交的注册会计师[{name}][{business}]业务已办理完成。"
