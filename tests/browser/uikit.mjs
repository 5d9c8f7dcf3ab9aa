// Agora's Video UIKit for React, with default settings except for the App ID, the channel, and the URL of the service.

import { deepStrictEqual as equal, match, ok } from "node:assert/strict";

import { format006, format007, rtc, rtm006 } from "./tokens.mjs";

const CHANNEL = "test";

const show = (visit, settings = {}, signaling = undefined) => {
  return visit.client("uikit", { ...settingsOf(visit), ...settings }, signaling);
};
const settingsOf = ({ appId, service }) => ({ appId, channel: CHANNEL, tokenUrl: service });

/** Checks that the UIKit joins with the token of the only response, and that the SDK sends the token to Agora. */
async function joins(visit, target, uid, content) {
  const joined = await visit.called("rtc.join");
  const [response] = await visit.responded(1);
  equal([response.target, response.status], [target, 200]);
  const { rtcToken: token } = response.json;
  equal(joined, { call: "rtc.join", appId: visit.appId, channel: CHANNEL, token, uid });
  await visit.until(() => visit.gateway.length > 0, "the SDK has sent the token to Agora");
  equal(visit.gateway[0], { appId: visit.appId, channel: CHANNEL, token, uid });
  visit.verifies(token, content);
}

/** Checks that the UIKit joins without a token after an error, and that the SDK rejects the missing token. */
async function joinsWithoutToken(visit, target, status, error) {
  const joined = await visit.called("rtc.join");
  const [response] = await visit.responded(1);
  equal([response.target, response.status], [target, status]);
  match(response.json.error, error);
  ok(!("rtcToken" in response.json));
  equal(joined, { call: "rtc.join", appId: visit.appId, channel: CHANNEL, uid: 0 });
  const rejection = "INVALID_PARAMS: Invalid token: undefined";
  const isRejected = () => visit.messages.some((message) => message.includes(rejection));
  await visit.until(isRejected, "the UIKit logs that the SDK rejects the token");
  equal(visit.gateway, []);
}

/** Reports to the UIKit that it has joined, because the UIKit then logs in to Signaling. */
async function reportConnection(visit) {
  await visit.called("rtc.join");
  await visit.emit("rtc", "connection-state-change", "CONNECTED", "CONNECTING");
}

/** Checks that the UIKit logs in as `user` with the token of the second response. */
async function logsIn(visit, user) {
  await reportConnection(visit);
  const login = await visit.called("rtm.login");
  const [, response] = await visit.responded(2);
  const { rtmToken: token } = response.json;
  equal([response.target, response.status], [`/rtm/${user ?? login.uid}`, 200]);
  equal(login, { call: "rtm.login", uid: user ?? login.uid, token });
  visit.verifies(token, format006(rtm006(login.uid)));
  return login.uid;
}

export const uikit = [
  {
    name: "UIKit, default settings",
    deployment: "wildcard",
    async run(visit) {
      await show(visit);
      await joins(visit, "/rtc/test/publisher/uid/0/", 0, format006(rtc(CHANNEL, "")));
      const { headers } = visit.responses[0];
      equal([headers["access-control-allow-origin"], headers.vary], [visit.origin, "Origin"]);
    },
  },
  {
    name: "UIKit, uid 0 is denied",
    deployment: "open",
    async run(visit) {
      await show(visit);
      await joinsWithoutToken(visit, "/rtc/test/publisher/uid/0/", 403, /uid 0/);
    },
  },
  {
    name: "UIKit, authentication is not configured",
    deployment: "closed",
    async run(visit) {
      await show(visit);
      await joinsWithoutToken(visit, "/rtc/test/publisher/uid/0/", 503, /No tokens are issued until `auth` is set/);
    },
  },
  {
    name: "UIKit, uid",
    deployment: "open",
    async run(visit) {
      await show(visit, { uid: 77 });
      await joins(visit, "/rtc/test/publisher/uid/77/", 77, format006(rtc(CHANNEL, "77")));
    },
  },
  {
    name: "UIKit, base URL with a trailing slash",
    deployment: "open",
    async run(visit) {
      await show(visit, { uid: 77, tokenUrl: `${visit.service}/` });
      await joins(visit, "//rtc/test/publisher/uid/77/", 77, format006(rtc(CHANNEL, "77")));
    },
  },
  {
    name: "UIKit, origin that is not listed",
    deployment: "without-cors",
    async run(visit) {
      await show(visit);
      const logged = (part) => visit.messages.some((message) => message.includes(part));
      await visit.until(() => logged("TypeError: Failed to fetch"), "the UIKit logs the failure");
      await visit.until(() => logged("blocked by CORS policy"), "the browser logs the reason");
      await visit.until(() => visit.blocked.length > 0, "the browser blocks the response");
      equal(visit.blocked, [`${visit.service}/rtc/test/publisher/uid/0/`]);
      equal([visit.responses, visit.calls], [[], []]);
    },
  },
  {
    name: "UIKit, Signaling with default settings",
    deployment: "wildcard",
    async run(visit) {
      const before = Date.now();
      await show(visit);
      const user = await logsIn(visit);
      ok(before <= Number(user) && Number(user) <= Date.now(), `the user ${user} is not the current time`);
    },
  },
  {
    name: "UIKit, Signaling with a uid",
    deployment: "open",
    async run(visit) {
      await show(visit, { uid: 77 });
      await logsIn(visit, "77");
    },
  },
  {
    name: "UIKit, Signaling with a user",
    deployment: "open",
    async run(visit) {
      await show(visit, { uid: 77 }, { uid: "alice" });
      await logsIn(visit, "alice");
    },
  },
  {
    name: "UIKit, renewal",
    deployment: "open",
    async run(visit) {
      await show(visit, { uid: 77 });
      await joins(visit, "/rtc/test/publisher/uid/77/", 77, format006(rtc(CHANNEL, "77")));
      await visit.emit("rtc", "token-privilege-will-expire");
      const { token } = await visit.called("rtc.renewToken");
      const [first, second] = await visit.responded(2);
      equal([second.target, second.json.rtcToken], [first.target, token]);
      ok(token !== first.json.rtcToken);
      visit.verifies(token, format006(rtc(CHANNEL, "77")));
    },
  },
  {
    // At the expiry of a Signaling token, the UIKit sends two requests, one of them for the user 0.
    name: "UIKit, renewal of Signaling with default settings",
    deployment: "wildcard",
    async run(visit) {
      await show(visit);
      const user = await logsIn(visit);
      await visit.emit("rtm", "TokenExpired");
      await visit.called("rtm.renewToken", 2);
      const responsesTo = (target) => visit.responses.filter((response) => response.target === target);
      await visit.until(() => responsesTo("/rtm/0/").length > 0, "the deployment responded to the request for 0");
      const [zero] = responsesTo("/rtm/0/");
      equal(zero.status, 400);
      match(zero.json.message, /invalid RTM User ID/);
      ok(!("rtmToken" in zero.json));
      const renewals = visit.calls.filter(({ call }) => call === "rtm.renewToken").map(({ token }) => token);
      const [token] = renewals.filter((renewal) => renewal !== undefined);
      equal(new Set(renewals), new Set([token, undefined]));
      await visit.until(() => responsesTo(`/rtm/${user}`).length > 1, "the deployment responded to the renewal");
      ok(responsesTo(`/rtm/${user}`).some(({ json }) => json.rtmToken === token));
      visit.verifies(token, format006(rtm006(user)));
    },
  },
  {
    // The request has a JSON body, so the browser sends a preflight request.
    name: "UIKit, token that the app requests",
    deployment: "open",
    async run(visit) {
      await visit.client("uikitWithToken", visit.service, CHANNEL);
      const joined = await visit.called("rtc.join");
      const [{ json }] = await visit.responded(1);
      const { token, rtc: granted } = json;
      equal(joined, { call: "rtc.join", appId: visit.appId, channel: CHANNEL, token, uid: granted.uid });
      visit.verifies(token, format007([rtc(CHANNEL, String(granted.uid))]));
    },
  },
  {
    // The UIKit requests the role `publisher` for an audience, too.
    name: "UIKit, audience with a narrowed role",
    deployment: "narrow-role",
    async run(visit) {
      await show(visit, { uid: 77, role: "audience" });
      const content = format007([rtc(CHANNEL, "77", undefined, [1])]);
      await joins(visit, "/rtc/test/publisher/uid/77/", 77, content);
    },
  },
];
