// Whose account is it, and does the phone's owner agree? Then the number to choose on the computer is shown.
import { askService } from "/pages/ask.js";
import { find, headed, showOnly } from "/pages/screen.js";

const PARTS = ["badge", "who", "leaving", "number", "confirm", "again", "cancel", "back"];
const RENEW = "请回到电脑上的绑定页面，点“重新获取二维码”，再用微信扫一次。";
const HINTS = { ticket_session_ended: "请在电脑上重新登录，点“绑定新账号”，再用微信扫一次。", already_bound: "不用再绑定。" };
const CARE = "如果不是您本人在电脑上操作，请点“取消，不绑定”。";

function tell(title, hint, ...seen) {
  showOnly(PARTS, seen);
  find("hint").textContent = hint;
  headed(find("title"), title);
}

function refuse(error, retry) {
  const passing = error.code === "away" || error.status >= 429;
  find("badge").textContent = "!";
  find("badge").classList.add("stop");
  find("again").onclick = retry;
  const hint = HINTS[error.code] || error.hint || (passing ? "请稍等一会儿再试。" : RENEW);
  tell(error.message, hint, "badge", ...(passing ? ["again"] : []), "back");
}

function showAccounts({ name, number_masked: number, bound_to: leaving }) {
  find("name").textContent = name;
  find("account").textContent = number;
  if (!leaving) {
    find("confirm").textContent = "确认绑定";
    return tell("绑定到这个账号吗？", `绑定后，业务进度会发到您的微信。\n${CARE}`, "badge", "who", "confirm", "cancel");
  }
  find("leaving-name").textContent = leaving.name;
  find("leaving-account").textContent = leaving.number_masked;
  find("confirm").textContent = "确认改绑";
  return tell("改绑到这个账号吗？", `改绑后，原账号不再使用这部微信，并会收到通知。\n${CARE}`,
    "badge", "who", "leaving", "confirm", "cancel");
}

// `proof`: async, what the phone sends to the service each time; `forget`: what to do once it is done with.
export async function askToBind({ proof, forget, tryAgain }) {
  const ask = async (step, more) => askService("POST", `/wechat/tickets/${step}`, { body: { ...(await proof()), ...more } });
  const start = () => askToBind({ proof, forget, tryAgain });
  find("badge").textContent = "注";
  find("badge").classList.remove("stop");
  try {
    const accounts = await ask("preview");
    showAccounts(accounts);
    find("confirm").onclick = () => confirm(accounts);
  } catch (error) { refuse(error, start); }

  async function confirm(accounts) {
    find("confirm").disabled = true;
    try {
      const { number } = await ask("confirm", accounts.bound_to ? { move: true } : {});
      forget();
      find("number").textContent = number;
      tell("请在电脑上点这个数字", "在电脑上点对数字，绑定就完成了。\n不要把数字告诉别人。", "number", "back");
    } catch (error) { refuse(error, start); } finally { find("confirm").disabled = false; }
  }

  find("cancel").onclick = () => {
    forget();
    tell("已取消，没有绑定", `想绑定时，请${tryAgain}。`, "badge", "back");
  };
}

export function refuseToBind(message, hint) { refuse({ message, hint }, () => {}); }
