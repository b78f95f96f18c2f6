// Tells a story through @segment/analytics-node, unchanged. Reads {address, key, path, calls} from standard input.
import { readFileSync } from "node:fs";
import { Analytics } from "@segment/analytics-node";

const revive = (name, value) => (name === "timestamp" ? new Date(value) : value);
const told = JSON.parse(readFileSync(0, "utf8"), revive);
const analytics = new Analytics({ writeKey: told.key, host: told.address, path: told.path, maxRetries: 4 });
const failures = [];
analytics.on("error", (error) => failures.push(String(error.reason ?? error.message)));
for (const [name, message] of told.calls) analytics[name](message);
await analytics.closeAndFlush({ timeout: 60000 });
console.log(JSON.stringify({ failures }));
