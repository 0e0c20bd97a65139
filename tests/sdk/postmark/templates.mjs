// Templates, what is sent by them, and bulk mail.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { account, client, own, refused, until } from "./harness.mjs";

const mail = { From: "Ann <ann@example.org>", To: "bob@example.net" };
const alias = (name) => `${name}-${randomUUID()}`;

export default {
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
    const status = await until("completed", async () => {
      const held = await client.getBulkEmailStatus(sent.Id);
      return held.Status === "Completed" && held;
    });
    assert.deepEqual([status.PercentageCompleted, status.Subject], [100, "Hi {{name}}"]);
    await assert.rejects(client.getBulkEmailStatus(randomUUID()), /not found/);
  },

  async "templates are pushed to another server"() {
    const [here, there] = [await own(), await own()];
    await here.client.createTemplate({ Name: "Push", Alias: "push", Subject: "s", TextBody: "t" });
    const wish = { SourceServerID: here.server.ID, DestinationServerID: there.server.ID, PerformChanges: true };
    await refused(account.pushTemplates({ ...wish, SourceServerID: 0, DestinationServerID: 1 }), 601);
    const tried = await account.pushTemplates({ ...wish, PerformChanges: false });
    assert.deepEqual([tried.TotalCount, (await there.client.getTemplates()).TotalCount], [1, 0]);
    const done = await account.pushTemplates(wish);
    assert.ok(done.Templates.every((each) => each.Action === "Create" && each.TemplateId > 0));
    assert.equal((await there.client.getTemplate("push")).TemplateId, done.Templates[0].TemplateId);
    // to change it by its alias is to push
    await here.client.editTemplate((await here.client.getTemplate("push")).TemplateId, { Name: "Pushed" });
    assert.deepEqual((await account.pushTemplates(wish)).Templates.map((each) => [each.Action, each.Alias]), [["Edit", "push"]]);
  },
};
