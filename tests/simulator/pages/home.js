// The mini program once logged in: what waits to be done, and the reminders that may still come.
import { askService } from "/pages/ask.js";
import { requestSubscribe } from "/pages/consent.js";
import { during, find, make } from "/pages/screen.js";
import { say } from "/pages/toast.js";

const AT_ONCE = 3;
let token = "";

const asMe = (method, path, body, headers) => askService(method, path, { token, body, headers });
const refuse = (error) => say([error.message, error.hint].filter(Boolean).join("。"));

function task(text, words, work) {
  const row = make("div", "task");
  const button = make("button", "main", words);
  button.onclick = () => during([button], work, refuse);
  row.append(make("p", "", text), button);
  return row;
}

// The service's answer says which messages to ask for; then everything is read again.
async function goOn(answer, done) {
  const allowed = await requestSubscribe(answer.subscribe.template_ids);
  say(allowed ? `${done}，同意接收${allowed}种提醒` : done);
  await refresh();
}

const submit = async (id) => goOn(await asMe("POST", `/applications/${id}/submit`), "已提交");

async function bookEarliest(group, application) {
  const { days } = await asMe("GET", `/appointments/grid?business=${group.business}&people=1&application_ids=${application.id}`);
  const free = days.flatMap((day) => day.slots.filter((slot) => slot.bookable).map((slot) => ({ date: day.date, start: slot.start })));
  if (!free.length) return say("最近没有可以预约的时间");
  const body = { application_ids: [application.id], ...free[0] };
  const booked = await asMe("POST", "/appointments", body, { "Idempotency-Key": crypto.randomUUID() });
  return goOn(booked, `已预约${booked.record_time}`);
}

async function tasks() {
  const { items } = await asMe("GET", "/applications?limit=20");
  const { groups } = await asMe("GET", "/appointments/bookable");
  const unsent = items.filter(({ status }) => status === "draft" || status === "rejected");
  return [
    ...unsent.map((row) => task(`${row.business_label} ${row.name}：${row.status_label}`, "提交", () => submit(row.id))),
    ...groups.flatMap((group) => group.applications.map((row) =>
      task(`${group.label} ${row.name}：待预约`, "预约最早时间", () => bookEarliest(group, row)))),
  ];
}

async function showReminders() {
  const { items } = await asMe("GET", "/me/subscribe-templates");
  find("reminders").replaceChildren(...items.map((item) => make("li", "", `${item.title}：还能收${item.credits}条`)));
  const scarcest = [...items].sort((one, other) => one.credits - other.credits).slice(0, AT_ONCE);
  find("more").onclick = () => during([find("more")], () => requestSubscribe(scarcest.map((item) => item.template_id)), refuse);
}

async function refresh() {
  const waiting = await tasks();
  find("tasks").replaceChildren(...(waiting.length ? waiting : [make("p", "hint", "没有需要您做的事。")]));
  await showReminders();
}

// A message's page shows the message.
async function showMessage(page) {
  const id = new URLSearchParams(page.split("?")[1]).get("id");
  find("message").textContent = id ? (await asMe("GET", `/messages/${id}`)).text : "";
  find("message").hidden = !id;
}

export async function showHome(login, page) {
  token = login;
  find("home").hidden = false;
  await showMessage(page).catch(refuse);
  await refresh().catch(refuse);
  // WeChat tells the service of a consent, which takes a moment to be counted.
  for (;;) {
    await new Promise((done) => { setTimeout(done, 1500); });
    await showReminders().catch(() => {});
  }
}
