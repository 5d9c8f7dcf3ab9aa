// The requests of the web clients of Agora's conversational AI quickstarts, and their use of the responses.

import AgoraRTC from "agora-rtc-sdk-ng";
import AgoraRTM from "agora-rtm-sdk";

let rtc;
let rtm;

/** Joins and logs in. The client does not wait, because Agora is unreachable. */
function connect({ appId, channel, token, uid, user }) {
  rtc = AgoraRTC.createClient({ mode: "rtc", codec: "vp8" });
  rtm = AgoraRTM.createInstance(appId);
  rtc.join(appId, channel, token, Number(uid)).catch(() => {});
  rtm.login({ uid: user, token }).catch(() => {});
}

/** Passes renewed tokens to the SDKs, which reject the tokens because they are not connected. */
function renew(rtcToken, rtmToken) {
  rtc.renewToken(rtcToken).catch(() => {});
  rtm.renewToken(rtmToken).catch(() => {});
}

async function generateToken(base, query = "") {
  const response = await fetch(`${base}/api/generate-agora-token${query}`);
  const body = await response.json();
  if (!response.ok) throw new Error(typeof body.error === "string" ? body.error : "no error message");
  return body;
}

async function config(url) {
  const response = await fetch(url);
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  if (body.code !== 0 || !body.data) throw new Error(body.msg);
  return body.data;
}

/** Logs in to Signaling as the current time, or as the user of the token. */
async function nextjs(base, appId, logsInAsUid = false) {
  const { channel, token, uid } = await generateToken(base);
  connect({ appId, channel, token, uid, user: logsInAsUid ? uid : String(Date.now()) });
  return { channel, uid };
}

async function renewNextjs(base, channel, joinedUid) {
  const [forRtc, forRtm] = await Promise.all([
    generateToken(base, `?channel=${channel}&uid=${joinedUid}`),
    generateToken(base, `?channel=${channel}&uid=0`),
  ]);
  renew(forRtc.token, forRtm.token);
}

async function flutter(base, appId) {
  const { channel, token, uid } = await generateToken(base);
  connect({ appId, channel, token, uid, user: uid });
  return { channel, uid };
}

async function renewFlutter(base, channel, uid) {
  const { token } = await generateToken(base, `?${new URLSearchParams({ uid, channel })}`);
  renew(token, token);
}

/** The client of the Python and Go quickstarts. `url` is the URL of `get_config`. */
async function getConfig(url) {
  const data = await config(url);
  const { app_id: appId, channel_name: channel, token, uid } = data;
  connect({ appId, channel, token, uid, user: uid });
  return data;
}

async function renewGetConfig(url, channel, joinedUid, firstUid) {
  const [forRtc, forRtm] = await Promise.all([
    config(`${url}?${new URLSearchParams({ channel, uid: joinedUid })}`),
    config(`${url}?${new URLSearchParams({ channel, uid: firstUid })}`),
  ]);
  renew(forRtc.token, forRtm.token);
}

export const quickstarts = { nextjs, renewNextjs, flutter, renewFlutter, getConfig, renewGetConfig };
