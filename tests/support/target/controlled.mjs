// The built Worker, unchanged, with what a test controls: the clock, the time limits, and the Secrets Store.
//
// The clock stands still until the test moves it. Timers of a second or more are the Worker's time limits; they end
// when the test says so, and never because the machine is slow. Each one polls inside the request that started it,
// because workerd does not let one request resume another.
//
// POST to /__controls takes what the test decides (`Settings` in controls.rs), and returns what happened so far.

import worker from "./worker.js";

const POLL_MILLISECONDS = 20;
const SHORTEST_LIMIT_MILLISECONDS = 1000;
/** Shorter timers are pauses between attempts. They take longer, so that the attempts outlast a slow machine. */
const PAUSE_FACTOR = 20;

let settings = { now: 0, waited: 0, delay: 0, held: [], errors: {} };
const seen = { requests: 0, reads: {} };

const [startTimer, stopTimer] = [setTimeout, clearTimeout];
const sleep = (milliseconds) => new Promise((resolve) => startTimer(resolve, milliseconds));

Date.now = () => settings.now;

globalThis.setTimeout = (callback, milliseconds = 0, ...args) => {
  if (milliseconds < SHORTEST_LIMIT_MILLISECONDS) {
    return startTimer(callback, milliseconds * PAUSE_FACTOR, ...args);
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
      return Response.json(seen);
    }
    seen.requests += 1;
    return worker.fetch(request, { ...env, ...controlledSecrets(env) }, context);
  },
};

/** The bindings to secrets in the Secrets Store, each of which the test can hold back or let fail. */
function controlledSecrets(env) {
  const stored = Object.entries(env).filter(([, binding]) => typeof binding?.get === "function");
  return Object.fromEntries(stored.map(([name, binding]) => [name, { get: () => read(name, binding) }]));
}

async function read(name, binding) {
  const reads = (seen.reads[name] ??= { begun: 0, ended: 0 });
  reads.begun += 1;
  try {
    if (settings.delay > 0) await sleep(settings.delay);
    while (settings.held.includes(name)) await sleep(POLL_MILLISECONDS);
    if (settings.errors[name] !== undefined) throw new Error(settings.errors[name]);
    return await binding.get();
  } finally {
    reads.ended += 1;
  }
}
