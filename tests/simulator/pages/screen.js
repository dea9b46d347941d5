// What every page does with its elements. Whatever comes from outside is inserted as text, never as markup.
export const find = (id) => document.getElementById(id);

export function make(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

// Exactly these of the ids are seen.
export function showOnly(all, seen) {
  for (const id of all) find(id).hidden = !seen.includes(id);
}

// The heading changed: a keyboard or a screen reader goes on from there.
export function headed(element, text) {
  element.textContent = text;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

// One thing at a time: the buttons rest while `work` runs; what goes wrong is told to `tell`.
export async function during(buttons, work, tell) {
  for (const button of buttons) button.disabled = true;
  try { return await work(); } catch (error) { tell(error); } finally {
    for (const button of buttons) button.disabled = false;
  }
}

export const clockTime = (when) => new Intl.DateTimeFormat("zh-CN", {
  hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "Asia/Shanghai",
}).format(new Date(when));

export const dayAndTime = (when) => new Intl.DateTimeFormat("zh-CN", {
  month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "Asia/Shanghai",
}).format(new Date(when));
