// Letters that come in: told to a hook, blocked by a rule, let through, told again.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import nodemailer from "nodemailer";
import { client, inboundHost, own, until } from "./harness.mjs";

// an application that takes letters, once it is willing to
async function application() {
  const app = { told: [], says: 200 };
  const server = http.createServer(async (request, answer) => {
    let body = "";
    for await (const part of request) body += part;
    app.told.push(JSON.parse(body));
    answer.writeHead(app.says).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  app.url = `http://127.0.0.1:${server.address().port}/inbound`;
  app.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return app;
}

function write(to, more) {
  const [host, port] = inboundHost.split(":");
  const letter = { from: "Ann <ann@sender.example>", to, subject: "Hi", text: "Hello", html: "<p>Hello</p>", ...more };
  return nodemailer.createTransport({ host, port: Number(port), ignoreTLS: true }).sendMail(letter);
}

const arrived = (mine, filter) =>
  until(`a letter that is ${filter.status}`, async () => (await mine.getInboundMessages(filter)).InboundMessages[0]);

export default {
  async "a letter is told, found and read"() {
    const app = await application();
    const { client: mine, server } = await own({ InboundHookUrl: app.url });
    try {
      const [local, domain] = server.InboundAddress.split("@");
      const to = `Support <${local}+t77@${domain}>`;
      await write(to, { attachments: [{ filename: "a.txt", content: "hello", contentType: "text/plain" }] });
      const letter = await arrived(mine, { status: "processed", mailbox_hash: "t77", subject: "hi" });
      assert.deepEqual(
        [letter.From, letter.FromName, letter.MailboxHash, letter.ToFull, letter.Attachments],
        [
          "ann@sender.example",
          "Ann",
          "t77",
          [{ Email: `${local}+t77@${domain}`, Name: "Support", MailboxHash: "t77" }],
          [{ Name: "a.txt", ContentID: "", ContentType: "text/plain", ContentLength: 5 }],
        ],
      );
      const details = await mine.getInboundMessageDetails(letter.MessageID);
      assert.deepEqual([details.TextBody.trim(), details.HtmlBody.trim(), details.BlockedReason], ["Hello", "<p>Hello</p>", null]);
      assert.ok(details.Headers.some((each) => each.Name === "Message-ID"));
      assert.deepEqual(app.told.map((each) => each.MessageID), [letter.MessageID]);
      await assert.rejects(mine.bypassBlockedInboundMessage(letter.MessageID), /not found|not blocked/);
    } finally {
      app.close();
    }
  },

  async "a rule blocks a letter, which is let through all the same"() {
    const app = await application();
    const { client: mine, server } = await own({ InboundHookUrl: app.url });
    try {
      const rule = await mine.createInboundRuleTrigger({ Rule: "sender.example" });
      await write(server.InboundAddress);
      const letter = await arrived(mine, { status: "blocked" });
      assert.ok((await mine.getInboundMessageDetails(letter.MessageID)).BlockedReason);
      assert.deepEqual(app.told, []);

      const said = await mine.bypassBlockedInboundMessage(letter.MessageID);
      assert.deepEqual([said.ErrorCode, said.Message], [0, `Successfully bypassed message: ${letter.MessageID}.`]);
      await arrived(mine, { status: "processed" });
      assert.deepEqual(app.told.map((each) => each.MessageID), [letter.MessageID]);
      assert.equal((await mine.deleteInboundRuleTrigger(rule.ID)).ErrorCode, 0);
    } finally {
      app.close();
    }
  },

  async "a letter that the application refused is told again"() {
    const app = await application();
    app.says = 403;
    const { client: mine, server } = await own({ InboundHookUrl: app.url });
    try {
      await write(server.InboundAddress);
      const letter = await arrived(mine, { status: "failed" });
      app.says = 200;
      const said = await mine.retryInboundHookForMessage(letter.MessageID);
      assert.deepEqual([said.ErrorCode, said.Message], [0, `Successfully rescheduled failed message: ${letter.MessageID}.`]);
      await arrived(mine, { status: "processed" });
      assert.deepEqual(app.told.map((each) => each.MessageID), [letter.MessageID, letter.MessageID]);
    } finally {
      app.close();
    }
  },

  async "letters that are not there"() {
    const recipient = `${randomUUID()}@example.net`;
    assert.deepEqual((await client.getInboundMessages({ recipient })).InboundMessages, []);
    for (const ask of ["getInboundMessageDetails", "bypassBlockedInboundMessage", "retryInboundHookForMessage"])
      await assert.rejects(client[ask](randomUUID()), /not found/);
  },

  async "a rule is made, listed and removed"() {
    const Rule = `node-js-${randomUUID()}-v20.19.0.com`;
    const made = await client.createInboundRuleTrigger({ Rule });
    assert.equal(made.Rule, Rule);
    assert.ok((await client.getInboundRuleTriggers()).InboundRules.some((each) => each.ID === made.ID));
    assert.equal((await client.deleteInboundRuleTrigger(made.ID)).ErrorCode, 0);
  },
};
