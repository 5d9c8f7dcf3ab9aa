// A Lambda function in JavaScript that reads its secrets with AWS's SDK, and mints tokens with Agora's npm package. The
// function implements the Lambda runtime itself, because the installation of AWS's runtime requires a compiler. AWS's
// runtime does not start faster.
import { Agent, request } from "node:http";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import agora from "agora-token";

const { RtcTokenBuilder, RtcRole } = agora;
const TTL_SECONDS = 3600;

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

main();

async function main() {
  const { AGORA_APP_CERTIFICATE } = await secrets(process.env.HALLPASS_SECRET_ID);
  for (;;) {
    const next = await call("GET", "next");
    const response = mint(AGORA_APP_CERTIFICATE, JSON.parse(next.body));
    await call("POST", `${next.headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(response));
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
    process.env.AGORA_APP_ID, certificate, channel, uid, RtcRole.PUBLISHER, TTL_SECONDS, TTL_SECONDS,
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
    const outgoing = request(options, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
