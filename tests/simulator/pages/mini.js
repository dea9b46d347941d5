// The mini program on this phone: logs in by WeChat when bound, else by account and password, which binds.
import { askService, askSimulator } from "/pages/ask.js";
import { during, find, headed, showOnly } from "/pages/screen.js";
import { choosePhone, chosenPhone } from "/pages/whose.js";

const PARTS = ["badge", "form", "bind", "again"];
let ticket = "";

function tell(title, hint, ...seen) {
  showOnly(PARTS, seen);
  find("hint").textContent = hint;
  headed(find("title"), title);
}

function refuse(error) {
  tell(error.message, error.hint || "", "badge", "again");
}

// What wx.login gives on a real phone.
async function loginCode() {
  const phones = await askSimulator("GET", "phones");
  if (!phones.some((phone) => phone.openid === chosenPhone())) choosePhone(phones[0].openid);
  return (await askSimulator("POST", `phones/${chosenPhone()}/code`, {})).code;
}

function askAccount() {
  find("problem").hidden = true;
  tell("绑定微信", "这部微信还没有绑定账号。请用账号和密码登录一次，以后打开小程序会自动登录。", "form", "bind");
}

function loggedIn(answer, title) {
  if (answer.must_complete_profile) {
    return tell("首次登录须补充信息并修改登录密码", "请先在电脑上完成首次登录，再用新密码绑定微信。微信还没有绑定。", "badge");
  }
  return tell(title, `当前账号：${answer.account.name}`, "badge");
}

async function open() {
  tell("正在登录…", "");
  try {
    const answer = await askService("POST", "/auth/wechat", { body: { code: await loginCode() } });
    if (!answer.bind_required) return loggedIn(answer, "已用微信登录");
    ticket = answer.ticket;
    return askAccount();
  } catch (error) { return refuse(error); }
}

// A ticket that is over cannot be used again; a wrong password can be corrected in place.
function refuseAccount(error) {
  if (error.code.startsWith("ticket_")) {
    return refuse({ message: "等待太久，本次绑定已失效", hint: "请点“再试一次”，重新输入账号和密码。" });
  }
  find("problem").textContent = [error.message, error.hint].filter(Boolean).join("。");
  find("problem").hidden = false;
  find("password").value = "";
  return find("password").focus();
}

async function bind() {
  find("problem").hidden = true;
  const body = { ticket, account: find("account").value, password: find("password").value };
  const answer = await askService("POST", "/auth/wechat/bind", { body });
  find("form").reset();
  loggedIn(answer, "绑定成功");
}

find("form").onsubmit = (event) => {
  event.preventDefault();
  during([find("bind")], bind, refuseAccount);
};
find("again").onclick = open;
open();
