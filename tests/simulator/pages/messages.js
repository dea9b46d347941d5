// How the phone draws what it received.
import { make } from "/pages/screen.js";

let templates = {};
export const useTemplates = (known) => { templates = known; };

// A link that carries a one-use nonce opens the confirm page here, wherever it points in the real world.
function opened(url) {
  const nonce = /#(?:.*&)?nonce=([^&\s]+)/.exec(url);
  return nonce ? `/wechat/bind#nonce=${nonce[1]}` : url;
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

// Where a message leads in the mini program; the address is shown, for whoever tries things out.
function pageLink(page) {
  const link = make("a", "", "进入小程序查看");
  link.href = `/mini-program#${new URLSearchParams({ page })}`;
  link.append(make("small", "", page));
  return link;
}

function card(message) {
  const box = make("article", "card");
  box.append(make("p", "from", message.kind === "subscribe" ? "服务通知 - 注册管理服务小程序" : "注册管理服务号"));
  const template = templates[message.template_id] || { title: message.template_id, fields: {} };
  box.append(make("h2", "", template.title));
  const fields = make("dl");
  for (const [key, value] of Object.entries(message.fields)) {
    fields.append(make("dt", "", template.fields[key] || key), make("dd", "", value));
  }
  box.append(fields);
  const cut = message.cut.map((key) => template.fields[key] || key).join("、");
  if (cut) box.append(make("p", "hint", `“${cut}”太长，微信只显示前20个字。`));
  const page = message.page || message.miniprogram.pagepath;
  if (page) box.append(pageLink(page));
  else if (/^https?:/.test(message.url)) box.append(Object.assign(make("a", "", "查看详情"), { href: opened(message.url) }));
  return box;
}

export function drawn(message) {
  if (message.kind === "template" || message.kind === "subscribe") return card(message);
  if (message.kind === "notice") {
    const notice = make("div", "notice");
    notice.append(make("span", "", message.text));
    return notice;
  }
  const row = make("div", "row");
  const avatar = make("div", "avatar", "注");
  avatar.setAttribute("aria-hidden", "true");
  row.append(avatar, fill(make("div", "bubble"), message.text));
  return row;
}
