// Says of each query whether it is SOQL by a grammar that nobody here wrote.
// Reads a JSON list on stdin, writes those that are none on stdout.
import { readFileSync } from "node:fs";
import { parseQuery } from "@jetstreamapp/soql-parser-js";

function isSoql(query) {
  try {
    parseQuery(query);
    return true;
  } catch {
    return false;
  }
}

const queries = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(queries.filter((query) => !isSoql(query))));
