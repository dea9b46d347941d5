// Whose account is it, and does the phone's owner agree? The nonce stays in the #fragment: it reaches the service in
// bodies only, never in an address or a log.
import { askService } from "/pages/ask.js";
import { find, headed, showOnly } from "/pages/screen.js";

const PARTS = ["badge", "who", "number", "confirm", "again", "cancel", "back"];
const RENEW = "请回到电脑上的绑定页面，点“重新获取二维码”，再用微信扫一次。";
const HINTS = { ticket_session_ended: "请在电脑上重新登录，点“绑定新账号”，再用微信扫一次。", already_bound: "不用再绑定。" };
const nonce = () => new URLSearchParams(location.hash.slice(1)).get("nonce") || "";
const ask = (step) => askService("POST", `/wechat/tickets/${step}`, { body: { nonce: nonce() } });

function tell(title, hint, ...seen) {
  showOnly(PARTS, seen);
  find("hint").textContent = hint;
  headed(find("title"), title);
}

// A number or a cancelled link is done with: nothing of it stays in the address or the history.
const forget = () => history.replaceState(null, "", location.pathname);

function refuse(error, retry) {
  const passing = error.code === "away" || error.status >= 429;
  find("badge").textContent = "!";
  find("badge").classList.add("stop");
  find("again").onclick = retry;
  const hint = error.hint || HINTS[error.code] || (passing ? "请稍等一会儿再试。" : RENEW);
  tell(error.message, hint, "badge", ...(passing ? ["again"] : []), "back");
}

async function preview() {
  find("badge").textContent = "注";
  find("badge").classList.remove("stop");
  if (!nonce()) {
    return refuse({ message: "链接不完整", hint: "请回到微信，点服务号发来的“点此确认绑定”。" });
  }
  try {
    const account = await ask("preview");
    find("name").textContent = account.name;
    find("account").textContent = account.number_masked;
    tell("绑定到这个账号吗？", "绑定后，业务进度会发到您的微信。\n如果不是您本人在电脑上操作，请点“取消，不绑定”。",
      "badge", "who", "confirm", "cancel");
  } catch (error) { refuse(error, preview); }
}

async function confirm() {
  find("confirm").disabled = true;
  try {
    const { number } = await ask("confirm");
    forget();
    find("number").textContent = number;
    tell("请在电脑上点这个数字", "在电脑上点对数字，绑定就完成了。\n不要把数字告诉别人。", "number", "back");
  } catch (error) { refuse(error, preview); } finally { find("confirm").disabled = false; }
}

find("confirm").onclick = confirm;
find("cancel").onclick = () => {
  forget();
  tell("已取消，没有绑定", "想绑定时，请回到微信重新点“点此确认绑定”，或者再扫一次二维码。", "badge", "back");
};
window.onhashchange = preview;
preview();
