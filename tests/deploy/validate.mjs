// Reads a JSON list of manifests; prints a JSON list of messages, null where the schema is met.
import { readFileSync } from "node:fs";

const found = [];
for (const manifest of JSON.parse(readFileSync(0, "utf8"))) {
  const models = await import(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`);
  try {
    new models[manifest.kind](manifest).validate();
    found.push(null);
  } catch (error) {
    found.push(String(error.message));
  }
}
console.log(JSON.stringify(found));
