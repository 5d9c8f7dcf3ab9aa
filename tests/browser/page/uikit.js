import AgoraUIKit from "agora-react-uikit";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

/** Shows Agora's Video UIKit for React with these settings. */
export function uikit(rtcProps, rtmProps) {
  createRoot(document.getElementById("root")).render(createElement(AgoraUIKit, { rtcProps, rtmProps }));
}
