// Postmark's own JavaScript client, its templates and bulk mail: node templates.mjs host:port server-token account-token
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as postmark from "postmark";

const [requestHost, token, accountToken] = process.argv.slice(2);
const options = { requestHost, useHttps: false };
const client = new postmark.ServerClient(token, options);
const account = new postmark.AccountClient(accountToken, options);
const { Errors } = postmark;
const mail = { From: "Ann <ann@example.org>", To: "bob@example.net" };
const alias = (name) => `${name}-${randomUUID()}`;

async function refused(call, code, text = /./) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof Errors.ApiInputError);
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });
}

const cases = {
  async "a template is made, listed, changed and removed"() {
    const Alias = alias("js");
    const made = await client.createTemplate({ Name: "Receipt", Alias, Subject: "s {{a}}", HtmlBody: "<p>{{a}}</p>" });
    assert.deepEqual([made.Alias, made.Active, made.TemplateType, made.LayoutTemplate], [Alias, true, "Standard", null]);
    const read = await client.getTemplate(Alias);
    assert.deepEqual([read.TemplateId, read.Subject, read.HtmlBody], [made.TemplateId, "s {{a}}", "<p>{{a}}</p>"]);
    assert.equal((await client.editTemplate(made.TemplateId, { Name: "Bill" })).Name, "Bill");
    const listed = await client.getTemplates({ count: 500 });
    assert.equal(listed.TotalCount, listed.Templates.length);
    assert.ok(listed.Templates.some((each) => each.Alias === Alias && each.Name === "Bill"));
    assert.equal((await client.deleteTemplate(Alias)).Message, `Template ${made.TemplateId} removed.`);
    assert.equal((await client.getTemplate(made.TemplateId)).Active, false);
    await refused(client.getTemplate(Alias), 1101, /'Alias'/);
    assert.match((await client.createTemplate({ Name: "None", Subject: "s", TextBody: "t" })).Alias, /^none-/);
  },

  async "a layout is what its templates are in"() {
    const [frame, Alias] = [alias("frame"), alias("in")];
    const HtmlBody = "<b>{{{@content}}}</b>";
    const layout = await client.createTemplate({ Name: "Frame", Alias: frame, TemplateType: "Layout", HtmlBody });
    await client.createTemplate({ Name: "In", Alias, Subject: "s", HtmlBody: "{{a}}", LayoutTemplate: frame });
    await refused(client.editTemplate(layout.TemplateId, { HtmlBody: "<b></b>" }), 1131, /placeholder must be present/);
    await refused(client.deleteTemplate(frame), 1130);
    const inside = await client.getTemplates({ layoutTemplate: frame });
    assert.deepEqual(inside.Templates.map((each) => each.Alias), [Alias]);
    const sent = await client.sendEmailWithTemplate({ ...mail, TemplateAlias: Alias, TemplateModel: { a: "<1>" } });
    const details = await client.getOutboundMessageDetails(sent.MessageID);
    assert.equal(details.HtmlBody, "<b>&lt;1&gt;</b>");
  },

  async "a template is tried"() {
    const tried = await client.validateTemplate({
      Subject: "{{#each }}",
      HtmlBody: "<i>{{company.name}}{{a}}</i>",
      TestRenderModel: { a: "A" },
    });
    assert.equal(tried.AllContentIsValid, false);
    assert.equal(tried.HtmlBody.RenderedContent, "<i>name_ValueA</i>");
    assert.ok(tried.Subject.ValidationErrors[0].Message);
    assert.deepEqual(tried.SuggestedTemplateModel, { a: "A", company: { name: "name_Value" } });
  },

  async "a batch tells each for itself"() {
    const Alias = alias("batch");
    await client.createTemplate({ Name: "Batch", Alias, Subject: "For {{name}}", TextBody: "t" });
    const wish = { ...mail, TemplateAlias: Alias, TemplateModel: { name: "Bob" } };
    const results = await client.sendEmailBatchWithTemplates([wish, { ...wish, TemplateAlias: "none" }]);
    assert.deepEqual(results.map((result) => result.ErrorCode), [0, 1101]);
    assert.equal((await client.getOutboundMessageDetails(results[0].MessageID)).Subject, "For Bob");
    await refused(client.sendEmailWithTemplate({ ...mail, TemplateId: 999999999, TemplateModel: {} }), 1101);
  },

  async "bulk mail goes to all"() {
    const sent = await client.sendBulkEmail({
      From: mail.From,
      Subject: "Hi {{name}}",
      TextBody: "Hello {{name}}",
      MessageStream: "broadcast",
      Messages: ["one", "two"].map((name) => ({ To: `${name}@example.net`, TemplateModel: { name } })),
    });
    assert.deepEqual([sent.Status, typeof sent.Id, sent.TotalMessages], ["Accepted", "string", 2]);
    let status = await client.getBulkEmailStatus(sent.Id);
    for (; status.Status !== "Completed"; status = await client.getBulkEmailStatus(sent.Id)) await sleep(50);
    assert.deepEqual([status.PercentageCompleted, status.Subject], [100, "Hi {{name}}"]);
    await assert.rejects(client.getBulkEmailStatus(randomUUID()), /not found/);
  },

  async "templates are pushed to another server"() {
    const here = (await client.getServer()).ID;
    const there = await account.createServer({ Name: alias("push") });
    const wish = { SourceServerID: here, DestinationServerID: there.ID, PerformChanges: true };
    await refused(account.pushTemplates({ ...wish, SourceServerID: 0, DestinationServerID: 1 }), 601);
    const tried = await account.pushTemplates({ ...wish, PerformChanges: false });
    const done = await account.pushTemplates(wish);
    assert.equal(tried.TotalCount, (await client.getTemplates({ count: 500 })).TotalCount);
    assert.ok(done.Templates.every((each) => each.Action === "Create" && each.TemplateId > 0));
    const other = new postmark.ServerClient(there.ApiTokens[0], options);
    assert.equal((await other.getTemplates({ count: 500 })).TotalCount, done.TotalCount);
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run();
  console.log(name);
}
