"use strict";
// The nonce stays in the #fragment: it reaches the service in bodies only, never in an address or a log.
const find = (id) => document.getElementById(id);
const nonce = new URLSearchParams(location.hash.slice(1)).get("nonce") || "";
const phone = new URLSearchParams(location.search).get("openid") || "";

function tell(title, hint) {
  find("title").textContent = title;
  find("hint").textContent = hint || "";
}

async function ask(step) {
  const reply = await fetch(`/service/api/v1/wechat/tickets/${step}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ nonce }),
  });
  const answer = await reply.json();
  if (!reply.ok) throw Object.assign(new Error(answer.message || "暂时无法绑定"), { hint: answer.hint });
  return answer;
}

function refuse(error) {
  find("badge").textContent = "!";
  find("confirm").hidden = true;
  tell(error.message, error.hint || "请回到电脑上的绑定页面，刷新二维码后重新扫描。");
}

async function preview() {
  const account = await ask("preview");
  find("name").textContent = account.name;
  find("account").textContent = account.number_masked;
  find("who").hidden = false;
  find("confirm").hidden = false;
  tell("绑定到以下账号？", "绑定后可以在微信上收到业务进度提醒。如果不是您本人在操作，请直接返回。");
}

async function confirm() {
  find("confirm").disabled = true;
  const { number } = await ask("confirm");
  find("badge").hidden = true;
  find("confirm").hidden = true;
  find("number").textContent = number;
  find("number").hidden = false;
  tell("请在电脑上选择这个数字", "选对后绑定才会生效。不要把数字告诉任何人。");
}

find("confirm").onclick = () => confirm().catch(refuse);
find("back").onclick = () => { location.href = phone ? `/?openid=${encodeURIComponent(phone)}` : "/"; };
if (nonce) preview().catch(refuse);
else refuse(new Error("链接不完整"));
