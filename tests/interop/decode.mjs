// Decodes and verifies Agora tokens with Agora's npm packages, and VideoSDK tokens with the `crypto` module of Node.js.
// Input: JSON lines {id, token, project, secret, services}. Output: a JSON line with the content of each token.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { AccessToken2 } = require("agora-token/src/AccessToken2");
const { AccessToken } = require("agora-access-token/src/AccessToken");

const DAY = 24 * 3600;
// The names of the services, by number. The first service has the number 1.
const NAMES = ["rtc", "rtm", "streaming", "fpa", "chat", "fcdn", "apaas", "rtm2", "convoai", "stt"];
// The output's names of a service's fields, by the names in the package.
const FIELDS = {
  __channel_name: "channel",
  __uid: "uid",
  __account: "uid",
  __room_uuid: "room",
  __user_id: "user",
  __user_uuid: "user",
};
const RTM_LOGIN_006 = "1000";

for (const line of readFileSync(0, "utf8").split("\n")) {
  if (line === "") continue;
  const input = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id: input.id, ...decode(input) })}\n`);
}

function decode(input) {
  if (input.token.startsWith("006")) return decode006(input);
  if (input.token.startsWith("007")) return decode007(input);
  return decodeJwt(input);
}

function decode007({ token, project, secret }) {
  const parsed = new AccessToken2("", "", 0, 0);
  const readable = parsed.from_string(token);
  return {
    format: "007",
    valid: readable && parsed.appId.toString() === project && parsed.verifySignature(secret),
    services: readable ? parsed.services.map(serviceOf) : [],
    expires_in: readable ? parsed.expire : 0,
    issued_at: readable ? parsed.issueTs : 0,
  };
}

function serviceOf(service) {
  const json = { name: NAMES[service.service_type() - 1], privileges: service.__privileges };
  for (const [field, name] of Object.entries(FIELDS)) {
    if (service[field] !== undefined) json[name] = service[field].toString();
  }
  // The shifts restore the sign, because the package writes the role as a signed number and reads it as an unsigned
  // number.
  if (service.__role !== undefined) json.role = (service.__role << 16) >> 16;
  if (service.__permissions !== undefined) json.permissions = permissionsOf(service.__permissions.details);
  return json;
}

function permissionsOf(details) {
  const nested = Object.entries(details).map(([kind, accesses]) =>
    Object.entries(accesses).map(([access, names]) => [Number(kind), Number(access), names.map(String)]),
  );
  return nested.flat();
}

// The package cannot verify a 006 token, because the token does not contain the channel and the user. Instead, the
// package builds a token from the same values, and the two tokens must be equal.
function decode006({ token, project, secret, services: [service] }) {
  const parsed = new AccessToken("", "", "", "");
  const readable = parsed.fromString(token);
  const issuedAt = readable ? parsed.ts - DAY : 0;
  const rebuilt = new AccessToken(project, secret, service.channel ?? service.user, service.uid ?? "");
  rebuilt.salt = parsed.salt;
  rebuilt.ts = parsed.ts;
  rebuilt.messages = parsed.messages;
  const expiries = Object.entries(parsed.messages);
  const privileges = Object.fromEntries(expiries.map(([privilege, expiry]) => [privilege, expiry - issuedAt]));
  return {
    format: "006",
    valid: readable && rebuilt.build() === token,
    services: [{ ...service, name: RTM_LOGIN_006 in privileges ? "rtm" : "rtc", privileges }],
    expires_in: DAY,
    issued_at: issuedAt,
  };
}

function decodeJwt({ token, project, secret }) {
  const [header, payload, signature] = token.split(".");
  const read = (part) => JSON.parse(Buffer.from(part, "base64url").toString());
  const { alg, typ } = read(header);
  const { iat, exp, ...claims } = read(payload);
  const expected = createHmac("sha256", secret).update(`${header}.${payload}`).digest("base64url");
  return {
    format: "jwt",
    valid: alg === "HS256" && typ === "JWT" && signature === expected && claims.apikey === project,
    claims,
    expires_in: exp - iat,
    issued_at: iat,
  };
}
