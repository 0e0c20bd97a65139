// What every file of cases needs: both clients of a running server, whose answered calls are noted, and helpers.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as postmark from "postmark";

const [requestHost, token, accountToken, inboundHost] = process.argv.slice(2);
export const options = { requestHost, useHttps: false };
export { inboundHost, postmark, token };
export const { Errors } = postmark;
export const mail = { From: "Ann <ann@example.org>", To: "bob@example.net", Subject: "s", TextBody: "t" };

// what the classes have for themselves: TypeScript calls it private or protected, JavaScript does not
const OWN = new Set([
  "constructor", "processRequest", "processHttpRequest", "processCallbackRequest", "processRequestWithBody",
  "processRequestWithoutBody", "getComposedHttpRequestHeaders", "verifyToken", "setDefaultPaginationValues",
]);
const PARENT = Object.getPrototypeOf(postmark.ServerClient.prototype);
const answered = new Set();

function methods(type) {
  const names = [type.prototype, PARENT].flatMap((each) => Object.getOwnPropertyNames(each));
  return [...new Set(names)].filter((name) => !OWN.has(name));
}

// a call that is refused is none: the method has to work at least once
function note(type) {
  for (const name of methods(type)) {
    const method = type.prototype[name];
    type.prototype[name] = function (...given) {
      const answer = method.apply(this, given);
      Promise.resolve(answer).then(() => answered.add(`${type.name}.${name}`), () => {});
      return answer;
    };
  }
}

const TYPES = [postmark.ServerClient, postmark.AccountClient];
TYPES.forEach(note);
const all = TYPES.flatMap((type) => methods(type).map((name) => `${type.name}.${name}`));
export const left = () => all.filter((each) => !answered.has(each));

export const client = new postmark.ServerClient(token, options);
export const account = new postmark.AccountClient(accountToken, options);

export async function until(what, ask) {
  for (const ends = Date.now() + 30_000; Date.now() < ends; await sleep(30)) {
    const found = await ask();
    if (found) return found;
  }
  assert.fail(`in vain: ${what}`);
}

export const settled = (id, from = client) =>
  until("it is sent", async () => {
    const details = await from.getOutboundMessageDetails(id);
    return details.Status === "Sent" && details;
  });

export function refused(call, code, text = /./) {
  return assert.rejects(call, (error) => {
    assert.ok(error instanceof Errors.ApiInputError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });
}

// a server that no other case looks at, and a client of it
export async function own(more = {}) {
  const server = await account.createServer({ Name: `js-${randomUUID()}`, ...more });
  return { server, client: new postmark.ServerClient(server.ApiTokens[0], options) };
}
