// The mini program on this phone: logs in by WeChat when bound, else by account and password, which binds; opened by
// a code that carries a ticket, it asks whose account the phone shall be bound to.
import { askToBind } from "/pages/agree.js";
import { askService } from "/pages/ask.js";
import { showHome } from "/pages/home.js";
import { loginCode, myPhone, phoneCode } from "/pages/mine.js";
import { during, find, headed, showOnly } from "/pages/screen.js";

const opened = new URLSearchParams(location.hash.slice(1));  // {page, scene}, as scanned or tapped
const PARTS = ["badge", "who", "leaving", "number", "problem", "login", "first", "home", "bind", "complete", "confirm", "again",
  "cancel", "back"];
const BIND = "/auth/wechat/bind";
let ticket = "";  // stands for this phone until an account is bound to it
let first = null;  // a first login: {token, account} and what was typed

function tell(title, hint, ...seen) {
  showOnly(PARTS, [...seen, "back"]);
  find("hint").textContent = hint;
  headed(find("title"), title);
}

function refuse(error) {
  find("again").onclick = open;
  tell(error.message, error.hint || "", "badge", "again");
}

// A ticket that is over cannot be used again; what was typed wrong can be corrected in place.
function correct(error) {
  if (error.code.startsWith("ticket_")) {
    return refuse({ message: "等待太久，本次绑定已失效", hint: "请点“再试一次”，重新输入账号和密码。" });
  }
  find("problem").textContent = [error.message, error.hint].filter(Boolean).join("。");
  find("problem").hidden = false;
  return find("problem").scrollIntoView();
}

function loggedIn(answer, title) {
  tell(title, `当前账号：${answer.account.name}`);
  return showHome(answer.token, opened.get("page") || "");
}

async function open() {
  tell("正在登录…", "");
  try {
    const answer = await askService("POST", "/auth/wechat", { body: { code: await loginCode() } });
    if (!answer.bind_required) return loggedIn(answer, "已用微信登录");
    ticket = answer.ticket;
    return tell("绑定微信", "这部微信还没有绑定账号。请用账号和密码登录一次，以后打开小程序会自动登录。", "badge", "login", "bind");
  } catch (error) { return refuse(error); }
}

async function bind() {
  find("problem").hidden = true;
  const body = { ticket, account: find("login-account").value, password: find("login-password").value };
  const answer = await askService("POST", BIND, { body });
  find("login").reset();
  if (!answer.must_complete_profile) return loggedIn(answer, "绑定成功");
  first = { token: answer.token, account: body.account, code: "" };
  find("contact-line").hidden = answer.account.kind !== "firm";
  find("contact").required = answer.account.kind === "firm";
  return tell("首次登录", "请补充信息并修改登录密码，完成后绑定这部微信。", "first", "complete");
}

async function takePhoneNumber() {
  const { mobile } = await myPhone();
  first.code = await phoneCode();
  find("mobile").value = `${mobile.slice(0, 3)}****${mobile.slice(-4)}`;
}

// The new password binds: the one that was given out may do no more than this.
async function complete() {
  find("problem").hidden = true;
  if (!first.code) return correct({ message: "请点“使用微信的手机号”", code: "" });
  const password = find("new-password").value;
  const profile = { phone_code: first.code, new_password: password, ...(find("contact").required && { contact_name: find("contact").value }) };
  first.code = "";  // good for one use
  find("mobile").value = "";
  await askService("POST", "/auth/complete-profile", { token: first.token, body: profile });
  const answer = await askService("POST", BIND, { body: { ticket, account: first.account, password } });
  find("first").reset();
  return loggedIn(answer, "绑定成功");
}

function bindByCode(scene) {
  const proof = async () => ({ ticket: scene, code: await loginCode() });
  const forget = () => history.replaceState(null, "", location.pathname);
  return askToBind({ proof, forget, tryAgain: "在电脑上重新获取二维码，再扫一次" });
}

async function start() {
  find("whose").textContent = await myPhone().then((phone) => phone.name, () => "　");
  find("opened").textContent = `打开的页面：${opened.get("page")}`;
  find("opened").hidden = !opened.get("page");
  return opened.get("scene") ? bindByCode(opened.get("scene")) : open();
}

for (const [form, button, work] of [["login", "bind", bind], ["first", "complete", complete]]) {
  find(form).onsubmit = (event) => {
    event.preventDefault();
    during([find(button)], work, correct);
  };
}
find("phone-number").onclick = () => during([find("phone-number")], takePhoneNumber, correct);
window.onhashchange = () => location.reload();
start();
