// Mail that goes out: sent, refused, bounced.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { client, Errors, mail, options, postmark, settled, token } from "./harness.mjs";

export default {
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

  async "who bounced is named, found, dumped and activated"() {
    // every word that is no type of bounce bounces hard
    const To = `${randomUUID()}@Bounce-Testing.postmarkapp.com`;
    const Tag = randomUUID();
    const { MessageID } = await client.sendEmail({ ...mail, To, Tag });
    const [event] = (await settled(MessageID)).MessageEvents;
    const { TotalCount, Bounces: [bounce] } = await client.getBounces({ tag: Tag, inactive: true });
    assert.deepEqual([TotalCount, event.Type, event.Details.BounceID], [1, "Bounced", String(bounce.ID)]);
    assert.deepEqual([bounce.Type, bounce.TypeCode, bounce.MessageID, bounce.Email], ["HardBounce", 1, MessageID, To.toLowerCase()]);
    await assert.rejects(client.sendEmail({ ...mail, To }), (error) => {
      assert.ok(error instanceof Errors.InactiveRecipientsError);
      assert.deepEqual(error.recipients, [To.toLowerCase()]);
      return true;
    });

    assert.match((await client.getBounceDump(bounce.ID)).Body, /550 5\.1\.1/);
    const { InactiveMails, Bounces } = await client.getDeliveryStatistics();
    assert.ok(InactiveMails >= 1 && Bounces.find((each) => each.Type === "HardBounce").Count >= 1);
    const activated = await client.activateBounce(bounce.ID);
    assert.deepEqual([activated.Message, activated.Bounce.Inactive], ["OK", false]);
    const { Subject, Inactive, DumpAvailable } = await client.getBounce(bounce.ID);
    assert.deepEqual([Subject, Inactive, DumpAvailable], ["s", false, true]);
    assert.equal((await client.sendEmail({ ...mail, To })).ErrorCode, 0);
  },

  async "an invalid address"() {
    await assert.rejects(client.sendEmail({ ...mail, To: "World" }), Errors.InvalidEmailRequestError);
  },

  async "an invalid token"() {
    const stranger = new postmark.ServerClient(randomUUID(), options);
    await assert.rejects(stranger.sendEmail(mail), Errors.InvalidAPIKeyError);
    await assert.rejects(new postmark.AccountClient(token, options).getServers(), Errors.InvalidAPIKeyError);
  },

  async "the test token"() {
    const tester = new postmark.ServerClient("POSTMARK_API_TEST", options);
    assert.equal((await tester.sendEmail(mail)).Message, "Test job accepted");
  },
};
