// What the AWS SDK for JavaScript gets of the service, as JSON: `node sdk.mjs PACKAGES GATE`.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, gate] = process.argv.slice(2);
const require = createRequire(packages + "/");
const { LambdaClient, InvokeCommand, InvokeWithResponseStreamCommand } = require("@aws-sdk/client-lambda");
const logs = require("@aws-sdk/client-cloudwatch-logs");

const lambda = new LambdaClient({ maxAttempts: 1 });
const watch = new logs.CloudWatchLogsClient({ maxAttempts: 1 });
const GROUP = "/aws/lambda/hello";

async function invoke(event, more = {}) {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: "hello", Payload: JSON.stringify(event), ...more }),
  );
  const text = answer.Payload?.transformToString();
  return {
    status: answer.StatusCode,
    error: answer.FunctionError,
    version: answer.ExecutedVersion,
    payload: text && JSON.parse(text),
    log: answer.LogResult && Buffer.from(answer.LogResult, "base64").toString().split("\n"),
  };
}

async function stream(event, seen) {
  const answer = await lambda.send(
    new InvokeWithResponseStreamCommand({ FunctionName: "pieces", Payload: JSON.stringify(event), LogType: "Tail" }),
  );
  const pieces = [];
  let complete;
  for await (const { PayloadChunk, InvokeComplete } of answer.EventStream) {
    if (PayloadChunk) pieces.push(new TextDecoder().decode(PayloadChunk.Payload));
    if (InvokeComplete) complete = InvokeComplete;
    if (pieces.length === 1) seen();
  }
  return { pieces: pieces.join("|"), error: complete.ErrorCode, details: complete.ErrorDetails, log: complete.LogResult };
}

async function follow(text, from) {
  for (;;) {
    const { events } = await watch.send(
      new logs.FilterLogEventsCommand({ logGroupName: GROUP, startTime: from, filterPattern: JSON.stringify(text) }),
    );
    if (events.length > 0) return events[0];
  }
}

async function read(logStreamName) {
  const { events } = await watch.send(
    new logs.GetLogEventsCommand({ logGroupName: GROUP, logStreamName, startFromHead: true }),
  );
  return events.map((event) => event.message);
}

const context = Buffer.from(JSON.stringify({ custom: { a: 1 } })).toString("base64");
const told = {
  invoke: await invoke({ who: "js" }, { LogType: "Tail", ClientContext: context }),
  raised: await invoke({ who: "js", raise: true }),
  missing: await invoke({}, { FunctionName: "other" }).catch((error) => [error.name, error.$metadata.httpStatusCode]),
  stream: await stream({ who: "js", gate }, () => writeFileSync(gate, "")),
  broken: await stream({ who: "js", raise: true }, () => {}),
};
const following = follow("js-event", Date.now() - 1000);
told.event = await invoke({ who: "js-event" }, { InvocationType: "Event" });
const found = await following;
told.followed = found.message;
told.read = await read(found.logStreamName);
console.log(JSON.stringify(told));
