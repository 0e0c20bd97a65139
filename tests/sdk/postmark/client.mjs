// Postmark's own JavaScript client against a running server: node client.mjs host:port token account-token
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as postmark from "postmark";

const [requestHost, token, accountToken] = process.argv.slice(2);
const options = { requestHost, useHttps: false };
const client = new postmark.ServerClient(token, options);
const account = new postmark.AccountClient(accountToken, options);
const mail = { From: "Ann <ann@example.org>", To: "bob@example.net", Subject: "s", TextBody: "t" };
const { Errors } = postmark;

async function settled(id) {
  for (;;) {
    const details = await client.getOutboundMessageDetails(id);
    if (details.Status === "Sent") return details;
    await sleep(20);
  }
}

const cases = {
  async "a mail with everything is sent and read back"() {
    const order = randomUUID();
    const sent = await client.sendEmail({
      ...mail,
      HtmlBody: "<p>Hello</p>",
      Tag: order,
      Metadata: { order },
      TrackLinks: postmark.Models.LinkTrackingOptions.HtmlAndText,
      Headers: [new postmark.Models.Header("X-Order", order)],
      Attachments: [new postmark.Models.Attachment("a.png", "aGVsbG8=", "image/png", "cid:a.png")],
    });
    assert.deepEqual([sent.ErrorCode, sent.Message, sent.To], [0, "OK", "bob@example.net"]);

    const details = await settled(sent.MessageID);
    assert.equal(details.HtmlBody, "<p>Hello</p>");
    assert.equal(details.TrackLinks, "HtmlAndText");
    assert.deepEqual(details.Metadata, { order });
    assert.deepEqual(details.Attachments, ["a.png"]);
    assert.deepEqual(details.MessageEvents.map((event) => event.Type), ["Delivered"]);

    const dump = await client.getOutboundMessageDump(sent.MessageID);
    assert.match(dump.Body, new RegExp(`X-Order: ${order}`));

    const found = await client.getOutboundMessages({ tag: order, fromEmail: "ann@example.org" });
    assert.deepEqual([found.TotalCount, found.Messages[0].MessageID], [1, sent.MessageID]);
  },

  async "a batch tells each for itself"() {
    const results = await client.sendEmailBatch([mail, { ...mail, To: "World" }]);
    assert.deepEqual(results.map((result) => result.ErrorCode), [0, 300]);
    assert.deepEqual(Object.keys(results[1]).sort(), ["ErrorCode", "Message"]);
  },

  async "an inactive recipient is named"() {
    // every word that is no type of bounce bounces hard
    const To = `${randomUUID()}@Bounce-Testing.postmarkapp.com`;
    await settled((await client.sendEmail({ ...mail, To })).MessageID);
    await assert.rejects(client.sendEmail({ ...mail, To }), (error) => {
      assert.ok(error instanceof Errors.InactiveRecipientsError);
      assert.deepEqual(error.recipients, [To.toLowerCase()]);
      return true;
    });
  },

  async "an invalid address"() {
    await assert.rejects(client.sendEmail({ ...mail, To: "World" }), Errors.InvalidEmailRequestError);
  },

  async "statistics are of what was sent"() {
    const tag = randomUUID();
    const { MessageID } = await client.sendEmail({ ...mail, Tag: tag, TrackOpens: true });
    await settled(MessageID);
    const overview = await client.getOutboundOverview({ tag });
    assert.deepEqual([overview.Sent, overview.Tracked, overview.WithOpenTracking, overview.Opens], [1, 1, 1, 0]);
    const sent = await client.getSentCounts({ tag, messageStream: "outbound" });
    assert.deepEqual([sent.Sent, sent.Days.map((day) => day.Sent)], [1, [1]]);
    const day = { tag, fromDate: sent.Days[0].Date, toDate: sent.Days[0].Date };
    assert.equal((await client.getTrackedEmailCounts(day)).Tracked, 1);
    const others = [
      "getBounceCounts", "getSpamComplaintsCounts", "getEmailOpenCounts", "getEmailOpenPlatformUsage",
      "getEmailOpenClientUsage", "getEmailOpenReadTimes", "getClickCounts", "getClickBrowserUsage",
      "getClickPlatformUsage", "getClickLocation",
    ];
    for (const name of others) {
      const { Days, ...total } = await client[name](day);
      assert.deepEqual([name, Days, Object.values(total).every((count) => count === 0)], [name, [], true]);
    }
    await assert.rejects(client.getSentCounts({ fromDate: "soon" }), (error) => error.code === 900);
  },

  async "an unknown message"() {
    await assert.rejects(client.getOutboundMessageDetails(randomUUID()), (error) => {
      assert.ok(error instanceof Errors.ApiInputError);
      assert.match(error.message, /not found/);
      assert.equal(error.code, 701);
      return true;
    });
  },

  async "an invalid token"() {
    const stranger = new postmark.ServerClient(randomUUID(), options);
    await assert.rejects(stranger.sendEmail(mail), Errors.InvalidAPIKeyError);
  },

  async "a webhook is made, listed, changed and removed"() {
    const made = await client.createWebhook({
      Url: "http://example.com",
      HttpAuth: { Username: "u", Password: "p" },
      Triggers: { Bounce: { Enabled: true, IncludeContent: true } },
    });
    assert.deepEqual([made.MessageStream, made.HttpAuth, made.Triggers.Bounce], [
      "outbound",
      { Username: "u", Password: "p" },
      { Enabled: true, IncludeContent: true },
    ]);
    const Url = "http://example.com/other";
    const changed = await client.editWebhook(made.ID, { Url });
    assert.deepEqual([changed.Url, changed.HttpAuth], [Url, made.HttpAuth]);
    const listed = await client.getWebhooks({ messageStream: "outbound" });
    assert.deepEqual(listed.Webhooks.filter((each) => each.ID === made.ID), [changed]);
    assert.deepEqual(await client.getWebhook(made.ID), changed);
    assert.equal((await client.deleteWebhook(made.ID)).ErrorCode, 0);
    await assert.rejects(client.getWebhook(made.ID), (error) => {
      assert.ok(error instanceof Errors.ApiInputError);
      assert.equal(error.code, 1352);
      return true;
    });
  },

  async "suppressions are made, listed and removed"() {
    const EmailAddress = `${randomUUID()}@example.net`;
    const asked = { Suppressions: [{ EmailAddress }] };
    assert.equal((await client.createSuppressions("outbound", asked)).Suppressions[0].Status, "Suppressed");
    const held = await client.getSuppressions("outbound", { emailAddress: EmailAddress });
    assert.equal(held.Suppressions[0].SuppressionReason, "ManualSuppression");
    assert.deepEqual((await client.getSuppressions("outbound", { emailAddress: "invalid" })).Suppressions, []);
    assert.equal((await client.deleteSuppressions("outbound", asked)).Suppressions[0].Status, "Deleted");
  },

  async "a stream is made, changed, archived and taken back"() {
    const ID = "js-receipts";
    const made = await client.createMessageStream({ ID, Name: "Receipts", MessageStreamType: "Transactional" });
    assert.deepEqual([made.ID, made.UpdatedAt, made.ArchivedAt], [ID, null, null]);
    assert.equal((await client.editMessageStream(ID, { Name: "Bills" })).Name, "Bills");
    assert.equal((await client.archiveMessageStream(ID)).ID, ID);
    assert.equal((await client.unarchiveMessageStream(ID)).ArchivedAt, null);
    const listed = await client.getMessageStreams();
    assert.equal(listed.TotalCount, listed.MessageStreams.length);
  },

  async "a rule is made, listed and removed"() {
    const Rule = `node-js-${randomUUID()}-v20.19.0.com`;
    const made = await client.createInboundRuleTrigger({ Rule });
    assert.equal(made.Rule, Rule);
    assert.ok((await client.getInboundRuleTriggers()).InboundRules.some((each) => each.ID === made.ID));
    assert.equal((await client.deleteInboundRuleTrigger(made.ID)).ErrorCode, 0);
  },

  async "opens, clicks and letters are lists"() {
    const recipient = `${randomUUID()}@example.net`;
    assert.deepEqual((await client.getMessageOpens({ recipient })).Opens, []);
    assert.deepEqual((await client.getMessageClicks({ recipient })).Clicks, []);
    assert.deepEqual((await client.getInboundMessages({ recipient })).InboundMessages, []);
    const { MessageID } = await client.sendEmail(mail);
    assert.equal((await client.getMessageOpensForSingleMessage(MessageID)).TotalCount, 0);
    assert.equal((await client.getMessageClicksForSingleMessage(MessageID)).TotalCount, 0);
    for (const ask of ["bypassBlockedInboundMessage", "retryInboundHookForMessage"])
      await assert.rejects(client[ask](randomUUID()), /not found/);
  },

  async "the server reads and changes itself"() {
    const server = await client.getServer();
    assert.deepEqual([server.DeliveryType, server.ApiTokens.includes(token)], ["Live", true]);
    const color = server.Color === "purple" ? "green" : "purple";
    const changed = await client.editServer({ Color: color, ClickHookUrl: "https://example.com/click" });
    assert.deepEqual([changed.ID, changed.Name, changed.Color, changed.ClickHookUrl], [
      server.ID,
      server.Name,
      color,
      "https://example.com/click",
    ]);
    assert.equal((await client.editServer({ ClickHookUrl: "" })).ClickHookUrl, "");
  },

  async "an account makes, proves, changes and removes domains"() {
    const Name = `${randomUUID()}-JS.example.org`;
    const made = await account.createDomain({ Name, ReturnPathDomain: `return.${Name}` });
    assert.deepEqual([made.Name, made.DKIMVerified, made.DKIMUpdateStatus], [Name, false, "Pending"]);
    const listed = await account.getDomains({ count: 50, offset: 0 });
    assert.equal(listed.Domains[0].ID, made.ID);
    assert.equal((await account.getDomain(made.ID)).DKIMPendingHost, made.DKIMPendingHost);
    const ReturnPathDomain = `other.${Name}`.toLowerCase();
    assert.equal((await account.editDomain(made.ID, { ReturnPathDomain })).ReturnPathDomain, ReturnPathDomain);
    for (const ask of ["verifyDomainDKIM", "verifyDomainReturnPath"]) assert.equal((await account[ask](made.ID)).ID, made.ID);
    assert.equal((await account.verifyDomainSPF(made.ID)).SPFVerified, true);
    await assert.rejects(account.rotateDomainDKIM(made.ID), (error) => {
      assert.ok(error instanceof Errors.ApiInputError);
      assert.deepEqual([error.code, error.message], [505, "This DKIM is already being renewed."]);
      return true;
    });
    await assert.rejects(account.createDomain({ Name }), (error) => error.code === 512);
    assert.equal((await account.deleteDomain(made.ID)).Message, `Domain ${Name} removed.`);
    await assert.rejects(account.getDomain(made.ID), (error) => error.code === 510);
  },

  async "an account makes, changes and removes signatures"() {
    const FromEmail = `${randomUUID()}@js.example.org`;
    const made = await account.createSenderSignature({ FromEmail, Name: "Ann", ReplyToEmail: "help@js.example.org" });
    assert.deepEqual([made.EmailAddress, made.Domain, made.Confirmed], [FromEmail, "js.example.org", false]);
    assert.equal((await account.getSenderSignatures()).SenderSignatures[0].ID, made.ID);
    assert.equal((await account.getSenderSignature(made.ID)).ReplyToEmailAddress, "help@js.example.org");
    assert.equal((await account.editSenderSignature(made.ID, { Name: "Bob" })).Name, "Bob");
    assert.match((await account.resendSenderSignatureConfirmation(made.ID)).Message, /was re-sent/);
    assert.equal((await account.verifySenderSignatureSPF(made.ID)).SPFVerified, true);
    await assert.rejects(account.requestNewDKIMForSenderSignature(made.ID), (error) => error.code === 505);
    assert.match((await account.deleteSenderSignature(made.ID)).Message, /removed/);
    await assert.rejects(account.getSenderSignature(made.ID), (error) => error.code === 501);
  },

  async "an account makes, lists, changes and removes servers"() {
    const Name = `node-js-${randomUUID()}`;
    const made = await account.createServer({ Name, Color: "Red", TrackOpens: true, InboundSpamThreshold: 10 });
    assert.deepEqual([made.Name, made.Color, made.TrackOpens, made.InboundSpamThreshold], [Name, "red", true, 10]);
    const other = new postmark.ServerClient(made.ApiTokens[0], options);
    assert.equal((await other.getServer()).ID, made.ID);
    assert.equal((await other.createMessageStream({ ID: "js", Name: "js", MessageStreamType: "Broadcasts" })).ServerID, made.ID);
    assert.equal((await other.getMessageStreams()).TotalCount, 4);

    assert.deepEqual((await account.getServers({ name: Name })).Servers.map((each) => each.ID), [made.ID]);
    assert.ok((await account.getServers()).TotalCount >= 2);
    assert.equal((await account.editServer(made.ID, { Color: "blue" })).Color, "blue");
    assert.equal((await account.getServer(made.ID)).Name, Name);
    await assert.rejects(account.createServer({ Name }), (error) => {
      assert.ok(error instanceof Errors.ApiInputError);
      assert.equal(error.code, 603);
      return true;
    });
    assert.equal((await account.deleteServer(made.ID)).Message, `Server ${Name} removed.`);
    await assert.rejects(other.getServer(), Errors.InvalidAPIKeyError);
    await assert.rejects(new postmark.AccountClient(token, options).getServers(), Errors.InvalidAPIKeyError);
  },

  async "the test token"() {
    const tester = new postmark.ServerClient("POSTMARK_API_TEST", options);
    assert.equal((await tester.sendEmail(mail)).Message, "Test job accepted");
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run();
  console.log(name);
}
