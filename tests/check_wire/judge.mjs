// Judges recorded requests by OpenAPI documents that other people wrote.
// Reads one JSON object on stdin, writes one on stdout: {"<name>": {"problems": [...], "operations": [...]}}.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { parse as parseYaml } from "yaml";

// OpenAPI 3.0 is not JSON Schema. `nullable` is the trap: without a `type` beside it most checkers drop the
// whole schema silently, so that any body passes.
function repaired(node) {
  if (Array.isArray(node)) return node.map(repaired);
  if (node === null || typeof node !== "object") return node;
  const { nullable, exclusiveMinimum, exclusiveMaximum, ...rest } = node;
  const schema = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, repaired(value)]));
  if (exclusiveMinimum !== undefined) bound(schema, "minimum", "exclusiveMinimum", exclusiveMinimum);
  if (exclusiveMaximum !== undefined) bound(schema, "maximum", "exclusiveMaximum", exclusiveMaximum);
  if (nullable !== true) return typeof nullable === "object" ? { ...schema, nullable: repaired(nullable) } : schema;
  return { anyOf: [schema, { type: "null" }] };
}

function bound(schema, plain, exclusive, value) {
  if (typeof value !== "boolean") schema[exclusive] = repaired(value);
  else if (value) {
    schema[exclusive] = schema[plain];
    delete schema[plain];
  }
}

class Description {
  constructor(file) {
    const text = readFileSync(file, "utf8");
    this.document = /\.ya?ml$/.test(file) ? parseYaml(text) : JSON.parse(text);
    this.components = { schemas: repaired(this.document.components.schemas ?? {}) };
    this.routes = Object.keys(this.document.paths).map((template) => ({
      template,
      names: [...template.matchAll(/\{([^}]+)\}/g)].map((found) => found[1]),
      // The recorded path is decoded already, so a label may hold anything but a slash.
      pattern: new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "([^/]+)")}$`),
    }));
    this.routes.sort((one, other) => one.names.length - other.names.length);
    this.validators = new Map();
  }

  resolved(node) {
    if (!node?.$ref) return node;
    return node.$ref.slice(2).split("/").reduce((at, key) => at[key.replace(/~1/g, "/").replace(/~0/g, "~")], this.document);
  }

  operation(call) {
    for (const route of this.routes) {
      const found = route.pattern.exec(call.path);
      const operation = found && this.document.paths[route.template][call.method.toLowerCase()];
      if (operation) {
        const values = Object.fromEntries(route.names.map((name, index) => [name, found[index + 1]]));
        return { operation, route, values, shared: this.document.paths[route.template].parameters ?? [] };
      }
    }
    return null;
  }

  validator(key, schema, options) {
    if (!this.validators.has(key)) {
      const ajv = new Ajv({ strict: false, allErrors: true, ...options });
      addFormats(ajv);
      this.validators.set(key, ajv.compile({ ...schema, components: this.components }));
    }
    return this.validators.get(key);
  }

  judge(call) {
    const found = this.operation(call);
    if (!found) return { problems: [`no such operation: ${call.method} ${call.path}`] };
    const name = `${call.method} ${found.route.template}`;
    const problems = [...this.judgeParameters(call, name, found), ...this.judgeBody(call, name, found.operation)];
    return { operation: name, problems: problems.map((problem) => `${name}: ${problem}`) };
  }

  judgeParameters(call, name, { operation, values, shared }) {
    const described = [...shared, ...(operation.parameters ?? [])].map((one) => this.resolved(one));
    const query = new URLSearchParams(call.query);
    const known = new Set(described.filter((one) => one.in === "query").map((one) => one.name));
    const problems = [...query.keys()].filter((key) => !known.has(key)).map((key) => `unknown query parameter ${key}`);
    for (const one of described) {
      const given = one.in === "path" ? values[one.name] : one.in === "query" ? query.get(one.name) : undefined;
      if (one.in === "query" && one.required && given === null) problems.push(`query parameter ${one.name} is missing`);
      if (given === undefined || given === null || !one.schema) continue;
      const schema = { type: "object", properties: { value: repaired(one.schema) } };
      const valid = this.validator(`${name} ${one.in} ${one.name}`, schema, { coerceTypes: true });
      if (!valid({ value: given })) problems.push(`${one.in} parameter ${one.name}: ${said(valid.errors)}`);
    }
    return problems;
  }

  judgeBody(call, name, operation) {
    const described = this.resolved(operation.requestBody);
    if (!call.body) return described?.required ? ["the body is missing"] : [];
    if (!described) return ["has a body, and none is described"];
    const type = call.contentType.split(";")[0];
    const content = described.content[type];
    if (!content) return [`content type ${type || "missing"} instead of ${Object.keys(described.content).join(", ")}`];
    const valid = this.validator(`${name} body`, closed(repaired(content.schema)), {});
    return valid(JSON.parse(call.body)) ? [] : [said(valid.errors)];
  }
}

// Descriptions leave objects open; a misspelt key would pass.
function closed(schema) {
  if (!schema.properties || schema.additionalProperties !== undefined) return schema;
  return { ...schema, additionalProperties: false };
}

// Never the values: they may be secrets.
function said(errors) {
  return errors.map((one) => `${one.instancePath || "it"} ${one.message}${extra(one)}`).join("; ");
}

function extra({ params }) {
  const more = params.additionalProperty ?? params.allowedValues;
  return more === undefined ? "" : ` (${more})`;
}

function judgeCalls({ file, calls, must_fail: mustFail }) {
  const description = new Description(file);
  const verdicts = calls.map((call) => description.judge(call));
  const blind = mustFail.filter((call) => description.judge(call).problems.length === 0);
  return {
    operations: [...new Set(verdicts.map((one) => one.operation).filter(Boolean))].sort(),
    problems: [
      ...new Set(verdicts.flatMap((one) => one.problems)),
      ...blind.map((call) => `the checker is blind: it lets ${call.method} ${call.path} ${call.body} pass`),
    ],
  };
}

const asked = JSON.parse(readFileSync(0, "utf8"));
const answers = Object.entries(asked).map(([name, task]) => [name, judgeCalls(task)]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
