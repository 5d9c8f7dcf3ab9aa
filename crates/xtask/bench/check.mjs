// Whether Workers give callers with a JWT a token, and others none. Hallpass, the first one, reads all tokens.
//
//     node check.mjs FOLDER PORT…
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, ...ports] = process.argv.slice(2);

const post = (port, path, jwt, body) =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${jwt}` },
    body: JSON.stringify(body),
  });

for (const algorithm of ["RS256", "ES256", "EdDSA"]) {
  const [jwt, other] = readFileSync(join(folder, `${algorithm}.txt`), "utf8").split("\n");
  const signatureOfOther = `${jwt.slice(0, jwt.lastIndexOf("."))}${other.slice(other.lastIndexOf("."))}`;
  for (const port of ports) {
    const mint = (jwt) => post(port, "/v1/token", jwt, { rtc: { channel: "demo" } });
    const minted = await mint(jwt);
    assert.equal(minted.status, 200, `${algorithm} at port ${port}`);
    const { token } = await minted.json();
    const read = await (await post(ports[0], "/v1/inspect", jwt, { token, expect: { channel: "demo" } })).json();
    assert.equal(read.format, "007");
    assert.equal(read.usable, true);
    for (const wrong of ["", signatureOfOther]) {
      assert.equal((await mint(wrong)).status, 401, `${algorithm} at port ${port}`);
    }
  }
}
