// Checks the credentials of requests to the providers: with Agora's own packages, and those to VideoSDK with jose.
// In: JSON lines of the headers of a request, when it came, and keys. Out: a JSON line for each, who calls.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as jose from "jose";

const require = createRequire(import.meta.url);
const { AccessToken2, kRtmServiceType, ServiceRtm } = require("agora-token/src/AccessToken2");
const { AccessToken } = require("agora-access-token/src/AccessToken");

const DAY = 24 * 3600;
/** By how many seconds the clock that made a token may be ahead. */
const LEEWAY = 60;
const RTM_LOGIN_006 = 1000;
const CLAIMS = "apikey permissions version roles roomId participantId iat nbf exp jti".split(" ");
const PERMISSIONS = ["allow_join", "allow_mod", "ask_join"];
const REJECTED = { kind: "rejected" };

// A package prints what it cannot read, where the answers go.
console.log = () => {};

const lines = readFileSync(0, "utf8").split("\n");
for (const line of lines.filter((line) => line !== "").map((line) => JSON.parse(line))) {
  const found = line.provider === "agora" ? agora(line) : await videosdk(line);
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

function agora(asked) {
  const { authorization, token } = asked;
  if (authorization !== null && token !== null) return REJECTED;
  if (token !== null) return agora006(asked);
  const [scheme, value] = authorization.split(/ (.*)/s);
  if (scheme.toLowerCase() === "basic") {
    const expected = Buffer.from(asked.customer).toString("base64");
    return value === expected ? { kind: "customer" } : REJECTED;
  }
  const prefix = "agora token=";
  return authorization.startsWith(prefix) ? agora007(asked, authorization.slice(prefix.length)) : REJECTED;
}

function agora007({ app_id, certificate, now }, token) {
  const parsed = new AccessToken2("", "", 0, 0);
  if (app_id === null || !readable(() => parsed.from_string(token))) return REJECTED;
  if (parsed.appId.toString() !== app_id || !parsed.verifySignature(certificate)) return REJECTED;
  const tokenEnds = parsed.issueTs + Math.min(parsed.expire, DAY);
  if (parsed.issueTs > now + LEEWAY || tokenEnds < now) return REJECTED;
  for (const service of parsed.services) {
    const lasts = service.__privileges[ServiceRtm.kPrivilegeLogin];
    if (service.service_type() !== kRtmServiceType || lasts === undefined) continue;
    const until = lasts === 0 ? tokenEnds : Math.min(parsed.issueTs + lasts, tokenEnds);
    if (until < now) continue;
    const services = parsed.services.map((service) => service.service_type());
    return { kind: "007", user: service.__user_id.toString(), until, services };
  }
  return REJECTED;
}

// The package cannot verify an 006 token, which does not hold its user: so the package builds one of the same
// values, which must come out as the same text.
function agora006({ app_id, certificate, now, token, user }) {
  const parsed = new AccessToken("", "", "", "");
  if (app_id === null || !user || !readable(() => parsed.fromString(token))) return REJECTED;
  const again = new AccessToken(app_id, certificate, user, "");
  again.salt = parsed.salt;
  again.ts = parsed.ts;
  again.messages = parsed.messages;
  const ends = parsed.messages[RTM_LOGIN_006];
  if (again.build() !== token || ends === undefined) return REJECTED;
  const until = ends === 0 ? parsed.ts : Math.min(ends, parsed.ts);
  return until > now ? { kind: "006", user, until } : REJECTED;
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
  const isInTime = exp > now && Math.max(iat, nbf) <= now + LEEWAY;
  const isShort = max_ttl === null || exp - now <= max_ttl;
  const isAsking = permissions.includes("ask_join");
  const areKnown = permissions.length > 0 && permissions.every((name) => PERMISSIONS.includes(name));
  const arePermissions = areKnown && (!isAsking || permissions.every((name) => name === "ask_join"));
  if (apikey !== api_key || !isInTime || !isShort || !arePermissions) return REJECTED;
  const known = CLAIMS.filter((name) => claims[name] !== undefined && claims[name].length !== 0);
  return { kind: "jwt", claims: Object.fromEntries(known.map((name) => [name, claims[name]])) };
}

/** Some damage the packages report, and some they throw at. */
function readable(read) {
  try {
    return read();
  } catch {
    return false;
  }
}
