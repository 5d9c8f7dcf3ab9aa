// Wraps the built Worker, so that a test controls its clock, its time limits, and its Secrets Store.
//
// The clock is stopped until the test advances it. Timers of a second or more are the Worker's time limits. The time
// limits expire only when the test advances them, so the speed of the machine has no effect. Each timer polls in the
// request that started the timer, because in workerd, one request cannot resume another request.
//
// Requests of the Worker to `https` URLs are sent to the address REDIRECT, if the address is set. The path of such a
// request contains the URL.
//
// POST /__controls sets the controls (`Settings` in controls.rs), and returns the counters.

import worker from "./worker.js";

const POLL_MILLISECONDS = 20;
const SHORTEST_LIMIT_MILLISECONDS = 1000;
/** The factor for shorter timers, which are delays between attempts. The factor extends the attempts on a slow machine. */
const DELAY_FACTOR = 20;

let settings = { now: 0, waited: 0, delay: 0, held: [], errors: {} };
const counters = { requests: 0, reads: {} };

/** The address, which worker.rs inserts. */
const REDIRECT = "$REDIRECT";

const [startTimer, stopTimer] = [setTimeout, clearTimeout];
const sleep = (milliseconds) => new Promise((resolve) => startTimer(resolve, milliseconds));

Date.now = () => settings.now;

globalThis.setTimeout = (callback, milliseconds = 0, ...args) => {
  if (milliseconds < SHORTEST_LIMIT_MILLISECONDS) {
    return startTimer(callback, milliseconds * DELAY_FACTOR, ...args);
  }
  const limit = { isCleared: false };
  const end = settings.waited + milliseconds;
  const poll = () => {
    if (limit.isCleared) return;
    if (settings.waited >= end) callback(...args);
    else startTimer(poll, POLL_MILLISECONDS);
  };
  poll();
  return limit;
};

globalThis.clearTimeout = (timer) => {
  if (typeof timer === "object") timer.isCleared = true;
  else stopTimer(timer);
};

const fetchUnchanged = globalThis.fetch;
globalThis.fetch = (url, options) =>
  fetchUnchanged(REDIRECT !== "" && url.startsWith("https://") ? `http://${REDIRECT}/${url}` : url, options);

AbortSignal.timeout = (milliseconds) => {
  const controller = new AbortController();
  const abort = () => controller.abort(new DOMException("The time limit has passed.", "TimeoutError"));
  setTimeout(abort, milliseconds);
  return controller.signal;
};

export default {
  async fetch(request, env, context) {
    if (request.url.endsWith("/__controls")) {
      settings = await request.json();
      return Response.json(counters);
    }
    counters.requests += 1;
    return worker.fetch(request, { ...env, ...controlledSecrets(env) }, context);
  },
};

/** Wraps the bindings of the Secrets Store, so that a test can hold or fail reads. */
function controlledSecrets(env) {
  const stored = Object.entries(env).filter(([, binding]) => typeof binding?.get === "function");
  return Object.fromEntries(stored.map(([name, binding]) => [name, { get: () => read(name, binding) }]));
}

async function read(name, binding) {
  const reads = (counters.reads[name] ??= { started: 0, completed: 0 });
  reads.started += 1;
  try {
    if (settings.delay > 0) await sleep(settings.delay);
    while (settings.held.includes(name)) await sleep(POLL_MILLISECONDS);
    if (settings.errors[name] !== undefined) throw new Error(settings.errors[name]);
    return await binding.get();
  } finally {
    reads.completed += 1;
  }
}
