// Questions to the service and to the simulator. Whatever goes wrong arrives as one Chinese sentence and perhaps a hint.
const AWAY = ["没有连接上", "请检查网络，稍等一会儿再试。"];

// The platform's numbers, for a person.
const PLATFORM = {
  40097: "二维码无效或已过期，请在电脑上重新获取",
  40003: "这部手机已不在模拟器里，请重新打开本页",
};

export class Refusal extends Error {
  constructor(message, { code = "", hint = "", status = 0 } = {}) {
    super(message);
    Object.assign(this, { code, hint, status });
  }
}

async function answered(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(AWAY[0], { code: "away", hint: AWAY[1] });
  }
}

async function read(reply) {
  const answer = await reply.json().catch(() => null);
  if (reply.ok && answer) return answer;
  const { message = AWAY[0], hint = answer ? "" : AWAY[1], code = "away" } = answer || {};
  throw new Refusal(message, { code, hint, status: reply.status });
}

function to(path, method, token, body, more = {}) {
  const headers = { ...more };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  return { path: `/service/api/v1${path}`, options: { method, headers, body: body && JSON.stringify(body) } };
}

export async function askService(method, path, { token = "", body, headers } = {}) {
  const { path: url, options } = to(path, method, token, body, headers);
  return read(await answered(url, options));
}

// Each `data:` of an event stream, as it comes. The token travels in a header: no EventSource.
export async function* listen(path, token, signal) {
  const { path: url, options } = to(path, "GET", token, undefined, { Accept: "text/event-stream" });
  const reply = await answered(url, { ...options, signal });
  if (!reply.ok) await read(reply);
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (text + part.value).split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data: "));
      yield JSON.parse(data.map((line) => line.slice(6)).join("\n"));
    }
  }
}

export async function askSimulator(method, path, body) {
  const reply = await answered(`/_/${path}`, { method, body: body && JSON.stringify(body) });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Refusal(PLATFORM[answer.errcode] || "模拟器没有完成这一步，请再试一次", { status: reply.status });
  return answer;
}
