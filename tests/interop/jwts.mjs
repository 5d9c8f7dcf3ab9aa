// Makes JWTs with the npm package jose, and by hand with Node's cryptography those that jose refuses to make.
// In: JSON {now, issuer, jwts: [kind]}. Out: JSON {keys: public keys by name, jwts: their texts, signed_by_jose: how many}.
//
// A kind says what differs from a good JWT:
//   key: the name of the key that signs, `rsa` if it is left out; the key names itself in `kid`
//   header, claims: members to set, or to leave out with null; the times are seconds from now
//   headerMore, claimsMore: text that goes in front of the last brace
//   pad: the length of a claim that only makes it long
//   hmac: signed with HMAC and this secret; `$pem` and `$jwk` stand for the key's public text
//   signature: `none`, `half`, `zero`, `der`, or `otherClaims` for that of a JWT with other ones
//   unsecured: true, for alg none

import { KeyObject, createHmac, sign } from "node:crypto";
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
  stranger: "RS256",
};
const MEMBERS = "key header claims headerMore claimsMore pad hmac signature unsecured".split(" ");

const keys = {};
for (const [name, alg] of Object.entries(ALGORITHMS)) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await jose.exportJWK(publicKey)), alg, use: "sig" };
  if (name !== "nameless") jwk.kid = name;
  keys[name] = { alg, privateKey, jwk, pem: await jose.exportSPKI(publicKey) };
}

const asked = JSON.parse(readFileSync(0, "utf8"));
let signedByJose = 0;
const jwts = [];
for (const kind of asked.jwts) jwts.push(await make(kind));
const publicKeys = Object.fromEntries(Object.entries(keys).map(([name, { jwk }]) => [name, jwk]));
process.stdout.write(JSON.stringify({ keys: publicKeys, jwts, signed_by_jose: signedByJose }));

async function make(kind) {
  const unknown = Object.keys(kind).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw new Error(`${unknown} is not a member of a kind of JWT: ${JSON.stringify(kind)}`);
  const key = keys[kind.key ?? "rsa"];
  const header = change({ alg: kind.hmac ? "HS256" : key.alg, kid: key.jwk.kid }, kind.header);
  const claims = change({ iss: asked.issuer, aud: "app", sub: "alice", exp: 600 }, kind.claims);
  for (const time of ["exp", "nbf", "iat"]) if (typeof claims[time] === "number") claims[time] += asked.now;
  if (kind.pad !== undefined) claims.pad = "x".repeat(kind.pad);
  const secret = kind.hmac?.replace("$pem", key.pem).replace("$jwk", JSON.stringify(key.jwk));

  if (kind.unsecured) {
    signedByJose += 1;
    return new jose.UnsecuredJWT(claims).encode();
  }
  const isByHand = kind.headerMore ?? kind.claimsMore ?? kind.signature ?? header.crit;
  if (isByHand === undefined && header.alg === (secret ? "HS256" : key.alg)) {
    signedByJose += 1;
    const signer = secret ? new TextEncoder().encode(secret) : key.privateKey;
    return await new jose.SignJWT(claims).setProtectedHeader(header).sign(signer);
  }
  return byHand(header, claims, key, secret, kind);
}

function byHand(header, claims, key, secret, kind) {
  const encode = (members, more) => {
    const text = JSON.stringify(members);
    return Buffer.from(more ? `${text.slice(0, -1)},${more}}` : text).toString("base64url");
  };
  const message = `${encode(header, kind.headerMore)}.${encode(claims, kind.claimsMore)}`;
  const signed = kind.signature === "otherClaims" ? `${encode(header)}.${encode({ ...claims, sub: "bob" })}` : message;
  const signature = signatureOf(signed, key, secret, kind.signature);
  const sent = { none: Buffer.alloc(0), half: signature.subarray(0, signature.length / 2), zero: Buffer.alloc(64) };
  return `${message}.${(sent[kind.signature] ?? signature).toString("base64url")}`;
}

function signatureOf(message, key, secret, form) {
  if (secret) return createHmac("sha256", secret).update(message).digest();
  const dsaEncoding = form === "der" ? "der" : "ieee-p1363";
  const digest = key.alg === "EdDSA" ? null : "sha256";
  return sign(digest, Buffer.from(message), { key: KeyObject.from(key.privateKey), dsaEncoding });
}

/** The members with these set, and those left out that are null. */
function change(members, changes = {}) {
  const changed = JSON.parse(JSON.stringify({ ...members, ...changes }).replaceAll("$ISSUER", asked.issuer));
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== null));
}
