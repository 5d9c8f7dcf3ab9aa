// The web clients of Agora's conversational AI quickstarts.

import { deepStrictEqual as equal, match, ok, rejects } from "node:assert/strict";

import { format007, rtc, rtm } from "./tokens.mjs";

const GENERATED_CHANNEL = /^ai-conversation-[-a-z0-9]+$/;
const NOT_CONFIGURED = /No tokens are issued until `auth` is set/;
/** The uid that the RTC SDK chooses for a client that joins with the uid 0. */
const PICKED_UID = 4321;

const both = (channel, uid) => format007([rtc(channel, uid), rtm(uid)]);

/** Checks that the client joins and logs in with the same token, and returns the token and the user. */
async function connects(visit, channel, uid) {
  const joined = await visit.called("rtc.join");
  const login = await visit.called("rtm.login");
  equal(joined, { call: "rtc.join", appId: visit.appId, channel, token: login.token, uid: Number(uid) });
  return login;
}

/** Checks that the client renews both tokens. */
async function renews(visit, forRtc, forRtm) {
  visit.verifies((await visit.called("rtc.renewToken")).token, forRtc);
  visit.verifies((await visit.called("rtm.renewToken")).token, forRtm);
}

/** Checks that a uid is a random uid in decimal. */
function isRandom(uid) {
  match(uid, /^[1-9]\d{0,9}$/);
  ok(Number(uid) < 2 ** 32);
}

export const quickstarts = [
  {
    // The client logs in as the current time, so its token must permit every user of Signaling.
    name: "Next.js quickstart",
    deployment: "wildcard",
    async run(visit) {
      const before = Date.now();
      const { channel, uid } = await visit.client("nextjs", visit.service, visit.appId);
      match(channel, GENERATED_CHANNEL);
      equal(uid, "0");
      const { token, uid: user } = await connects(visit, channel, uid);
      ok(before <= Number(user) && Number(user) <= Date.now());
      visit.verifies(token, both(channel, ""));
      await visit.client("renewNextjs", visit.service, channel, PICKED_UID);
      await renews(visit, both(channel, String(PICKED_UID)), both(channel, ""));
    },
  },
  {
    name: "Next.js quickstart, changed to log in as the uid",
    deployment: "open",
    async run(visit) {
      const { channel, uid } = await visit.client("nextjs", visit.service, visit.appId, true);
      match(channel, GENERATED_CHANNEL);
      isRandom(uid);
      const { token, uid: user } = await connects(visit, channel, uid);
      equal(user, uid);
      visit.verifies(token, both(channel, uid));
    },
  },
  {
    name: "Next.js quickstart, authentication is not configured",
    deployment: "closed",
    async run(visit) {
      await rejects(visit.client("nextjs", visit.service, visit.appId), /Failed to generate Agora token/);
      const [{ status, json }] = await visit.responded(1);
      equal([status, "token" in json], [503, false]);
      match(json.details, NOT_CONFIGURED);
      equal(visit.calls, []);
    },
  },
  {
    name: "Flutter quickstart",
    deployment: "open",
    async run(visit) {
      const { channel, uid } = await visit.client("flutter", visit.service, visit.appId);
      match(channel, GENERATED_CHANNEL);
      isRandom(uid);
      const { token, uid: user } = await connects(visit, channel, uid);
      equal(user, uid);
      visit.verifies(token, both(channel, uid));
      await visit.client("renewFlutter", visit.service, channel, uid);
      await renews(visit, both(channel, uid), both(channel, uid));
    },
  },
  ...["/api/get_config", "/get_config"].map((path) => ({
    name: `Python and Go quickstarts, ${path}`,
    deployment: "open",
    async run(visit) {
      const url = visit.service + path;
      const data = await visit.client("getConfig", url);
      const { app_id: appId, channel_name: channel, uid, agent_uid: agentUid } = data;
      equal([appId, Object.keys(data).sort().join()], [visit.appId, "agent_uid,app_id,channel_name,token,uid"]);
      match(channel, GENERATED_CHANNEL);
      [uid, agentUid].forEach(isRandom);
      const { token, uid: user } = await connects(visit, channel, uid);
      equal(user, uid);
      visit.verifies(token, both(channel, uid));
      await visit.client("renewGetConfig", url, channel, uid, uid);
      await renews(visit, both(channel, uid), both(channel, uid));
    },
  })),
  {
    name: "Python and Go quickstarts, authentication is not configured",
    deployment: "closed",
    async run(visit) {
      const failed = visit.client("getConfig", `${visit.service}/api/get_config`);
      await rejects(failed, NOT_CONFIGURED);
      equal(visit.calls, []);
    },
  },
];
