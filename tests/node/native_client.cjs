// The native part of AWS's runtime client for Node.js, in JavaScript: `node --require` this before the client.
//
// The client asks its addon for three things: `next`, which is a promise, and `done` and `error`, which have been sent
// when they return, since the client may end the process right after. A worker thread sends those while this one waits.
"use strict";

const http = require("node:http");
const Module = require("node:module");
const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const RUNTIME = "/2018-06-01/runtime";

function call(agent, method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, agent, method, path: RUNTIME + path, headers }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(pieces).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function post() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  parentPort.on("message", ({ path, headers, body }) => {
    call(agent, "POST", path, headers, body).finally(() => {
      Atomics.store(workerData.sent, 0, 1);
      Atomics.notify(workerData.sent, 0);
    });
  });
}

function client() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const sent = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(__filename, { workerData: { sent } });
  worker.unref();
  const send = (path, body, headers = {}) => {
    Atomics.store(sent, 0, 0);
    worker.postMessage({ path, body, headers: { "Content-Type": "application/json", ...headers } });
    Atomics.wait(sent, 0, 0);
  };
  return {
    next: async () => {
      const { headers, body } = await call(agent, "GET", "/invocation/next", {});
      return { bodyJson: body, headers };
    },
    done: (id, body) => send(`/invocation/${id}/response`, body),
    error: (id, body, cause) =>
      send(`/invocation/${id}/error`, body, { "Lambda-Runtime-Function-XRay-Error-Cause": cause }),
  };
}

if (isMainThread) {
  const load = Module._load;
  let made;
  Module._load = (request, ...rest) =>
    request.endsWith("rapid-client.node") ? (made ??= client()) : load(request, ...rest);
} else if (workerData && workerData.sent) {
  post();
}
