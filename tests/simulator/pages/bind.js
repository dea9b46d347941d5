// The page behind the link that the service account sends after a scan. The nonce stays in the #fragment: it reaches
// the service in bodies only, never in an address or a log.
import { askToBind, refuseToBind } from "/pages/agree.js";

const nonce = () => new URLSearchParams(location.hash.slice(1)).get("nonce") || "";

// A number or a cancelled link is done with: nothing of it stays in the address or the history.
const forget = () => history.replaceState(null, "", location.pathname);

function start() {
  if (!nonce()) return refuseToBind("链接不完整", "请回到微信，点服务号发来的“点此确认绑定”。");
  const proof = async () => ({ nonce: nonce() });
  return askToBind({ proof, forget, tryAgain: "回到微信重新点“点此确认绑定”，或者再扫一次二维码" });
}

window.onhashchange = start;
start();
