// The desk with the phones: scan a QR code, follow the service account, see messages arrive.
import { askSimulator } from "/pages/ask.js";
import { useTemplates } from "/pages/messages.js";
import { Panel, part } from "/pages/panel.js";
import { during, find, make } from "/pages/screen.js";
import { say } from "/pages/toast.js";
import { choosePhone, chosenPhone } from "/pages/whose.js";

const STOPPED = "模拟器已停止，请重新运行 make run";
let panels = [];
let acting = null;  // the phone that a dialog is about

const onPhone = (panel, action, body) => askSimulator("POST", `phones/${panel.openid}/${action}`, body || {});

function layOut(phones) {
  if (phones.length === panels.length && phones.every((phone, at) => phone.openid === panels[at].openid)) return;
  panels = phones.map((phone) => new Panel(phone, find("phone")));
  find("phones").replaceChildren(...panels.map((panel) => panel.root));
  for (const panel of panels) {
    // Whatever is opened from a phone is opened by it.
    panel.root.addEventListener("pointerdown", () => choosePhone(panel.openid));
    panel.root.addEventListener("focusin", () => choosePhone(panel.openid));
    part(panel.root, "scan").onclick = () => openScanner(panel).catch(() => say(STOPPED));
    part(panel.root, "follow").onclick = () => (panel.follows ? askToLeave(panel) : act(panel, () => onPhone(panel, "follow")));
  }
}

async function refresh() {
  try {
    const phones = await askSimulator("GET", "phones");
    layOut(phones);
    const messages = await Promise.all(phones.map((phone) => askSimulator("GET", `phones/${phone.openid}/messages`)));
    panels.forEach((panel, at) => panel.show(phones[at], messages[at]));
    if (find("toast").textContent === STOPPED) find("toast").hidden = true;
  } catch { say(STOPPED); }
}

async function act(panel, work) {
  await during(panel.buttons(), work, (error) => say(error.message));
  await refresh();
}

// The service account's code is told to the service; a mini-program code opens its page on this phone.
async function scan(panel, url) {
  const scanned = await onPhone(panel, "scan", { url });
  if ("scene" in scanned) {
    choosePhone(panel.openid);
    location.assign(`/mini-program#${new URLSearchParams({ page: scanned.page, scene: scanned.scene })}`);
  } else if (!scanned.acknowledged) say("服务没有应答这次扫码，请稍后再扫一次");
}

function label(code) {
  const kind = code.kind === "mini_program" ? "小程序码" : "服务号二维码";
  const seconds = code.seconds_left ?? Math.max(0, 300 - code.made_seconds_ago);  // a ticket of ours lives five minutes
  const left = `${Math.floor(seconds / 60)}分${String(seconds % 60).padStart(2, "0")}秒`;
  return `${code.scanned ? "扫过的" : "新的"}${kind}，还有${left}`;
}

function codeButton(panel, code) {
  const button = make("button", "", label(code));
  button.type = "button";
  button.onclick = () => { find("scanner").close(); act(panel, () => scan(panel, code.url)); };
  return button;
}

async function openScanner(panel) {
  const codes = (await askSimulator("GET", "qr-codes")).filter((code) => code.seconds_left || code.made_seconds_ago < 300);
  acting = panel;
  find("recent").replaceChildren(...codes.slice(0, 3).map((code) => codeButton(panel, code)));
  find("none").hidden = codes.length > 0;
  find("some").hidden = codes.length === 0;
  find("link").value = "";
  find("scanner").showModal();
}

function askToLeave(panel) {
  acting = panel;
  find("leaving").returnValue = "";
  find("leaving").showModal();
}

find("scan-link").onclick = () => { find("scanner").close(); act(acting, () => scan(acting, find("link").value)); };
find("leaving").onclose = () => {
  if (find("leaving").returnValue === "leave") act(acting, () => onPhone(acting, "unfollow"));
};

async function start() {
  useTemplates(await askSimulator("GET", "templates").catch(() => ({})));
  await refresh();
  if (location.pathname === "/scan" && panels.length) {
    const url = location.href;
    history.replaceState(null, "", "/");  // reloading the page must not scan again
    const panel = panels.find(({ openid }) => openid === chosenPhone()) || panels[0];
    await act(panel, () => scan(panel, url));
  }
  for (;;) {
    await new Promise((done) => { setTimeout(done, 1000); });
    await refresh();
  }
}
start();
