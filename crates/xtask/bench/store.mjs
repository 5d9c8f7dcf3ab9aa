// A server with the API of Secrets Manager that responds without delay. The server returns the same secret for every request,
// and does not check requests.
//
//     SECRET={…} node store.mjs PORT FOLDER_OF_CERTIFICATE
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

const [port, folder] = process.argv.slice(2);
const secret = JSON.stringify({
  ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:hallpass-a1b2c3",
  Name: "hallpass",
  VersionId: "00000000-0000-0000-0000-000000000000",
  SecretString: process.env.SECRET,
  VersionStages: ["AWSCURRENT"],
  CreatedDate: 1795000000,
});
const identity = { key: readFileSync(join(folder, "server.key")), cert: readFileSync(join(folder, "server.pem")) };

createServer(identity, (request, response) => {
  request.resume();
  request.on("end", () => {
    response.setHeader("content-type", "application/x-amz-json-1.1");
    response.end(secret);
  });
}).listen(port, "127.0.0.1");
