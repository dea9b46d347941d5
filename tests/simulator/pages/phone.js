"use strict";
const find = (id) => document.getElementById(id);
const make = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text ?? "" });
let templates = {};
let phones = [];
let openid = new URLSearchParams(location.search).get("openid") || localStorage.getItem("openid") || "";
let shown = "";

async function call(method, path, body) {
  const reply = await fetch(path, { method, body: body && JSON.stringify(body) });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.errmsg || reply.statusText);
  return answer;
}

const onPhone = (action, body) => call("POST", `/_/phones/${openid}/${action}`, body || {});
const current = () => phones.find((phone) => phone.openid === openid);

function say(text) {
  find("toast").textContent = text;
  find("toast").hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { find("toast").hidden = true; }, 2600);
}

// A link that carries a one-use nonce opens the confirm page here, wherever it points in the real world.
function opened(url) {
  const nonce = /#(?:.*&)?nonce=([^&\s]+)/.exec(url);
  return nonce ? `/bind?openid=${encodeURIComponent(openid)}#nonce=${nonce[1]}` : url;
}

// A text may hold addresses, or <a href="…">words</a> as WeChat shows them; everything else stays text.
function fill(element, text) {
  const pattern = /<a\s+href="([^"]+)"[^>]*>([^<]*)<\/a>|(https?:\/\/[^\s<>"，。；）]+)/g;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    element.append(text.slice(from, match.index));
    const target = match[1] || match[3];
    const link = make("a", "", match[2] || target);
    if (/^https?:/.test(target)) link.href = opened(target);
    element.append(link);
    from = match.index + match[0].length;
  }
  element.append(text.slice(from));
  return element;
}

function card(message) {
  const box = make("article", "card");
  const template = templates[message.template_id] || { title: message.template_id, fields: {} };
  box.append(make("h2", "", template.title));
  const fields = make("dl", "");
  for (const [key, value] of Object.entries(message.fields)) {
    fields.append(make("dt", "", template.fields[key] || key), make("dd", "", value));
  }
  box.append(fields);
  if (message.cut.length) box.append(make("p", "warn", `被微信截断的字段：${message.cut.join("、")}`));
  if (message.url) box.append(Object.assign(make("a", "more", "查看详情"), { href: opened(message.url) }));
  return box;
}

function drawn(message) {
  if (message.kind === "template") return card(message);
  if (message.kind === "notice") {
    const notice = make("div", "notice");
    notice.append(make("span", "", message.text));
    return notice;
  }
  const row = make("div", "row");
  row.append(make("div", "avatar", "注"), fill(make("div", "bubble"), message.text));
  return row;
}

function showMessages(messages) {
  const list = find("messages");
  list.replaceChildren();
  let last = 0;
  for (const message of messages) {
    if (message.at - last > 180) {
      const time = new Date(message.at * 1000).toLocaleString("zh-CN", { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Shanghai" });
      list.append(make("div", "time", time));
    }
    last = message.at;
    list.append(drawn(message));
  }
  if (!messages.length) list.append(make("p", "empty", "还没有消息。扫描绑定二维码，或打开扫码链接，就从这里开始。"));
  list.scrollTop = list.scrollHeight;
}

function showPhones() {
  const tabs = phones.map((phone) => {
    const tab = make("button", "", phone.name);
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", String(phone.openid === openid));
    tab.onclick = () => choose(phone.openid);
    return tab;
  });
  find("tabs").replaceChildren(...tabs);
  find("state").textContent = current().follows ? "已关注" : "未关注";
  find("follow").textContent = current().follows ? "取消关注" : "关注";
}

function choose(chosen) {
  openid = chosen;
  localStorage.setItem("openid", chosen);
  shown = "";
  refresh();
}

async function refresh() {
  phones = await call("GET", "/_/phones");
  if (!current()) openid = phones[0].openid;
  const messages = await call("GET", `/_/phones/${openid}/messages`);
  const now = JSON.stringify([phones, messages, openid]);
  if (now === shown) return;
  shown = now;
  showPhones();
  showMessages(messages);
}

async function act(work) {
  document.querySelectorAll("footer button").forEach((button) => { button.disabled = true; });
  try { await work(); } catch (error) { say(error.message); }
  document.querySelectorAll("footer button").forEach((button) => { button.disabled = false; });
  await refresh().catch(() => say("模拟器已停止"));
}

async function scan(url) {
  const push = await onPhone("scan", { url });
  if (!push.acknowledged) say("服务没有应答这次扫码");
}

async function openScanner() {
  const codes = (await call("GET", "/_/qr-codes")).filter((code) => !code.scanned).slice(0, 3);
  find("recent").replaceChildren(...codes.map((code) => {
    const row = make("li", "");
    const button = make("button", "", `二维码 …${code.url.slice(-6)}（还有 ${code.seconds_left} 秒）`);
    button.type = "button";
    button.onclick = () => { find("link").value = code.url; find("scanner").close("scan"); };
    row.append(button);
    return row;
  }));
  find("link").value = "";
  find("scanner").returnValue = "";
  find("scanner").showModal();
}

find("scan").onclick = () => openScanner().catch(() => say("模拟器已停止"));
find("scanner").onclose = () => {
  if (find("scanner").returnValue === "scan") act(() => scan(find("link").value));
};
find("follow").onclick = () => act(() => onPhone(current().follows ? "unfollow" : "follow"));
find("code").onclick = () => act(async () => {
  find("value").textContent = (await onPhone("code")).code;
  find("minted").showModal();
});

async function start() {
  templates = await call("GET", "/_/templates");
  await refresh();
  if (location.pathname === "/scan") {
    const url = location.href;
    history.replaceState(null, "", "/");  // reloading the page must not scan again
    await act(() => scan(url));
  }
  for (;;) {
    await new Promise((done) => setTimeout(done, 1000));
    await refresh().catch(() => say("模拟器已停止"));
  }
}
start();
