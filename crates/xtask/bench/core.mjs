// Measures Agora's npm packages with the same channel, user, role and TTL as tests/token/benches/mint. The packages
// choose a different salt for each token. For each kind of token, prints a line with the name, a tab, and the nanoseconds
// per token.
import accessToken from "agora-access-token";
import token from "agora-token";

const ROUNDS = 201;
const SLICE_MS = 0.2;
const WARM_UP_MS = 400;

const APP_ID = "970CA35de60c44645bbae8a215061b33";
const CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b";
const CHANNEL = "7d72365eb983485397e3e3f9d460bdda";
const UID = 2882341273;
const TTL = 3600;

const subjects = [
  ["006 RTC", () => {
    const end = Math.floor(Date.now() / 1000) + TTL;
    const { RtcTokenBuilder, RtcRole } = accessToken;
    return RtcTokenBuilder.buildTokenWithUid(APP_ID, CERTIFICATE, CHANNEL, UID, RtcRole.PUBLISHER, end);
  }],
  ["007 RTC", () => {
    const { RtcTokenBuilder, RtcRole } = token;
    return RtcTokenBuilder.buildTokenWithUid(
      APP_ID, CERTIFICATE, CHANNEL, UID, RtcRole.PUBLISHER, TTL, TTL,
    );
  }],
  ["007 RTC and RTM", () => {
    const { RtcTokenBuilder, RtcRole } = token;
    return RtcTokenBuilder.buildTokenWithRtm(
      APP_ID, CERTIFICATE, CHANNEL, String(UID), RtcRole.PUBLISHER, TTL, TTL,
    );
  }],
];

let length = 0;

function run(work, count) {
  const start = performance.now();
  for (let i = 0; i < count; i += 1) length += work().length;
  return (performance.now() - start) / count;
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const measured = subjects.map(([name, work]) => {
  if (!work().startsWith(name.slice(0, 3))) throw new Error(`expected a token of the format ${name.slice(0, 3)}`);
  const start = performance.now();
  while (performance.now() - start < WARM_UP_MS) run(work, 100);
  const each = median(Array.from({ length: 20 }, () => run(work, 10)));
  return { name, work, count: Math.max(1, Math.floor(SLICE_MS / each)), times: [] };
});
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { work, count, times } of measured) times.push(run(work, count));
}
for (const { name, times } of measured) console.log(`${name}\t${(median(times) * 1e6).toFixed(1)}`);
if (length === 0) process.exitCode = 1;
