// One phone on the desk: its messages, and whether it follows.
import { drawn } from "/pages/messages.js";
import { dayAndTime, make } from "/pages/screen.js";

export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

export class Panel {
  constructor(phone, template) {
    this.openid = phone.openid;
    this.root = template.content.firstElementChild.cloneNode(true);
    this.root.setAttribute("aria-label", phone.name);
    part(this.root, "name").textContent = phone.name;
    this.shown = [];  // the messages on the screen, as text
  }

  buttons() { return [part(this.root, "scan"), part(this.root, "follow")]; }

  show(phone, messages) {
    this.follows = phone.follows;
    part(this.root, "state").textContent = phone.follows ? "已关注注册管理服务号" : "没有关注注册管理服务号";
    part(this.root, "follow").textContent = phone.follows ? "取消关注" : "关注";
    this.showMessages(messages);
  }

  showMessages(messages) {
    const list = part(this.root, "messages");
    const texts = messages.map((message) => JSON.stringify(message));
    if (texts.length === this.shown.length && texts.every((text, at) => text === this.shown[at]) && list.childElementCount) return;
    const goesOn = this.shown.length > 0 && this.shown.every((text, at) => text === texts[at]);
    if (!goesOn) list.replaceChildren();
    let last = goesOn ? messages[this.shown.length - 1].at : 0;
    for (const message of messages.slice(goesOn ? this.shown.length : 0)) {
      if (message.at - last > 180) list.append(make("div", "time", dayAndTime(message.at * 1000)));
      last = message.at;
      list.append(drawn(message));
    }
    if (!messages.length) list.append(make("p", "empty", "还没有消息。请点下面的“扫一扫”，扫电脑上的绑定二维码。"));
    this.shown = texts;
    list.scrollTop = list.scrollHeight;
  }
}
