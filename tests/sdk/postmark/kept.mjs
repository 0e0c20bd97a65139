// What a server keeps: webhooks, suppressions, streams, and what it says of itself.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { account, client, own, postmark, refused, token } from "./harness.mjs";

export default {
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
    await refused(client.getWebhook(made.ID), 1352);
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
    const { client: mine, server } = await own();
    const ID = "js-receipts";
    const made = await mine.createMessageStream({ ID, Name: "Receipts", MessageStreamType: "Transactional" });
    assert.deepEqual([made.ID, made.ServerID, made.UpdatedAt, made.ArchivedAt], [ID, server.ID, null, null]);
    const changed = await mine.editMessageStream(ID, { Name: "Bills", Description: "all of them" });
    assert.deepEqual([changed.Name, changed.Description], ["Bills", "all of them"]);
    assert.deepEqual(await mine.getMessageStream(ID), changed);
    const archived = await mine.archiveMessageStream(ID);
    assert.deepEqual([archived.ID, archived.ServerID, Date.parse(archived.ExpectedPurgeDate) > Date.now()], [ID, server.ID, true]);
    assert.equal((await mine.getMessageStreams()).TotalCount, 3);
    assert.equal((await mine.getMessageStreams({ includeArchivedStreams: true, messageStreamType: "Transactional" })).TotalCount, 2);
    assert.equal((await mine.unarchiveMessageStream(ID)).ArchivedAt, null);
    const listed = await mine.getMessageStreams();
    assert.deepEqual([listed.TotalCount, listed.MessageStreams.length], [4, 4]);
    await refused(mine.getMessageStream("nowhere"), 1226);
  },

  async "the server reads and changes itself"() {
    const { client: mine, server } = await own({ Color: "purple" });
    assert.deepEqual([(await client.getServer()).DeliveryType, (await client.getServer()).ApiTokens.includes(token)], ["Live", true]);
    const changed = await mine.editServer({ Color: "green", ClickHookUrl: "https://example.com/click" });
    assert.deepEqual(changed, { ...server, Color: "green", ClickHookUrl: "https://example.com/click" });
    assert.equal((await mine.editServer({ ClickHookUrl: "" })).ClickHookUrl, "");
    assert.deepEqual(await mine.getServer(), { ...server, Color: "green" });
  },

  async "answers are told to a function too, and options are changed"() {
    const { client: mine, server } = await own();
    for (const each of [mine, account]) {
      each.setClientOptions({ ...each.getClientOptions(), timeout: 60 });
      assert.equal(each.getClientOptions().timeout, 60);
    }
    const told = await new Promise((done) => mine.getServer((error, found) => done(error ?? found.ID)));
    assert.equal(told, server.ID);
    const failed = await new Promise((done) => mine.getWebhook(1 << 30, (error) => done(error)));
    assert.ok(failed instanceof postmark.Errors.ApiInputError);
  },
};
