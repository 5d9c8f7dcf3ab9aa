// The clients of the page. Each call of an SDK's method is recorded, and then passed to the SDK.

import AgoraRTC from "agora-rtc-sdk-ng";
import AgoraRTM from "agora-rtm-sdk";

import { quickstarts } from "./quickstarts.js";
import { toolbox } from "./toolbox.js";
import { uikit, uikitWithToken } from "./uikit.js";

const ANY_APP_ID = "0".repeat(32);
const rtc = Object.getPrototypeOf(AgoraRTC.createClient({ mode: "live", codec: "vp8" }));
const rtm = Object.getPrototypeOf(AgoraRTM.createInstance(ANY_APP_ID));

/** The client of each SDK whose method was called last. */
window.sdks = {};
window.clients = { uikit, uikitWithToken, ...quickstarts, ...toolbox };

recordCalls("rtc", rtc, "join", (appId, channel, token, uid) => ({ appId, channel, token, uid }));
recordCalls("rtc", rtc, "renewToken", (token) => ({ token }));
recordCalls("rtm", rtm, "login", ({ uid, token }) => ({ uid, token }));
recordCalls("rtm", rtm, "renewToken", (token) => ({ token }));

function recordCalls(sdk, prototype, method, named) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    window.sdks[sdk] = this;
    window.record(JSON.stringify({ call: `${sdk}.${method}`, ...named(...args) }));
    return original.apply(this, args);
  };
}
