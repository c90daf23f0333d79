// The suite's function in JavaScript; its twins are app.py and bootstrap.c. What it does is said by the event.

import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const atStart = process.env.AT_START;
if (atStart === "raise") throw new Error("not today");
if (atStart === "exit") process.exit(4);

let count = 0;

class AsAskedError extends Error {
  name = "AsAskedError";
}

export const handler = async (event, context) => {
  count += 1;
  if (event.do === "raise") throw new AsAskedError("as asked");
  if (event.do === "exit") {
    process.stdout.write("last words\n");
    process.reallyExit(7);
  }
  if (event.do === "kill") process.kill(process.pid, "SIGKILL");
  if (event.do === "wait" || event.do === "kill") await setTimeout(60_000);
  if (event.do === "log") {
    process.stdout.write("to stdout\n");
    process.stderr.write("to stderr\n");
  }
  if (event.do === "take") return event.text.length;
  if (event.do === "give") return "x".repeat(event.size);
  const client = context.clientContext;
  return {
    count,
    pid: process.pid,
    id: context.awsRequestId,
    arn: context.invokedFunctionArn,
    left: context.getRemainingTimeInMillis(),
    client: client ? { custom: client.custom } : null,
    trace: process.env._X_AMZN_TRACE_ID,
    name: process.env.AWS_LAMBDA_FUNCTION_NAME,
    event,
  };
};

export const stream = awslambda.streamifyResponse(async (event, response) => {
  response.write("piece 0;");
  while (!existsSync("gate")) await setTimeout(5);
  if (event.do === "raise") throw new AsAskedError("as asked");
  response.write("piece 1;");
  response.write(JSON.stringify(event));
  response.end();
  await response.finished();
});
