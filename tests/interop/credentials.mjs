// Checks the credentials of requests to the providers, with Agora's npm packages for Agora, and with jose for VideoSDK.
// Input: for each request, a JSON line with the credentials, the time, and the keys. Output: for each request, a JSON
// line with the caller.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as jose from "jose";

const require = createRequire(import.meta.url);
const { AccessToken2, kRtmServiceType, ServiceRtm } = require("agora-token/src/AccessToken2");
const { AccessToken } = require("agora-access-token/src/AccessToken");

const DAY = 24 * 3600;
/** The maximum time, in seconds, by which the clock of a token's issuer may be ahead. */
const LEEWAY = 60;
const RTM_LOGIN_006 = 1000;
const CLAIMS = "apikey permissions version roles roomId participantId iat nbf exp jti".split(" ");
const PERMISSIONS = ["allow_join", "allow_mod", "ask_join"];
const REJECTED = { kind: "rejected" };

// Disables `console.log`, because a package uses it to log decoding errors. The standard output must contain only
// results.
console.log = () => {};

const lines = readFileSync(0, "utf8").split("\n");
for (const line of lines.filter((line) => line !== "").map((line) => JSON.parse(line))) {
  const result = line.provider === "agora" ? agora(line) : await videosdk(line);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function agora(input) {
  const { authorization, token } = input;
  if (authorization !== null && token !== null) return REJECTED;
  if (token !== null) return agora006(input);
  const [scheme, value] = authorization.split(/ (.*)/s);
  if (scheme.toLowerCase() === "basic") {
    const expected = Buffer.from(input.customer).toString("base64");
    return value === expected ? { kind: "customer" } : REJECTED;
  }
  const prefix = "agora token=";
  return authorization.startsWith(prefix) ? agora007(input, authorization.slice(prefix.length)) : REJECTED;
}

function agora007({ app_id, certificate, now }, token) {
  const parsed = new AccessToken2("", "", 0, 0);
  if (app_id === null || !readable(() => parsed.from_string(token))) return REJECTED;
  if (parsed.appId.toString() !== app_id || !parsed.verifySignature(certificate)) return REJECTED;
  const tokenExpiry = parsed.issueTs + Math.min(parsed.expire, DAY);
  if (parsed.issueTs > now + LEEWAY || tokenExpiry < now) return REJECTED;
  for (const service of parsed.services) {
    const ttl = service.__privileges[ServiceRtm.kPrivilegeLogin];
    if (service.service_type() !== kRtmServiceType || ttl === undefined) continue;
    const expires_at = ttl === 0 ? tokenExpiry : Math.min(parsed.issueTs + ttl, tokenExpiry);
    if (expires_at < now) continue;
    const services = parsed.services.map((service) => service.service_type());
    return { kind: "007", user: service.__user_id.toString(), expires_at, services };
  }
  return REJECTED;
}

// The package cannot verify a 006 token, because the token does not contain the user. Instead, the package builds a
// token from the same values, and the two tokens must be equal.
function agora006({ app_id, certificate, now, token, user }) {
  const parsed = new AccessToken("", "", "", "");
  if (app_id === null || !user || !readable(() => parsed.fromString(token))) return REJECTED;
  const rebuilt = new AccessToken(app_id, certificate, user, "");
  rebuilt.salt = parsed.salt;
  rebuilt.ts = parsed.ts;
  rebuilt.messages = parsed.messages;
  const loginExpiry = parsed.messages[RTM_LOGIN_006];
  if (rebuilt.build() !== token || loginExpiry === undefined) return REJECTED;
  const expires_at = loginExpiry === 0 ? parsed.ts : Math.min(loginExpiry, parsed.ts);
  return expires_at > now ? { kind: "006", user, expires_at } : REJECTED;
}

async function videosdk({ authorization, now, api_key, secret, max_ttl }) {
  let claims;
  try {
    const key = new TextEncoder().encode(secret);
    const { payload } = await jose.compactVerify(authorization, key, { algorithms: ["HS256"] });
    claims = JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return REJECTED;
  }
  const { apikey, permissions = [], iat = 0, nbf = 0, exp } = claims;
  const isValidNow = exp > now && Math.max(iat, nbf) <= now + LEEWAY;
  const isWithinMaxTtl = max_ttl === null || exp - now <= max_ttl;
  const asksToJoin = permissions.includes("ask_join");
  const areKnown = permissions.length > 0 && permissions.every((name) => PERMISSIONS.includes(name));
  const areAllowed = areKnown && (!asksToJoin || permissions.every((name) => name === "ask_join"));
  if (apikey !== api_key || !isValidNow || !isWithinMaxTtl || !areAllowed) return REJECTED;
  const present = CLAIMS.filter((name) => claims[name] !== undefined && claims[name].length !== 0);
  return { kind: "jwt", claims: Object.fromEntries(present.map((name) => [name, claims[name]])) };
}

/** Returns whether a package can read a token. The packages return false for some errors and throw other errors. */
function readable(read) {
  try {
    return read();
  } catch {
    return false;
  }
}
