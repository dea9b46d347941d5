// A sentence over the page for six seconds.
import { find } from "/pages/screen.js";

export function say(text) {
  find("toast").textContent = text;
  find("toast").hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { find("toast").hidden = true; }, 6000);
}
