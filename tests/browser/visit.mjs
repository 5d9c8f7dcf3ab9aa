// A page in Chromium, with a record of the requests and of the calls of Agora's SDKs.

import { setTimeout as sleep } from "node:timers/promises";

const POLL_MILLISECONDS = 10;
/** The path to which the RTC SDK sends the token that a client joins with. */
const AGORA_GATEWAY = "/api/v2/transpond/webrtc";
/** Parts of the messages on the console that do not explain a failure. */
const NOISE = ["Agora-SDK", "RTM:", "net::ERR_NAME_NOT_RESOLVED"];

export class Visit {
  /** The calls of Agora's SDKs, in order: `{call, …arguments}`. An argument that is `undefined` is omitted. */
  calls = [];
  /** The responses of the deployment that the page can read, in order. */
  responses = [];
  /** The URLs of requests to the deployment that failed or that the browser blocked. */
  blocked = [];
  /** The requests to Agora's gateway, in order. */
  gateway = [];
  /** The messages on the console of the page. */
  messages = [];
  /** The tokens to verify. */
  tokens = [];

  constructor(page, service, { app_id, deadline, port }) {
    Object.assign(this, { page, service, deadline, appId: app_id, origin: `http://127.0.0.1:${port}` });
  }

  async open() {
    this.page.setDefaultTimeout(this.deadline);
    await this.page.exposeFunction("record", (call) => void this.calls.push(JSON.parse(call)));
    this.page.on("console", (message) => void this.messages.push(message.text()));
    this.page.on("request", (request) => this.#recordGateway(request));
    this.page.on("requestfailed", (request) => this.#isService(request) && this.blocked.push(request.url()));
    // A response cannot be read after the page has been closed.
    this.page.on("requestfinished", (request) => void this.#recordResponse(request).catch(() => {}));
    await this.page.goto(`${this.origin}/`);
  }

  /** Calls a client of page/main.js, and returns the client's result. */
  client(name, ...args) {
    return this.page.evaluate((name, args) => window.clients[name](...args), name, args);
  }

  /** Emits an event of the SDK's client that the page used last: `rtc` or `rtm`. */
  emit(sdk, ...event) {
    return this.page.evaluate((sdk, event) => void window.sdks[sdk].emit(...event), sdk, event);
  }

  /** Waits until the SDK's method was called this number of times, and returns the arguments of that call. */
  async called(name, times = 1) {
    const matching = () => this.calls.filter(({ call }) => call === name);
    await this.until(() => matching().length >= times, `${name} was called ${times} times`);
    return matching()[times - 1];
  }

  /** Waits until the deployment has responded this number of times, and returns these responses. */
  async responded(times) {
    await this.until(() => this.responses.length >= times, `the deployment responded ${times} times`);
    return this.responses.slice(0, times);
  }

  async until(holds, description) {
    const started = performance.now();
    while (!holds()) {
      if (performance.now() - started > this.deadline) throw new Error(`timed out, waiting until ${description}`);
      await sleep(POLL_MILLISECONDS);
    }
  }

  /** Adds a token to verify with Agora's packages. `content` has the token's format, services and `expires_in`. */
  verifies(token, content) {
    this.tokens.push({ token, ...content });
  }

  describe() {
    const { calls, responses, blocked, gateway, messages } = this;
    const isImportant = (message) => NOISE.every((noise) => !message.includes(noise));
    const important = messages.filter(isImportant);
    return JSON.stringify({ calls, responses, blocked, gateway, messages: important }, null, 2);
  }

  #isService(request) {
    return request.url().startsWith(`${this.service}/`) && request.method() !== "OPTIONS";
  }

  #recordGateway(request) {
    if (request.method() !== "POST" || new URL(request.url()).pathname !== AGORA_GATEWAY) return;
    const body = request.postData().match(/name="request"\s+(\{.*\})/)[1];
    const { appid, request_bodies: bodies } = JSON.parse(body);
    const { cname, key, uid } = bodies[0].buffer;
    this.gateway.push({ appId: appid, channel: cname, token: key, uid });
  }

  async #recordResponse(request) {
    if (!this.#isService(request)) return;
    const response = request.response();
    const target = request.url().slice(this.service.length);
    const text = await response.text();
    const headers = response.headers();
    this.responses.push({ target, status: response.status(), headers, text, json: parse(text) });
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
