// Checks that Workers return a token to callers with a valid JWT, and reject other callers. The first Worker is Hallpass,
// which inspects the tokens of all Workers.
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
  const withWrongSignature = `${jwt.slice(0, jwt.lastIndexOf("."))}${other.slice(other.lastIndexOf("."))}`;
  for (const port of ports) {
    const mint = (jwt) => post(port, "/v1/token", jwt, { rtc: { channel: "demo" } });
    const response = await mint(jwt);
    assert.equal(response.status, 200, `${algorithm} at port ${port}`);
    const { token } = await response.json();
    const inspected = await post(ports[0], "/v1/inspect", jwt, { token, expect: { channel: "demo" } });
    const { format, usable } = await inspected.json();
    assert.equal(format, "007");
    assert.equal(usable, true);
    for (const invalid of ["", withWrongSignature]) {
      assert.equal((await mint(invalid)).status, 401, `${algorithm} at port ${port}`);
    }
  }
}
