// Serves the built Worker in Miniflare, as `wrangler dev` does, with the simulation of a rate limiter.
// Arguments: port, folder of the Worker, bindings as JSON, requests a minute.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";

const [port, folder, bindings, limit] = process.argv.slice(2);
const only = (extension) => readdirSync(folder).find((name) => name.endsWith(extension));

const miniflare = new Miniflare({
  port: Number(port),
  host: "127.0.0.1",
  modulesRoot: folder,
  modules: [
    { type: "ESModule", path: join(folder, only(".js")) },
    { type: "CompiledWasm", path: join(folder, only(".wasm")) },
  ],
  compatibilityDate: "2026-04-01",
  bindings: JSON.parse(bindings),
  ratelimits: { RATE_LIMIT: { simple: { limit: Number(limit), period: 60 } } },
});
await miniflare.ready;
