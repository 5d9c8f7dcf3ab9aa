// Reads tokens with Agora's own packages.
// In: JSON lines {id, token, app_id, certificate, channel, uid}. Out: JSON lines of what the tokens say.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { AccessToken2, kRtcServiceType } = require("agora-token/src/AccessToken2");
const { AccessToken } = require("agora-access-token/src/AccessToken");

const DAY = 24 * 3600;

for (const line of readFileSync(0, "utf8").split("\n")) {
  if (line === "") continue;
  const asked = JSON.parse(line);
  const decoded = asked.token.startsWith("006") ? decode006(asked) : decode007(asked);
  process.stdout.write(`${JSON.stringify({ id: asked.id, ...decoded })}\n`);
}

function decode007({ token, app_id, certificate }) {
  const parsed = new AccessToken2("", "", 0, 0);
  const readable = parsed.from_string(token);
  const services = readable ? parsed.services : [];
  const [rtc] = services;
  const isRtc = services.length === 1 && rtc.service_type() === kRtcServiceType;
  return {
    format: "007",
    valid: isRtc && parsed.appId.toString() === app_id && parsed.verifySignature(certificate),
    channel: isRtc ? rtc.__channel_name.toString() : null,
    uid: isRtc ? rtc.__uid.toString() : null,
    privileges: isRtc ? rtc.__privileges : {},
    expires_in: readable ? parsed.expire : 0,
    issued_at: readable ? parsed.issueTs : 0,
  };
}

// The package cannot verify an 006 token, and the token does not hold channel and user: so the package builds
// one of the same values, which must come out as the same text.
function decode006({ token, app_id, certificate, channel, uid }) {
  const parsed = new AccessToken("", "", "", "");
  const readable = parsed.fromString(token);
  const issuedAt = readable ? parsed.ts - DAY : 0;
  const again = new AccessToken(app_id, certificate, channel, uid);
  again.salt = parsed.salt;
  again.ts = parsed.ts;
  again.messages = parsed.messages;
  const ends = Object.entries(parsed.messages);
  return {
    format: "006",
    valid: readable && again.build() === token,
    channel: null,
    uid: null,
    privileges: Object.fromEntries(ends.map(([privilege, end]) => [privilege, end - issuedAt])),
    expires_in: DAY,
    issued_at: issuedAt,
  };
}
