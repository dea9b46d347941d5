// wx.requestSubscribeMessage: one dialog for at most three templates, an answer for each; WeChat tells the service.
import { askSimulator } from "/pages/ask.js";
import { myPhone } from "/pages/mine.js";
import { find, make } from "/pages/screen.js";

let titles = null;

function choice(id) {
  const label = make("label", "choice", titles[id]?.title || id);
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, value: id });
  label.prepend(box);
  return label;
}

function answered() {
  return new Promise((done) => {
    find("consent").onclose = () => {
      const allowed = find("consent").returnValue === "allow";
      const boxes = [...find("consent-templates").querySelectorAll("input")];
      done(Object.fromEntries(boxes.map((box) => [box.value, allowed && box.checked ? "accept" : "reject"])));
    };
    find("consent").returnValue = "";
    find("consent").showModal();
  });
}

// How many of the templates the person agreed to.
export async function requestSubscribe(templates) {
  if (!templates.length) return 0;
  titles ||= await askSimulator("GET", "templates");
  find("consent-templates").replaceChildren(...templates.map(choice));
  const answers = await answered();
  await askSimulator("POST", `phones/${(await myPhone()).openid}/consent`, { answers });
  return Object.values(answers).filter((answer) => answer === "accept").length;
}
