// The page that waits for the phone: the QR code, then the number, then what became of it.
import { askService, listen } from "/pages/ask.js";
import { clockTime, during, find, headed, make, showOnly } from "/pages/screen.js";
import { say } from "/pages/toast.js";

const PARTS = ["qr", "choices", "renew"];
const FINAL = ["bound", "refused", "expired"];
const REASONS = {
  wrong_number: "数字不一致，本次绑定已取消。请重新获取二维码。",
  bound_elsewhere: "该微信已绑定其他账号。请重新获取二维码，在手机上确认改绑。",
  holder_changed: "这部微信的绑定情况已变化。请重新获取二维码。",
  already_bound: "该微信已绑定本账号，不用再绑定。",
};

let watching = new AbortController();

function tell(title, text, ...seen) {
  showOnly(PARTS, seen);
  find("ticket-text").textContent = text;
  find("ticket").hidden = false;
  find("settings").hidden = true;
  headed(find("ticket-title"), title);
}

export function stopWaiting() {
  watching.abort();
  find("qr").removeAttribute("src");
  find("ticket").hidden = true;
}

const STATES = {
  waiting: (ticket) => tell("请用微信“扫一扫”", `用手机微信扫描二维码，${clockTime(ticket.expires_at)}前有效。`, "qr"),
  scanned: () => tell("已扫描", "请在手机上点“点此确认绑定”，再点“确认绑定”。"),
  confirmed: (ticket) => tell("手机上显示的是哪个数字？", `${ticket.moves ? "这部微信将从另一个账号改绑到本账号。" : ""}`
    + "请点和手机上一样的数字。手机上没有数字，或者不是您在操作，请点“关闭”。", "choices"),
  bound: () => tell("绑定成功", "以后业务进度会发到这部微信。请点“关闭”返回设置。"),
  refused: (ticket) => tell("没有绑定", REASONS[ticket.reason] || "本次绑定没有完成。请重新获取二维码。",
    ...(ticket.reason === "already_bound" ? [] : ["renew"])),
  expired: () => tell("二维码已失效", "二维码5分钟内有效。请重新获取，再用微信扫描。", "renew"),
};

// One try to bind. Returns when the QR code is seen; then `bound` is called when the binding stands, or `failed`.
export async function waitForPhone(token, kind, { bound, failed }) {
  stopWaiting();
  const mine = watching = new AbortController();
  const made = await askService("POST", "/me/wechat/tickets", { token, body: { kind } });
  const path = `/me/wechat/tickets/${made.public_id}`;
  let state = "";

  function show(ticket) {
    if (mine.signal.aborted || ticket.state === state) return;
    state = ticket.state;
    drawChoices(ticket.choices, choose);
    STATES[state](ticket);
    if (state === "bound") bound();
  }

  async function choose(number) {
    try {
      show(await askService("POST", `${path}/choose`, { token, body: { number } }));
    } catch {
      show(await askService("GET", path, { token }));  // why not stands on the ticket
    }
  }

  find("qr").src = made.qr_png;
  show({ ...made, state: "waiting", choices: [] });
  watch(path, token, mine.signal, show).catch(failed);
}

function drawChoices(numbers, choose) {
  find("choices").replaceChildren(...numbers.map((number) => {
    const button = make("button", "", number);
    button.onclick = () => during([...find("choices").children], () => choose(number), (error) => say(error.message));
    return button;
  }));
}

// The stream tells at once; when it breaks it is taken up again, until the ticket is final or its login has ended.
async function watch(path, token, signal, show) {
  while (!signal.aborted) {
    try {
      for await (const ticket of listen(path, token, signal)) {
        show(ticket);
        if (FINAL.includes(ticket.state)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status >= 400 && error.status < 429) throw error;
    }
    await new Promise((done) => { setTimeout(done, 1000); });
  }
}
