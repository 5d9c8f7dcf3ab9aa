// Serves the built Worker in Miniflare, as `wrangler dev` does, with what workerd alone does not have: a rate limiter
// and a Secrets Store.
// Arguments: port, port for the controls, folder of the Worker, options of Miniflare as JSON.
//
// The controls take POST with JSON: at /secrets the values by binding, null for one that is to go; at /worker what
// controlled.mjs knows.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Miniflare } from "miniflare";

const [port, controlPort, folder] = process.argv.slice(2);
const options = JSON.parse(process.argv[5]);
const only = (extension) => join(folder, readdirSync(folder).find((name) => name.endsWith(extension)));

const miniflare = new Miniflare({
  port: Number(port),
  host: "127.0.0.1",
  modulesRoot: folder,
  modules: [
    {
      type: "ESModule",
      path: join(folder, "controlled.mjs"),
      contents: readFileSync(new URL("controlled.mjs", import.meta.url)),
    },
    { type: "ESModule", path: join(folder, "worker.js"), contents: readFileSync(only(".js")) },
    { type: "CompiledWasm", path: only(".wasm") },
  ],
  compatibilityDate: "2026-04-01",
  ...options,
});
await miniflare.ready;

async function store(binding, value) {
  const secrets = (await miniflare.getSecretsStoreSecretAPI(binding))();
  const name = options.secretsStoreSecrets[binding].secret_name;
  const known = (await secrets.list()).find((secret) => secret.name === name);
  if (known === undefined) await secrets.create(value);
  else if (value === null) await secrets.delete(known.metadata.uuid);
  else await secrets.update(value, known.metadata.uuid);
}

async function control(path, told) {
  if (path === "/secrets") {
    for (const [binding, value] of Object.entries(told)) await store(binding, value);
  } else {
    await miniflare.dispatchFetch("http://worker/controls", { method: "POST", body: JSON.stringify(told) });
  }
}

createServer(async (request, response) => {
  try {
    let text = "";
    for await (const piece of request) text += piece;
    await control(request.url, JSON.parse(text));
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(Number(controlPort), "127.0.0.1");
