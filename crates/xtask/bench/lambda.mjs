// What people deploy today: a function in JavaScript that reads its secrets with AWS's SDK, and makes tokens with
// Agora's own npm package. It is its own runtime, since AWS's needs a compiler; that one starts no faster.
import { Agent, request } from "node:http";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import agora from "agora-token";

const { RtcTokenBuilder, RtcRole } = agora;
const LIFE_SECONDS = 3600;

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

main();

async function main() {
  const { AGORA_APP_CERTIFICATE } = await secrets(process.env.HALLPASS_SECRET_ID);
  for (;;) {
    const next = await call("GET", "next");
    const answer = mint(AGORA_APP_CERTIFICATE, JSON.parse(next.body));
    await call("POST", `${next.headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(answer));
  }
}

async function secrets(id) {
  const client = new SecretsManagerClient();
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
  return JSON.parse(SecretString);
}

function mint(certificate, event) {
  const { channel, uid } = JSON.parse(event.body).rtc;
  const token = RtcTokenBuilder.buildTokenWithUid(
    process.env.AGORA_APP_ID, certificate, channel, uid, RtcRole.PUBLISHER, LIFE_SECONDS, LIFE_SECONDS,
  );
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
    isBase64Encoded: false,
  };
}

function call(method, path, body) {
  const options = { agent, host, port, method, path: `/2018-06-01/runtime/invocation/${path}` };
  return new Promise((resolve, reject) => {
    const sent = request(options, async (response) => {
      const pieces = [];
      for await (const piece of response) pieces.push(piece);
      resolve({ headers: response.headers, body: Buffer.concat(pieces).toString() });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
