// Runs clients of Agora's SDKs in Chromium against deployments, and verifies the tokens that the clients join with.
// Input: a JSON object (`Input` in support/browser.rs). Output: a line for each scenario, with its duration.

import { execFileSync } from "node:child_process";
import { deepStrictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { quickstarts } from "./quickstarts.mjs";
import { toolbox } from "./toolbox.mjs";
import { uikit } from "./uikit.mjs";
import { Visit } from "./visit.mjs";

const CHROMIUM_OPTIONS = [
  "--no-sandbox",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // Requests to Agora fail immediately, on machines with and without Internet access.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];
const HTML = '<!doctype html><div id="root" style="height: 400px"></div><script src="/main.js"></script>';

const input = JSON.parse(readFileSync(0, "utf8"));
const all = [...uikit, ...quickstarts, ...toolbox];
const scenarios = all.filter(({ name }) => name.includes(input.selection));
if (scenarios.length === 0) throw new Error(`no scenario contains ${input.selection}`);

const server = await servePage(await bundle());
const browser = await launch();
const failures = [];
const tokens = [];
try {
  for (const scenario of scenarios) await run(scenario);
} finally {
  await browser.close();
  server.close();
}
verify();
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;

async function run({ name, deployment, run: body }) {
  const started = performance.now();
  const page = await browser.newPage();
  const visit = new Visit(page, input.deployments[deployment], input);
  try {
    await visit.open();
    await body(visit);
    tokens.push(...visit.tokens.map((token) => ({ ...token, id: name })));
  } catch (error) {
    failures.push(`${name}: ${error.stack}\n${visit.describe()}`);
  } finally {
    await page.close();
  }
  console.log(`${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

/** Decodes the tokens with Agora's npm packages, and adds a failure for each token with unexpected content. */
function verify() {
  const lines = tokens.map(({ id, token, services }) => {
    return JSON.stringify({ id, token, project: input.app_id, secret: input.certificate, services });
  });
  const script = fileURLToPath(new URL("../interop/decode.mjs", import.meta.url));
  const decoded = execFileSync("node", [script], { input: `${lines.join("\n")}\n`, encoding: "utf8" });
  const results = decoded.split("\n").filter((line) => line !== "");
  deepStrictEqual(results.length, tokens.length);
  const byName = (a, b) => a.name.localeCompare(b.name);
  for (const [at, { id, format, services, expires_in }] of tokens.entries()) {
    const result = JSON.parse(results[at]);
    result.services.sort(byName);
    const expected = { id, format, valid: true, services: services.toSorted(byName), expires_in, issued_at: input.now };
    try {
      deepStrictEqual(result, expected);
    } catch (error) {
      failures.push(`${id}, token: ${error.message}`);
    }
  }
  console.log(`${tokens.length} tokens verified`);
}

/** Returns the page's JavaScript: the clients and Agora's SDKs. */
async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page/main.js", import.meta.url))],
    nodePaths: [`${input.packages}/node_modules`],
    define: { "process.env.NODE_ENV": '"production"' },
    bundle: true,
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].contents;
}

async function servePage(script) {
  const server = createServer((request, response) => {
    const isScript = request.url === "/main.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    // Chromium compiles a cached script only once. Otherwise, each page would take a second longer.
    response.setHeader("cache-control", "max-age=3600");
    response.end(isScript ? script : HTML);
  });
  server.listen(input.port, "127.0.0.1");
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return server;
}

function launch() {
  const { launch } = createRequire(`${input.packages}/package.json`)("puppeteer-core");
  return launch({
    executablePath: input.chromium,
    args: CHROMIUM_OPTIONS,
    // Chromium exits with this process, because the pipe then closes.
    pipe: true,
    timeout: input.deadline,
    protocolTimeout: input.deadline,
  });
}
