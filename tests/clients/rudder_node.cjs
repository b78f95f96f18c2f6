// Tells a story through @rudderstack/rudder-sdk-node, unchanged. Reads {address, key, path, gzip, calls} from standard input.
const { readFileSync } = require("node:fs");
const Analytics = require("@rudderstack/rudder-sdk-node");

const revive = (name, value) => (name === "timestamp" ? new Date(value) : value);
const told = JSON.parse(readFileSync(0, "utf8"), revive);
const failures = [];
const analytics = new Analytics(told.key, {
  dataPlaneUrl: told.address,
  path: told.path,
  gzip: told.gzip,
  logLevel: "none",
  errorHandler: (error) => failures.push(String(error.message)),
});
for (const [name, message] of told.calls) analytics[name](message);

(async () => {
  while (analytics.queue.length) await analytics.flush();
  await analytics.flush();
  console.log(JSON.stringify({ failures }));
})();
