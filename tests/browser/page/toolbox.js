// The requests that web clients send to Agora's toolbox, and the readers of different clients for the response.

/** Returns the token, or the client's error message. */
const READERS = {
  apiExamplesWeb({ json }) {
    if (json.code != 0) return { error: "the code is not 0" };
    return { token: json.data.token, appId: json.data.appid };
  },
  conversationalAiWeb({ json }) {
    const isText = (value) => value === undefined || typeof value === "string";
    const isValid = ["undefined", "number"].includes(typeof json.code) && isText(json.msg) && isText(json.tip);
    if (!isValid) return { error: "the schema does not match" };
    return typeof json.data?.token === "string" ? { token: json.data.token } : { error: json.msg };
  },
  ios({ status, json }) {
    const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
    if (!isObject) return { error: "the app crashes" };
    const strings = Object.values(json.data ?? {}).every((value) => typeof value === "string");
    const isRead = [200, 201].includes(status) && typeof json.data === "object" && strings;
    return isRead ? { token: json.data.token } : { error: "no data" };
  },
  android({ ok, json }) {
    return ok && json.code === 0 ? { token: json.data.token } : { error: json.msg ?? json.message };
  },
  harmonyOs({ ok, text, json }) {
    const code = Number(text.match(/"code":\s*(-?\d+)/)?.[1]);
    const token = [...text.matchAll(/"token":\s*"([^"]*)"/g)].at(-1)?.[1];
    return ok && code === 0 && token !== undefined ? { token } : { error: json.message };
  },
  olderWindows({ status, text, json }) {
    const isSuccess = status === 200 && text.split('"code":')[1]?.startsWith("0");
    const token = text.slice(text.indexOf('"data":')).match(/"token":"([^"]*)"/)?.[1];
    return isSuccess && token !== undefined ? { token } : { error: json.msg };
  },
};

/** Requests a token, and returns the result of each reader. */
async function toolboxToken(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const read = { ok: response.ok, status: response.status, text, json: JSON.parse(text) };
  return Object.fromEntries(Object.entries(READERS).map(([name, reader]) => [name, reader(read)]));
}

export const toolbox = { toolboxToken };
