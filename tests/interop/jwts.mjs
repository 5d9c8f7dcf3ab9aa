// Signs JWTs with the npm package jose, or with the `crypto` module of Node.js if jose rejects the specification.
// Input: JSON {now, issuer, jwts: [specification]}. Output: JSON {keys: public keys by name, jwts, signed_by_jose: number}.
//
// A specification lists the differences from a valid JWT:
//   key: the name of the signing key, which is also its `kid`. Default: `rsa`
//   alg: the algorithm of the signature and the header. Default: the algorithm of the key
//   header, claims: fields to set, or to omit if the value is null. `exp`, `nbf` and `iat` are seconds relative to `now`
//   headerMore, claimsMore: JSON to insert before the closing brace
//   pad: the length of an additional claim
//   hmac: the secret for a signature with HMAC. `$pem` and `$jwk` are placeholders for the public key
//   signature: `none`, `half`, `zero`, `long`, `der`, `shortSalt`, or `otherClaims` for the signature of a JWT with different claims
//   unsecured: true for `alg` none

import { constants, createHmac, createPrivateKey, sign as signBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as jose from "jose";

// `alg`: the algorithm of the key. `of`: the name of the key with the same key pair. `jwk`: members of the published key to
// change, or to omit if the value is null. `leadingZero`: true if the modulus of the published key has a leading zero.
const KEYS = {
  rsa: { alg: "RS256" },
  "rsa-2": { alg: "RS256" },
  ec: { alg: "ES256" },
  ed: { alg: "EdDSA" },
  "other-rsa": { alg: "RS256" },
  nameless: { alg: "ES256", jwk: { kid: null } },
  next: { alg: "RS256" },
  unpublished: { alg: "RS256" },
  rs384: { alg: "RS384", of: "rsa" },
  rs512: { alg: "RS512", of: "rsa" },
  ps256: { alg: "PS256", of: "rsa" },
  ps384: { alg: "PS384", of: "rsa" },
  ps512: { alg: "PS512", of: "rsa" },
  es384: { alg: "ES384" },
  es512: { alg: "ES512" },
  ed25519: { alg: "Ed25519" },
  "any-rsa": { alg: "RS256", of: "rsa-2", jwk: { alg: null } },
  "leading-zero": { alg: "PS256", of: "rsa-2", leadingZero: true },
  "any-p384": { alg: "ES384", jwk: { alg: null } },
  "any-p521": { alg: "ES512", of: "es512", jwk: { alg: null } },
  "any-ed25519": { alg: "EdDSA", of: "ed", jwk: { alg: null, use: null } },
  // Keys that the service skips, some of them with the ID of a usable key.
  "unknown-alg": { alg: "RS256", of: "rsa", jwk: { alg: "RS1", kid: "rsa" } },
  "mismatched-alg": { alg: "RS256", of: "rsa", jwk: { alg: "ES256", kid: "rsa" } },
  encryption: { alg: "RS256", of: "rsa", jwk: { alg: "RSA-OAEP-256", use: "enc", kid: "rsa" } },
  secp256k1: { alg: "ES256", jwk: { alg: "ES256K", crv: "secp256k1" } },
};
const FIELDS = "key alg header claims headerMore claimsMore pad hmac signature unsecured".split(" ");

const input = JSON.parse(readFileSync(0, "utf8"));
const keys = {};
for (const [name, { alg, of, jwk: changes, leadingZero }] of Object.entries(KEYS)) {
  const pair = keys[of] ?? (await createPair(alg));
  const jwk = withChanges({ ...pair.publicJwk, alg, use: "sig", kid: name }, changes);
  if (leadingZero) jwk.n = Buffer.concat([Buffer.alloc(1), Buffer.from(jwk.n, "base64url")]).toString("base64url");
  keys[name] = { ...pair, alg, jwk };
}

let signedByJose = 0;
const jwts = [];
for (const spec of input.jwts) jwts.push(await sign(spec));
const publicKeys = Object.fromEntries(Object.entries(keys).map(([name, { jwk }]) => [name, jwk]));
process.stdout.write(JSON.stringify({ keys: publicKeys, jwts, signed_by_jose: signedByJose }));

async function createPair(alg) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  const [publicJwk, privateJwk] = [await jose.exportJWK(publicKey), await jose.exportJWK(privateKey)];
  return { publicJwk, privateJwk, pem: await jose.exportSPKI(publicKey) };
}

async function sign(spec) {
  const unknown = Object.keys(spec).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) throw new Error(`unknown field ${unknown} in ${JSON.stringify(spec)}`);
  const key = keys[spec.key ?? "rsa"];
  const alg = spec.alg ?? key.alg;
  const header = withChanges({ alg: spec.hmac ? "HS256" : alg, kid: key.jwk.kid }, spec.header);
  const claims = withChanges({ iss: input.issuer, aud: "app", sub: "alice", exp: 600 }, spec.claims);
  for (const time of ["exp", "nbf", "iat"]) if (typeof claims[time] === "number") claims[time] += input.now;
  if (spec.pad !== undefined) claims.pad = "x".repeat(spec.pad);
  const secret = spec.hmac?.replace("$pem", key.pem).replace("$jwk", JSON.stringify(key.jwk));

  if (spec.unsecured) {
    signedByJose += 1;
    return new jose.UnsecuredJWT(claims).encode();
  }
  const unsupported = spec.headerMore ?? spec.claimsMore ?? spec.signature ?? header.crit;
  if (unsupported === undefined && header.alg === (secret ? "HS256" : alg)) {
    signedByJose += 1;
    const signer = secret ? new TextEncoder().encode(secret) : await jose.importJWK(key.privateJwk, alg);
    return await new jose.SignJWT(claims).setProtectedHeader(header).sign(signer);
  }
  return signWithoutJose(header, claims, { ...key, alg }, secret, spec);
}

function signWithoutJose(header, claims, key, secret, spec) {
  const encode = (fields, more) => {
    const json = JSON.stringify(fields);
    return Buffer.from(more ? `${json.slice(0, -1)},${more}}` : json).toString("base64url");
  };
  const message = `${encode(header, spec.headerMore)}.${encode(claims, spec.claimsMore)}`;
  const signedMessage = spec.signature === "otherClaims" ? `${encode(header)}.${encode({ ...claims, sub: "bob" })}` : message;
  const signature = signatureOf(signedMessage, key, secret, spec.signature);
  const replacements = {
    none: Buffer.alloc(0),
    half: signature.subarray(0, signature.length / 2),
    zero: Buffer.alloc(signature.length),
    long: withLeadingZeros(signature),
  };
  return `${message}.${(replacements[spec.signature] ?? signature).toString("base64url")}`;
}

/** Returns a signature of ECDSA whose two numbers have a leading zero each. */
function withLeadingZeros(signature) {
  const middle = signature.length / 2;
  const zero = Buffer.alloc(1);
  return Buffer.concat([zero, signature.subarray(0, middle), zero, signature.subarray(middle)]);
}

function signatureOf(message, key, secret, form) {
  if (secret) return createHmac("sha256", secret).update(message).digest();
  const digest = key.alg.startsWith("Ed") ? null : `sha${key.alg.slice(2)}`;
  const options = { key: createPrivateKey({ key: key.privateJwk, format: "jwk" }) };
  if (key.alg.startsWith("ES")) options.dsaEncoding = form === "der" ? "der" : "ieee-p1363";
  if (key.alg.startsWith("PS")) {
    options.padding = constants.RSA_PKCS1_PSS_PADDING;
    options.saltLength = form === "shortSalt" ? 20 : constants.RSA_PSS_SALTLEN_DIGEST;
  }
  return signBytes(digest, Buffer.from(message), options);
}

/** Returns the fields with changes applied. A change to null removes a field. */
function withChanges(fields, changes = {}) {
  const changed = JSON.parse(JSON.stringify({ ...fields, ...changes }).replaceAll("$ISSUER", input.issuer));
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== null));
}
