// Do custom resources fit their schemas? Reads a JSON array of resources; prints one line of JSON for each:
// {"kind", "name", "problems"}, where the problems are sentences, or null where no package has the schema.
import { readFileSync } from "node:fs";

const PACKAGES = {
  "cert-manager.io": "cert-manager",
  "external-secrets.io": "external-secrets",
  "keda.sh": "keda",
  "monitoring.coreos.com": "prometheus-operator",
};

// The validators let unknown fields pass, as an API server would, which then forgets them. But they read every
// field that the schema has: what is never read is unknown.
function watched(value, path, unread) {
  if (value === null || typeof value !== "object") return value;
  for (const key of Object.keys(value)) unread.add(`${path}/${key}`);
  const children = {};
  return new Proxy(value, {
    get(target, key) {
      if (typeof key !== "string" || !Object.hasOwn(target, key) || key === "length") return Reflect.get(target, key);
      unread.delete(`${path}/${key}`);
      return (children[key] ??= watched(target[key], `${path}/${key}`, unread));
    },
  });
}

async function problemsOf(resource) {
  const [group, version] = resource.apiVersion.split("/");
  const name = PACKAGES[group];
  if (name === undefined) return null;
  const models = await import(`@kubernetes-models/${name}/${group}/${version}/${resource.kind}`);
  const Model = models[resource.kind] ?? models.default[resource.kind];
  const unread = new Set();
  try {
    // Assigned, since the constructor would read everything itself to copy it.
    Object.assign(new Model({}), watched(resource, "", unread)).validate();
  } catch (error) {
    return [error.message];
  }
  return [...unread].map((path) => `${path} is no field of the schema`);
}

for (const resource of JSON.parse(readFileSync(0, "utf8"))) {
  const problems = await problemsOf(resource);
  console.log(JSON.stringify({ kind: resource.kind, name: resource.metadata.name, problems }));
}
