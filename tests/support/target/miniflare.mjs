// Serves the built Worker in Miniflare, like `wrangler dev`. Unlike workerd, Miniflare has a rate limiter and a Secrets Store.
//
// Arguments: port, port for changes of the Secrets Store, folder of the Worker, options of Miniflare as JSON.
//
// To change secrets, send a POST with JSON: values by binding. The value null deletes a secret.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Miniflare } from "miniflare";

const [port, secretsPort, folder] = process.argv.slice(2);
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

createServer(async (request, response) => {
  try {
    let body = "";
    for await (const chunk of request) body += chunk;
    for (const [binding, value] of Object.entries(JSON.parse(body))) await store(binding, value);
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(Number(secretsPort), "127.0.0.1");
