// 设置 - 微信绑定 as on the firm's computer: log in, see the bindings, bind a phone, unbind.
import { askService } from "/pages/ask.js";
import { dayAndTime, during, find, make } from "/pages/screen.js";
import { say } from "/pages/toast.js";
import { stopWaiting, waitForPhone } from "/pages/waiting.js";

const KINDS = { official_account: "服务号消息提醒", mini_program: "小程序登录" };
const LOGIN = "login";
let login = JSON.parse(sessionStorage.getItem(LOGIN) || "null");  // {token, name} of this tab
let unbinding = "";

const asMe = (method, path, body) => askService(method, path, { token: login.token, body });

function tell(id, error) {
  find(id).textContent = [error.message, error.hint].filter(Boolean).join("。");
  find(id).hidden = false;
}

function keep(next) {
  login = next;
  if (next) sessionStorage.setItem(LOGIN, JSON.stringify(next));
  else sessionStorage.removeItem(LOGIN);
  find("login").hidden = Boolean(next);
  find("settings").hidden = !next;
  find("settings-problem").hidden = true;
  find("login-problem").hidden = true;
  if (!next) { stopWaiting(); find("account").focus(); }
}

// A login that has ended leads back to the form; anything else is told in place.
function refuse(error) {
  if (error.status !== 401) {
    stopWaiting();
    find("settings").hidden = false;
    return tell("settings-problem", error);
  }
  keep(null);
  return tell("login-problem", error);
}

function reach(binding) {
  if (binding.kind !== "official_account") return ["hint", "打开小程序时自动登录"];
  if (binding.reachable) return ["hint", "能收到微信提醒"];
  return ["problem", "没有关注服务号，收不到微信提醒。请用这部微信重新关注“注册管理服务号”。"];
}

function row(binding) {
  const box = make("div", "binding");
  const text = make("div");
  text.append(make("p", "", `${KINDS[binding.kind]}，${dayAndTime(binding.bound_at)}绑定`), make("p", ...reach(binding)));
  const button = make("button", "", "解除绑定");
  button.onclick = () => { unbinding = binding.id; find("unbinding").returnValue = ""; find("unbinding").showModal(); };
  box.append(text, button);
  return box;
}

async function showBindings() {
  const { items } = await asMe("GET", "/me/wechat");
  find("unbound").hidden = items.length > 0;
  find("bindings").replaceChildren(...items.map(row));
}

// The buttons rest until the QR code is seen; the waiting goes on by itself.
function bindNew(kind) {
  find("settings-problem").hidden = true;
  find("renew").onclick = () => bindNew(kind);
  const told = { bound: () => showBindings().catch(refuse), failed: refuse };
  during([find("new"), find("new-mini"), find("renew")], () => waitForPhone(login.token, kind, told), refuse);
}

async function enter() {
  find("login-problem").hidden = true;
  const body = { account: find("account").value, password: find("password").value };
  const answer = await askService("POST", "/auth/login", { body });
  find("login-form").reset();
  if (answer.must_complete_profile) {
    return tell("login-problem", { message: "首次登录须补充信息并修改登录密码，完成后才能绑定微信" });
  }
  keep({ token: answer.token, name: answer.account.name });
  return open();
}

async function open() {
  find("who").textContent = login.name;
  await showBindings();
  find("who").focus();
}

find("login-form").onsubmit = (event) => {
  event.preventDefault();
  during([find("enter")], enter, (error) => {
    tell("login-problem", error);
    find("password").value = "";
    find("password").focus();
  });
};
find("new").onclick = () => bindNew("official_account");
find("new-mini").onclick = () => bindNew("mini_program");
find("close").onclick = () => {
  stopWaiting();
  find("settings").hidden = false;
  find("new").focus();
};
find("leave").onclick = () => during([find("leave")], async () => {
  await asMe("POST", "/auth/logout");
  keep(null);
}, () => keep(null));
find("unbinding").onclose = async () => {
  if (find("unbinding").returnValue !== "unbind") return;
  try {
    await asMe("DELETE", `/me/wechat/${unbinding}`);
    say("已解除绑定");
    await showBindings();
  } catch (error) { refuse(error); }
};
window.onfocus = () => { if (login) showBindings().catch(refuse); };
keep(login);
if (login) open().catch(refuse);
