// Web clients of Agora's toolbox. The readers of other clients receive the same responses.

import { deepStrictEqual as equal, ok } from "node:assert/strict";

import { chat, format006, format007, rtc, rtm } from "./tokens.mjs";

/** A certificate that clients send. The service ignores the certificate, and signs with the configured certificate. */
const SENT_CERTIFICATE = "0123456789abcdef0123456789abcdef";

/** Checks that each reader gets the same token, and returns the token. */
async function readToken(visit, path, body) {
  const results = Object.values(await visit.client("toolboxToken", visit.service + path, body));
  const tokens = new Set(results.map(({ token }) => token));
  equal([results.length, tokens.size], [6, 1]);
  const [token] = tokens;
  ok(typeof token === "string" && token !== "");
  return token;
}

export const toolbox = [
  {
    name: "toolbox, API-Examples-Web",
    deployment: "wildcard",
    async run(visit) {
      const body = { appId: visit.appId, appCertificate: SENT_CERTIFICATE, channelName: "test", expire: 7200 };
      const path = "/v2/token/generate";
      const request = (more) => readToken(visit, path, { ...body, src: "web", ...more });
      const forUser = await request({ types: [1, 2], uid: 77 });
      visit.verifies(forUser, format007([rtc("test", "77", 7200), rtm("77", 7200)], 7200));
      const forAll = await request({ type: 1, uid: 0 });
      visit.verifies(forAll, format007([rtc("test", "", 7200)], 7200));
    },
  },
  {
    name: "toolbox, Conversational-AI-Demo",
    deployment: "every-channel",
    async run(visit) {
      const day = 86400;
      const token = await readToken(visit, "/v2/token/generate", {
        appId: visit.appId,
        channelName: "*",
        expire: day,
        src: "web",
        ts: 0,
        types: [1, 2, 3],
        uid: "77",
      });
      visit.verifies(token, format007([rtc("*", "77", day), rtm("77", day), chat("77", day)], day));
    },
  },
  {
    name: "toolbox, 006",
    deployment: "open",
    async run(visit) {
      const body = { appId: visit.appId, appCertificate: "", channelName: "test", expire: 3600, src: "web" };
      const token = await readToken(visit, "/v2/token006/generate", { ...body, ts: "0", type: 1, uid: 77 });
      visit.verifies(token, format006(rtc("test", "77")));
    },
  },
  {
    name: "toolbox, channel * is denied",
    deployment: "wildcard",
    async run(visit) {
      const body = { appId: visit.appId, channelName: "*", expire: 3600, src: "web", types: [1], uid: 77 };
      const results = await visit.client("toolboxToken", `${visit.service}/v2/token/generate`, body);
      const [{ status, json }] = await visit.responded(1);
      const { code, message, msg } = json;
      equal([status, code === 0, message === msg, "data" in json], [403, false, true, false]);
      const messages = Object.values(results).map(({ error }) => error);
      ok(messages.every((error) => typeof error === "string"));
      equal([results.android.error, results.harmonyOs.error], [message, message]);
    },
  },
];
