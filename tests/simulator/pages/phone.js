// The phone: scan a QR code, follow the service account, see its messages arrive.
import { askSimulator } from "/pages/ask.js";
import { drawn, useTemplates } from "/pages/messages.js";
import { dayAndTime, during, find, make } from "/pages/screen.js";
import { say } from "/pages/toast.js";
import { choosePhone, chosenPhone } from "/pages/whose.js";

const STOPPED = "模拟器已停止，请重新运行 make run";
let phones = [];
let openid = chosenPhone();
let shown = [];  // the messages on the screen, as text

const current = () => phones.find((phone) => phone.openid === openid);
const onPhone = (action, body) => askSimulator("POST", `phones/${openid}/${action}`, body || {});

function showMessages(messages) {
  const list = find("messages");
  const texts = messages.map((message) => JSON.stringify(message));
  if (texts.length === shown.length && texts.every((text, at) => text === shown[at]) && list.childElementCount) return;
  const goesOn = shown.length > 0 && shown.every((text, at) => text === texts[at]);
  if (!goesOn) list.replaceChildren();
  let last = goesOn ? messages[shown.length - 1].at : 0;
  for (const message of messages.slice(goesOn ? shown.length : 0)) {
    if (message.at - last > 180) list.append(make("div", "time", dayAndTime(message.at * 1000)));
    last = message.at;
    list.append(drawn(message));
  }
  if (!messages.length) list.append(make("p", "empty", "还没有消息。请点下面的“扫一扫”，扫电脑上的绑定二维码。"));
  shown = texts;
  list.scrollTop = list.scrollHeight;
}

function showPhones() {
  const known = find("phones").childElementCount === phones.length;
  if (!known) find("phones").replaceChildren(...phones.map((phone) => {
    const button = make("button", "", phone.name);
    button.onclick = () => { choose(phone.openid); };
    return button;
  }));
  [...find("phones").children].forEach((button, at) => {
    button.setAttribute("aria-pressed", String(phones[at].openid === openid));
  });
  find("state").textContent = current().follows ? "已关注" : "未关注，收不到提醒";
  find("follow").textContent = current().follows ? "取消关注" : "关注";
}

function choose(chosen) {
  openid = chosen;
  choosePhone(chosen);
  shown = [];
  find("messages").replaceChildren();
  refresh();
}

async function refresh() {
  try {
    phones = await askSimulator("GET", "phones");
    if (!current()) choosePhone(openid = phones[0].openid);
    const asked = openid;
    const messages = await askSimulator("GET", `phones/${asked}/messages`);
    if (asked !== openid) return;  // another phone was chosen meanwhile
    showPhones();
    showMessages(messages);
    if (find("toast").textContent === STOPPED) find("toast").hidden = true;
  } catch { say(STOPPED); }
}

async function act(work) {
  await during([find("scan"), find("follow")], work, (error) => say(error.message));
  await refresh();
}

async function scan(url) {
  const push = await onPhone("scan", { url });
  if (!push.acknowledged) say("服务没有应答这次扫码，请稍后再扫一次");
}

function codeButton(code) {
  const left = `${Math.floor(code.seconds_left / 60)}分${String(code.seconds_left % 60).padStart(2, "0")}秒`;
  const button = make("button", "", `${code.scanned ? "扫过的二维码" : "新的二维码"}，还有${left}`);
  button.type = "button";
  button.onclick = () => { find("scanner").close(); act(() => scan(code.url)); };
  return button;
}

async function openScanner() {
  const codes = (await askSimulator("GET", "qr-codes")).slice(0, 3);
  find("recent").replaceChildren(...codes.map(codeButton));
  find("none").hidden = codes.length > 0;
  find("some").hidden = codes.length === 0;
  find("link").value = "";
  find("scanner").showModal();
}

find("scan").onclick = () => openScanner().catch(() => say(STOPPED));
find("scan-link").onclick = () => { find("scanner").close(); act(() => scan(find("link").value)); };
find("follow").onclick = () => {
  if (!current().follows) return act(() => onPhone("follow"));
  find("leaving").returnValue = "";
  return find("leaving").showModal();
};
find("leaving").onclose = () => {
  if (find("leaving").returnValue === "leave") act(() => onPhone("unfollow"));
};

async function start() {
  useTemplates(await askSimulator("GET", "templates").catch(() => ({})));
  await refresh();
  if (location.pathname === "/scan") {
    const url = location.href;
    history.replaceState(null, "", "/");  // reloading the page must not scan again
    await act(() => scan(url));
  }
  for (;;) {
    await new Promise((done) => { setTimeout(done, 1000); });
    await refresh();
  }
}
start();
