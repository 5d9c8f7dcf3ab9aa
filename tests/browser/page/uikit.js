import AgoraUIKit from "agora-react-uikit";
import AgoraRTC from "agora-rtc-sdk-ng";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

/** Shows Agora's Video UIKit for React with these settings. */
export function uikit(rtcProps, rtmProps) {
  createRoot(document.getElementById("root")).render(createElement(AgoraUIKit, { rtcProps, rtmProps }));
}

/** Requests a token with the native route, and shows the UIKit with this token and with the app's own client. */
export async function uikitWithToken(base, channel) {
  const response = await fetch(`${base}/v1/token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ rtc: { channel, role: "publisher" } }),
  });
  const { app_id: appId, rtc, token } = await response.json();
  const customRtcClient = AgoraRTC.createClient({ mode: "live", codec: "vp8" });
  uikit({ appId, channel: rtc.channel, uid: rtc.uid, token, disableRtm: true, customRtcClient });
}
