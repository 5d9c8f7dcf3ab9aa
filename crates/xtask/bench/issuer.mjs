// An identity provider. Writes the JWTs of many users to FOLDER/ALGORITHM.txt, one JWT per line, and then serves its
// public keys.
//
//     node issuer.mjs ISSUER AUDIENCE PORT FOLDER
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { SignJWT, exportJWK, generateKeyPair } from "jose";

const [issuer, audience, port, folder] = process.argv.slice(2);
const USERS = 64;

const keys = [];
for (const alg of ["RS256", "ES256", "EdDSA"]) {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  keys.push({ ...(await exportJWK(publicKey)), kid: alg, alg, use: "sig" });
  const sign = (_, user) =>
    new SignJWT({ role: "authenticated" })
      .setProtectedHeader({ alg, kid: alg, typ: "JWT" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(`user-${user}`)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(privateKey);
  const tokens = await Promise.all(Array.from({ length: USERS }, sign));
  writeFileSync(join(folder, `${alg}.txt`), tokens.join("\n"));
}

const body = JSON.stringify({ keys });
createServer((_, response) => {
  response.setHeader("content-type", "application/json");
  response.end(body);
}).listen(Number(port), "127.0.0.1");
