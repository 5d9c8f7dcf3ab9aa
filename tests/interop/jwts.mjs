// Signs JWTs with the npm package jose, or with the `crypto` module of Node.js if jose rejects the specification.
// Input: JSON {now, issuer, jwts: [specification]}. Output: JSON {keys: public keys by name, jwts, signed_by_jose: number}.
//
// A specification lists the differences from a valid JWT:
//   key: the name of the signing key, which is also its `kid`. Default: `rsa`
//   header, claims: fields to set, or to omit if the value is null. `exp`, `nbf` and `iat` are seconds relative to `now`
//   headerMore, claimsMore: JSON to insert before the closing brace
//   pad: the length of an additional claim
//   hmac: the secret for a signature with HMAC. `$pem` and `$jwk` are placeholders for the public key
//   signature: `none`, `half`, `zero`, `der`, or `otherClaims` for the signature of a JWT with different claims
//   unsecured: true for `alg` none

import { KeyObject, createHmac, sign as signBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as jose from "jose";

const ALGORITHMS = {
  rsa: "RS256",
  "rsa-2": "RS256",
  ec: "ES256",
  ed: "EdDSA",
  "other-rsa": "RS256",
  nameless: "ES256",
  next: "RS256",
  unpublished: "RS256",
};
const FIELDS = "key header claims headerMore claimsMore pad hmac signature unsecured".split(" ");

const keys = {};
for (const [name, alg] of Object.entries(ALGORITHMS)) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await jose.exportJWK(publicKey)), alg, use: "sig" };
  if (name !== "nameless") jwk.kid = name;
  keys[name] = { alg, privateKey, jwk, pem: await jose.exportSPKI(publicKey) };
}

const input = JSON.parse(readFileSync(0, "utf8"));
let signedByJose = 0;
const jwts = [];
for (const spec of input.jwts) jwts.push(await sign(spec));
const publicKeys = Object.fromEntries(Object.entries(keys).map(([name, { jwk }]) => [name, jwk]));
process.stdout.write(JSON.stringify({ keys: publicKeys, jwts, signed_by_jose: signedByJose }));

async function sign(spec) {
  const unknown = Object.keys(spec).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) throw new Error(`unknown field ${unknown} in ${JSON.stringify(spec)}`);
  const key = keys[spec.key ?? "rsa"];
  const header = withChanges({ alg: spec.hmac ? "HS256" : key.alg, kid: key.jwk.kid }, spec.header);
  const claims = withChanges({ iss: input.issuer, aud: "app", sub: "alice", exp: 600 }, spec.claims);
  for (const time of ["exp", "nbf", "iat"]) if (typeof claims[time] === "number") claims[time] += input.now;
  if (spec.pad !== undefined) claims.pad = "x".repeat(spec.pad);
  const secret = spec.hmac?.replace("$pem", key.pem).replace("$jwk", JSON.stringify(key.jwk));

  if (spec.unsecured) {
    signedByJose += 1;
    return new jose.UnsecuredJWT(claims).encode();
  }
  const unsupported = spec.headerMore ?? spec.claimsMore ?? spec.signature ?? header.crit;
  if (unsupported === undefined && header.alg === (secret ? "HS256" : key.alg)) {
    signedByJose += 1;
    const signer = secret ? new TextEncoder().encode(secret) : key.privateKey;
    return await new jose.SignJWT(claims).setProtectedHeader(header).sign(signer);
  }
  return signWithoutJose(header, claims, key, secret, spec);
}

function signWithoutJose(header, claims, key, secret, spec) {
  const encode = (fields, more) => {
    const json = JSON.stringify(fields);
    return Buffer.from(more ? `${json.slice(0, -1)},${more}}` : json).toString("base64url");
  };
  const message = `${encode(header, spec.headerMore)}.${encode(claims, spec.claimsMore)}`;
  const signedMessage = spec.signature === "otherClaims" ? `${encode(header)}.${encode({ ...claims, sub: "bob" })}` : message;
  const signature = signatureOf(signedMessage, key, secret, spec.signature);
  const replacements = { none: Buffer.alloc(0), half: signature.subarray(0, signature.length / 2), zero: Buffer.alloc(64) };
  return `${message}.${(replacements[spec.signature] ?? signature).toString("base64url")}`;
}

function signatureOf(message, key, secret, form) {
  if (secret) return createHmac("sha256", secret).update(message).digest();
  const dsaEncoding = form === "der" ? "der" : "ieee-p1363";
  const digest = key.alg === "EdDSA" ? null : "sha256";
  return signBytes(digest, Buffer.from(message), { key: KeyObject.from(key.privateKey), dsaEncoding });
}

/** Returns the fields with changes applied. A change to null removes a field. */
function withChanges(fields, changes = {}) {
  const changed = JSON.parse(JSON.stringify({ ...fields, ...changes }).replaceAll("$ISSUER", input.issuer));
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== null));
}
